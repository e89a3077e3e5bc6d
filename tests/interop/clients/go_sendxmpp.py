"""go-sendxmpp, over TCP with STARTTLS and over TLS from the first byte.

It writes messages and prints those that arrive. Everything else is asked in its raw mode: one run logs in, sends one
request, closes the stream and shows what the server sent, the answer among it.
"""

import asyncio
import os
import re
import signal
from asyncio.subprocess import PIPE
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

from session import Adapter, first_line, run

PROGRAM = "go-sendxmpp"
MESSAGE = re.compile(r"^\S+ (?P<sender>[^\s:]+): (?P<body>.*)$")


def react_to_interrupts():
    """Undoes what a background job of a shell inherits: there, SIGINT is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class GoSendXmpp(Adapter):
    def __init__(self, settings):
        super().__init__(settings)
        url = urlsplit(settings["url"])
        folder = Path(settings["folder"])
        self.file = folder / "sendxmpprc"
        self.file.touch(mode=0o600)
        self.file.write_text(f"username: {settings['user']}@{settings['domain']}\npassword: {settings['password']}\n")
        ways = {"xmpp": [], "xmpps": ["--tls"]}
        server = f"{url.hostname}:{url.port}" if url.scheme in ways else settings["url"]
        self.flags = ["--file", str(self.file), "--jserver", server, *ways.get(url.scheme, [])]
        self.environment = {**os.environ, "SSL_CERT_FILE": settings["authority"]}
        self.listener = None
        self.requests = 0

    async def start(self, *flags):
        return await asyncio.create_subprocess_exec(
            PROGRAM, *self.flags, *flags, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=self.environment,
            preexec_fn=react_to_interrupts,
        )

    async def once(self, text, *flags):
        """Runs the program with this input to its end. Returns its output of the stream."""
        process = await self.start(*flags)
        try:
            _, shown = await process.communicate(text.encode())
        finally:
            if process.returncode is None:
                process.kill()
        shown = shown.decode()
        if process.returncode:
            raise RuntimeError(f"it ended with {process.returncode}: {shown[-300:]}")
        return shown

    async def version(self):
        return await first_line(PROGRAM, "--version")

    async def log_in(self):
        self.listener = await self.start("--listen", "--debug")
        jid, shown = None, ""
        # Its own presence comes back when the session is bound.
        while "<presence " not in shown:
            data = await self.listener.stderr.read(65536)
            if not data:
                raise ConnectionError(shown[-300:])
            shown += data.decode(errors="replace")
            jid = re.search(r"<jid>([^<]+)</jid>", shown)
        self.reading = [asyncio.ensure_future(self.take()), asyncio.ensure_future(self.listener.stderr.read())]
        return jid.group(1) if jid else ""

    async def take(self):
        while line := await self.listener.stdout.readline():
            if match := MESSAGE.match(line.decode().rstrip("\n")):
                self.inbox.put_nowait((match["sender"], match["body"]))

    async def ask(self, kind, payload, to=None):
        """Sends a request and returns the payload of its answer, if there is one."""
        self.requests += 1
        name = f"ask{self.requests}"
        address = f" to={quoteattr(to)}" if to else ""
        # The program requires a recipient, but uses it for messages only.
        shown = await self.once(
            f'<iq type="{kind}" id="{name}"{address}>{payload}</iq>', "--raw", "--debug", self.settings["partner"]
        )
        found = re.search(rf'<iq [^>]*id="{name}"[^>]*?(?:/>|>.*?</iq>)', shown, re.DOTALL)
        if not found:
            raise RuntimeError(f"no answer: {shown[-300:]}")
        answer = ElementTree.fromstring(found.group())
        if answer.get("type") != "result":
            raise RuntimeError(found.group())
        return next(iter(answer), None)

    async def add_contact(self, jid, name):
        await self.ask("set", f'<query xmlns="jabber:iq:roster"><item jid={quoteattr(jid)} name={quoteattr(name)}/></query>')

    async def roster(self):
        return [(item.get("jid"), item.get("name")) for item in await self.ask("get", '<query xmlns="jabber:iq:roster"/>')]

    async def ping(self):
        await self.ask("get", '<ping xmlns="urn:xmpp:ping"/>')

    async def set_card(self, name):
        card = ElementTree.Element("vCard", xmlns="vcard-temp")
        ElementTree.SubElement(card, "FN").text = name
        await self.ask("set", ElementTree.tostring(card, encoding="unicode"))

    async def card(self):
        return (await self.ask("get", '<vCard xmlns="vcard-temp"/>')).findtext("{vcard-temp}FN")

    async def last_activity(self, domain):
        return int((await self.ask("get", '<query xmlns="jabber:iq:last"/>', to=domain)).get("seconds"))

    async def block(self, jid):
        await self.ask("set", f'<block xmlns="urn:xmpp:blocking"><item jid={quoteattr(jid)}/></block>')

    async def unblock(self, jid):
        await self.ask("set", f'<unblock xmlns="urn:xmpp:blocking"><item jid={quoteattr(jid)}/></unblock>')

    async def blocked(self):
        return [item.get("jid") for item in await self.ask("get", '<blocklist xmlns="urn:xmpp:blocking"/>')]

    async def send(self, to, body):
        await self.once(body, to)

    async def log_out(self):
        self.listener.send_signal(signal.SIGINT)
        code = await self.listener.wait()
        if code not in (0, -signal.SIGINT):
            raise RuntimeError(f"it ended with {code}")
        return "" if code == 0 else "without closing the stream"

    async def end(self):
        if self.listener and self.listener.returncode is None:
            self.listener.kill()
            await self.listener.wait()


run(GoSendXmpp)
