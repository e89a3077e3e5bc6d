"""slixmpp, over TCP with STARTTLS and over TLS from the first byte."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

from session import Adapter, run
from slixmpp import ClientXMPP, __version__

# The client's connection settings for each kind of URL.
WAYS = {"xmpp": "enable_starttls", "xmpps": "enable_direct_tls"}
PLUGINS = ["xep_0012", "xep_0054", "xep_0191", "xep_0199"]


class Slixmpp(Adapter):
    def __init__(self, settings):
        super().__init__(settings)
        jid = f"{settings['user']}@{settings['domain']}/slixmpp"
        self.client = ClientXMPP(jid, settings["password"])
        self.client.ca_certs = Path(settings["authority"])
        for plugin in PLUGINS:
            self.client.register_plugin(plugin)
        self.client.add_event_handler("message", self.take)

    def take(self, message):
        if message["type"] == "chat" and message["body"]:
            self.inbox.put_nowait((message["from"].bare, message["body"]))

    async def version(self):
        return f"slixmpp {__version__}"

    async def log_in(self):
        url = urlsplit(self.settings["url"])
        started = asyncio.get_running_loop().create_future()

        def settle(result):
            if not started.done():
                started.set_result(result)

        self.client.add_event_handler("session_start", lambda _: settle(None))
        for event in ["connection_failed", "failed_all_auth", "disconnected"]:
            self.client.add_event_handler(event, lambda reason, event=event: settle(f"{event}: {reason}"))
        ways = [name for name in dir(self.client) if name.startswith("enable_")]
        if url.scheme not in WAYS:
            raise NotImplementedError(f"what it has: {', '.join(ways)}")
        for way in ways:
            setattr(self.client, way, way == WAYS[url.scheme])
        self.client.connect(url.hostname, url.port)
        failed = await started
        if failed:
            raise ConnectionError(failed)
        self.client.send_presence()
        mechanism = self.client.plugin["feature_mechanisms"].mech.name
        return f"{self.client.boundjid} by {mechanism}"

    async def add_contact(self, jid, name):
        await self.client.update_roster(jid, name=name)

    async def roster(self):
        answer = await self.client.get_roster()
        items = answer["roster"]["items"]
        return [(jid.bare, item["name"]) for jid, item in items.items()]

    async def ping(self):
        domain = self.settings["domain"]
        return f"{await self.client.plugin['xep_0199'].ping(domain, timeout=5):.3f} s"

    async def set_card(self, name):
        card = self.client.plugin["xep_0054"].make_vcard()
        card["FN"] = name
        await self.client.plugin["xep_0054"].publish_vcard(card)

    async def card(self):
        answer = await self.client.plugin["xep_0054"].get_vcard(self.client.boundjid.bare, local=False)
        return answer["vcard_temp"]["FN"]

    async def last_activity(self, domain):
        answer = await self.client.plugin["xep_0012"].get_last_activity(domain)
        return answer["last_activity"]["seconds"]

    async def block(self, jid):
        await self.client.plugin["xep_0191"].block(jid)

    async def unblock(self, jid):
        await self.client.plugin["xep_0191"].unblock(jid)

    async def blocked(self):
        return [str(jid) for jid in await self.client.plugin["xep_0191"].get_blocked_jids()]

    async def send(self, to, body):
        self.client.send_message(mto=to, mbody=body, mtype="chat")

    async def log_out(self):
        await self.client.disconnect()


run(Slixmpp)
