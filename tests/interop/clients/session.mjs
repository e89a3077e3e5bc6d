// The session of every JavaScript client. A client is an adapter: a class whose methods call the client's own API.
//
// The first line of the standard input is a JSON object with the settings; the end of the input ends the process. Each
// step writes one JSON line to the standard output. With `answers` set, the client waits for messages and answers each instead.
import { webcrypto } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";

// Node.js 18 lacks this global.
globalThis.crypto ??= webcrypto;

// Longest time for one step, in milliseconds.
const STEP = 10_000;

// Calls `act` and returns its result, or fails after `STEP`.
async function within(act) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${STEP} ms`)), STEP);
  });
  try {
    return await Promise.race([act(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function print(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

// Runs one step, whose detail is the result of `act`. Returns whether it succeeded.
async function step(name, act) {
  try {
    const detail = await within(act);
    print({ name, ok: true, detail: String(detail ?? "") });
    return true;
  } catch (error) {
    print({ name, ok: false, detail: error?.message ?? String(error) });
    return false;
  }
}

function expect(holds, what, seen) {
  if (!holds) throw new Error(`${what}; seen: ${JSON.stringify(seen)}`);
}

// Messages in the order of their arrival, each taken once.
class Inbox {
  #messages = [];
  #waiting;

  add(message) {
    if (this.#waiting) this.#waiting(message);
    else this.#messages.push(message);
    this.#waiting = undefined;
  }

  next() {
    if (this.#messages.length > 0) return Promise.resolve(this.#messages.shift());
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }
}

async function everyStep(client, inbox, { partner, body, contact, card, domain }) {
  await step("roster", async () => {
    await client.addContact(partner, contact);
    const roster = await client.roster();
    expect(roster.some(({ jid, name }) => jid === partner && name === contact), "the contact is not there", roster);
  });
  await step("ping", () => client.ping());
  await step("card", async () => {
    await client.setCard(card);
    const seen = await client.card();
    expect(seen === card, "another name came back", seen);
  });
  await step("last activity", async () => {
    const seconds = await client.lastActivity(domain);
    expect(Number.isInteger(seconds) && seconds >= 0, "no number of seconds", seconds);
    return `${seconds} s`;
  });
  await step("block", async () => {
    await client.block(partner);
    const blocked = await client.blocked();
    expect(blocked.length === 1 && blocked[0] === partner, "not on the list alone", blocked);
  });
  await step("unblock", async () => {
    await client.unblock(partner);
    const blocked = await client.blocked();
    expect(blocked.length === 0, "still on the list", blocked);
  });
  await step("send a message", () => client.send(partner, body));
  await step("receive a message", async () => {
    const message = await inbox.next();
    expect(message.from === partner, "from another", message);
    return message.body;
  });
}

// Answers every message until the input ends.
async function answer(client, inbox, ended, { reply }) {
  for (;;) {
    const message = await Promise.race([inbox.next(), ended]);
    if (!message) return;
    const { from, body } = message;
    print({ name: "message", ok: true, detail: body, from });
    await client.send(from, reply);
  }
}

// Runs the client of this package. The constructor of its adapter `Client` takes the settings and a callback for each
// message.
export async function run(name, Client) {
  const lines = createInterface({ input: process.stdin });
  const settings = JSON.parse(await new Promise((resolve) => lines.once("line", resolve)));
  const ended = new Promise((resolve) => lines.once("close", resolve));
  // The parent process has ended.
  if (!settings.answers) ended.then(() => process.exit(1));
  const { version } = JSON.parse(await readFile(new URL(`node_modules/${name}/package.json`, import.meta.url), "utf8"));
  print({ name: "version", ok: true, detail: `${name} ${version}` });
  const inbox = new Inbox();
  const client = new Client(settings, (message) => inbox.add(message));
  if (await step("log in", () => client.logIn())) {
    await (settings.answers ? answer(client, inbox, ended, settings) : everyStep(client, inbox, settings));
    await step("log out", () => client.logOut());
  }
  process.exit(0);
}

// A JID without its resource.
export function bare(jid) {
  return String(jid).split("/")[0];
}
