"""profanity, over TCP with STARTTLS and over TLS from the first byte.

It is a program for a terminal: it gets one, and its commands are typed. What it sends, receives and shows is told by a
plugin of its own interface, `profanity_plugin.py`.
"""

import asyncio
import json
import os
import re
import shutil
from asyncio.subprocess import DEVNULL
from fcntl import ioctl
from pathlib import Path
from struct import pack
from termios import TIOCSWINSZ
from urllib.parse import urlsplit
from xml.etree import ElementTree

from session import Adapter, first_line, run

PLUGIN = "profanity_plugin.py"
POLICIES = {"xmpp": "force", "xmpps": "legacy"}
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[()][A-Z0-9]|[=>])")
FAILED = re.compile(r"[^\n]*failed[^\n]*", re.IGNORECASE)


class Profanity(Adapter):
    def __init__(self, settings):
        super().__init__(settings)
        self.events = asyncio.Queue()
        self.contacts = {}
        self.blocked_jids = []
        self.screen = ""
        self.failed = asyncio.Event()
        self.process = None

    def configure(self):
        """Writes an account, and the settings that load the plugin. Returns the environment."""
        url = urlsplit(self.settings["url"])
        policy = POLICIES.get(url.scheme)
        account = {
            "enabled": "true",
            "jid": f"{self.settings['user']}@{self.settings['domain']}",
            "server": url.hostname if policy else self.settings["url"],
            "port": url.port,
            "password": self.settings["password"],
            "resource": "profanity",
            "tls.policy": policy or "force",
        }
        folder = Path(self.settings["folder"])
        config, data = folder / "config", folder / "data"
        files = {
            config / "profanity/profrc": f"[plugins]\nload={PLUGIN};\n[connection]\naccount=own\n",
            data / "profanity/accounts": "[own]\n" + "".join(f"{name}={value}\n" for name, value in account.items()),
        }
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(text)
        plugins = data / "profanity/plugins"
        plugins.mkdir(exist_ok=True)
        shutil.copy(Path(__file__).with_name(PLUGIN), plugins)
        return {
            **os.environ,
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(config),
            "XDG_DATA_HOME": str(data),
            "SSL_CERT_FILE": self.settings["authority"],
            "TERM": "xterm",
            "LC_ALL": "C.UTF-8",
        }

    async def start(self):
        environment = self.configure()
        self.terminal, theirs = os.openpty()
        ioctl(self.terminal, TIOCSWINSZ, pack("HHHH", 50, 200, 0, 0))
        told, tell = os.pipe()
        environment["MFLY_PIPE"] = str(tell)
        self.process = await asyncio.create_subprocess_exec(
            "profanity", stdin=theirs, stdout=theirs, stderr=DEVNULL, env=environment,
            start_new_session=True, pass_fds=[tell],
        )  # fmt: skip
        os.close(theirs)
        os.close(tell)
        loop = asyncio.get_running_loop()
        loop.add_reader(self.terminal, self.look)
        reader = asyncio.StreamReader(limit=2**20)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(told, "rb"))
        self.reading = asyncio.ensure_future(self.read(reader))

    def look(self):
        """Reads the screen, so that it never fills up, and to see failed log-ins, which plugins do not get."""
        try:
            self.screen = (self.screen + os.read(self.terminal, 65536).decode(errors="replace"))[-20_000:]
        except OSError:  # The program has ended.
            asyncio.get_running_loop().remove_reader(self.terminal)
        if self.failure():
            self.failed.set()

    def failure(self):
        found = FAILED.search(ESCAPES.sub("\n", self.screen))
        return found and found.group().strip()

    async def read(self, reader):
        while line := await reader.readline():
            event = json.loads(line)
            if event["event"] == "shown":
                self.inbox.put_nowait((event["sender"], event["body"]))
                continue
            if event["event"] == "received":
                event["iq"] = ElementTree.fromstring(event["stanza"])
                self.keep(event["iq"])
            elif event["event"] == "sent":
                event["iq"] = ElementTree.fromstring(event["stanza"])
            self.events.put_nowait(event)

    def keep(self, iq):
        """Keeps the lists of the server, from answers and pushes."""
        for item in iq.iterfind("{jabber:iq:roster}query/{jabber:iq:roster}item"):
            self.contacts[item.get("jid")] = item.get("name")
        if iq.get("type") == "set":
            for name, change in [("block", self.blocked_jids.append), ("unblock", self.blocked_jids.remove)]:
                for item in iq.iterfind(f"{{urn:xmpp:blocking}}{name}/{{urn:xmpp:blocking}}item"):
                    change(item.get("jid"))

    def type(self, line):
        os.write(self.terminal, line.encode() + b"\n")

    async def told(self, matches):
        """Returns the next event that matches, and drops earlier ones."""
        while not matches(event := await self.events.get()):
            pass
        return event

    async def ask(self, command, payload):
        """Types a command, and returns the answer to its request with this payload."""
        self.type(command)
        request = (await self.told(lambda e: e["event"] == "sent" and e["iq"].find(payload) is not None))["iq"]
        answer = await self.told(lambda e: e["event"] == "received" and e["iq"].get("id") == request.get("id"))
        if answer["iq"].get("type") != "result":
            raise RuntimeError(answer["stanza"])
        return answer["iq"]

    async def pushed(self, payload):
        await self.told(lambda e: e["event"] == "received" and e["iq"].get("type") == "set" and e["iq"].find(payload) is not None)

    async def version(self):
        return await first_line("profanity", "--version")

    async def log_in(self):
        await self.start()
        connected = asyncio.ensure_future(self.told(lambda e: e["event"] == "connected"))
        failed = asyncio.ensure_future(self.failed.wait())
        await asyncio.wait([connected, failed], return_when=asyncio.FIRST_COMPLETED)
        if not connected.done():
            raise ConnectionError(self.failure())
        return connected.result()["jid"]

    async def add_contact(self, jid, name):
        await self.ask(f'/roster add {jid} "{name}"', "{jabber:iq:roster}query")
        await self.pushed("{jabber:iq:roster}query")

    async def roster(self):
        return list(self.contacts.items())

    async def ping(self):
        await self.ask("/ping", "{urn:xmpp:ping}ping")

    async def set_card(self, name):
        """Commands run in order: when the ping is sent, the request for the card was sent before."""
        self.type(f"/vcard set fullname {name}")
        self.type("/ping")
        sent = await self.told(
            lambda e: e["event"] == "sent" and any(e["iq"].find(p) is not None for p in ("{urn:xmpp:ping}ping", "{vcard-temp}vCard"))
        )
        if sent["iq"].find("{vcard-temp}vCard") is None:
            raise NotImplementedError("no request is sent for /vcard")

    async def card(self):
        return (await self.ask("/vcard get", "{vcard-temp}vCard")).findtext("{vcard-temp}vCard/{vcard-temp}FN")

    async def last_activity(self, domain):
        answer = await self.ask(f"/lastactivity get {domain}", "{jabber:iq:last}query")
        return int(answer.find("{jabber:iq:last}query").get("seconds"))

    async def block(self, jid):
        await self.ask(f"/blocked add {jid}", "{urn:xmpp:blocking}block")
        await self.pushed("{urn:xmpp:blocking}block")

    async def unblock(self, jid):
        await self.ask(f"/blocked remove {jid}", "{urn:xmpp:blocking}unblock")
        await self.pushed("{urn:xmpp:blocking}unblock")

    async def blocked(self):
        return self.blocked_jids

    async def send(self, to, body):
        self.type(f"/msg {to} {body}")
        await self.told(lambda e: e["event"] == "written")

    async def log_out(self):
        self.type("/quit")
        code = await self.process.wait()
        if code:
            raise RuntimeError(f"it ended with {code}")

    async def end(self):
        if self.process and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


run(Profanity)
