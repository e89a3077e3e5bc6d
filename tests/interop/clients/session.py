"""The session of every client that is driven from Python, like `session.mjs`.

A client is an adapter: a class whose coroutines call the client's own interface. The first line of the standard input
is a JSON object with the settings; its end ends the process. Each step is one JSON line on the standard output. With
`answers` set, the client waits for messages and answers each instead.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE

# Longest time for one step, in seconds.
STEP = 10


def tell(name, ok, detail, **more):
    line = {"name": name, "ok": ok, "detail": str(detail or ""), **more}
    print(json.dumps(line), flush=True)


async def step(name, coroutine):
    """Runs one step, whose detail is the result of the coroutine. Returns whether it succeeded."""
    try:
        detail = await asyncio.wait_for(coroutine, STEP)
    except asyncio.TimeoutError:
        tell(name, False, f"not done within {STEP} s")
        return False
    except Exception as error:  # Whatever a client raises is the step's failure.
        tell(name, False, str(error) or type(error).__name__)
        return False
    tell(name, True, detail)
    return True


def expect(holds, what, seen):
    if not holds:
        raise AssertionError(f"{what}; seen: {seen!r}")


async def every_step(client, settings):
    partner, contact = settings["partner"], settings["contact"]

    async def roster():
        await client.add_contact(partner, contact)
        seen = await client.roster()
        expect((partner, contact) in seen, "the contact is not there", seen)

    async def card():
        await client.set_card(settings["card"])
        seen = await client.card()
        expect(seen == settings["card"], "another name came back", seen)

    async def last_activity():
        seconds = await client.last_activity(settings["domain"])
        expect(isinstance(seconds, int) and seconds >= 0, "no number of seconds", seconds)
        return f"{seconds} s"

    async def block():
        await client.block(partner)
        seen = await client.blocked()
        expect(seen == [partner], "not on the list alone", seen)

    async def unblock():
        await client.unblock(partner)
        seen = await client.blocked()
        expect(seen == [], "still on the list", seen)

    async def receive():
        sender, body = await client.inbox.get()
        expect(sender == partner, "from another", sender)
        return body

    await step("roster", roster())
    await step("ping", client.ping())
    await step("card", card())
    await step("last activity", last_activity())
    await step("block", block())
    await step("unblock", unblock())
    await step("send a message", client.send(partner, settings["body"]))
    await step("receive a message", receive())


async def answer(client, settings, ended):
    """Answers every message until the input ends."""
    while True:
        message = asyncio.ensure_future(client.inbox.get())
        await asyncio.wait([message, ended], return_when=asyncio.FIRST_COMPLETED)
        if not message.done():
            message.cancel()
            return
        sender, body = message.result()
        tell("message", True, body, **{"from": sender})
        await client.send(sender, settings["reply"])


async def session(make, settings, ended):
    client = make(settings)
    tell("version", True, await client.version())
    try:
        if await step("log in", client.log_in()):
            if settings.get("answers"):
                await answer(client, settings, ended)
            else:
                await every_step(client, settings)
            await step("log out", client.log_out())
    finally:
        await client.end()


async def main(make):
    lines = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(lines)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    settings = json.loads(await lines.readline())
    ended = asyncio.ensure_future(lines.read())
    work = asyncio.ensure_future(session(make, settings, ended))
    if not settings.get("answers"):
        await asyncio.wait([work, ended], return_when=asyncio.FIRST_COMPLETED)
        if not work.done():  # The parent process has ended.
            work.cancel()
    await asyncio.wait([work])
    if work.cancelled():
        return 1
    if work.exception():
        print(work.exception(), file=sys.stderr)
        return 1
    return 0


def run(make):
    """Runs the client that `make` creates from the settings. The adapter has an `inbox`, a queue of (sender, body)."""
    code = asyncio.run(main(make))
    sys.stdout.flush()
    os._exit(code)


async def first_line(*command):
    """Returns the first line of a program's output."""
    process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE)
    printed, _ = await process.communicate()
    return printed.decode().splitlines()[0]


class Adapter:
    """The common part of the adapters."""

    def __init__(self, settings):
        self.settings = settings
        self.inbox = asyncio.Queue()

    async def end(self):
        """Ends all running programs after any outcome of the session."""
