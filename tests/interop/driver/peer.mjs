// A server with Rust clients: the clients are a child process that speaks one JSON object a line.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { Log, PATIENCE } from "./log.mjs";
import { Server } from "./server.mjs";

export class Peer {
  #process;
  #next = 1;
  #answers = new Map();
  #devices = new Map();
  #server;

  // Starts the server with these flags, and its clients.
  static async start(clients, server, flags = []) {
    const peer = new Peer();
    peer.#server = await Server.start(server, flags);
    await peer.#start(clients, [JSON.stringify(peer.#server.info)]);
    return peer;
  }

  get settings() {
    return this.#server.settings;
  }

  #start(binary, args) {
    return new Promise((resolve, reject) => {
      this.#process = spawn(binary, args, { stdio: ["pipe", "pipe", "inherit"] });
      this.#process.on("error", reject);
      this.#process.on("exit", () => {
        reject(new Error("the peer ended before it was ready"));
        for (const answer of this.#answers.values()) answer.reject(new Error("the peer ended"));
      });
      createInterface({ input: this.#process.stdout }).on("line", (text) => {
        const line = JSON.parse(text);
        if (line.ready) {
          resolve();
        } else if (line.listener) {
          this.told(line.device).add(line);
        } else {
          const answer = this.#answers.get(line.id);
          this.#answers.delete(line.id);
          answer?.resolve("ok" in line ? line.ok : { failed: line.error.official ?? line.error.text });
        }
      });
    });
  }

  #send(command) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#answers.set(id, { resolve, reject });
      this.#process.stdin.write(`${JSON.stringify({ id, ...command })}\n`);
    });
  }

  control(method, path, body) {
    return this.#server.control(method, path, body);
  }

  server(verb, args = {}) {
    return this.#server.perform(verb, args);
  }

  client(device, verb, args = {}) {
    return this.#send({ ...args, do: verb, device });
  }

  // A registered and connected Rust client. After one request the server knows of its presence, too.
  async online(device, user) {
    for (const verb of ["register", "connect", "settings"]) {
      const outcome = await this.client(device, verb, { user });
      if (outcome?.failed) throw new Error(`${device} cannot ${verb}: ${JSON.stringify(outcome)}`);
    }
  }

  // The listener calls of a client.
  told(device) {
    if (!this.#devices.has(device)) this.#devices.set(device, new Log());
    return this.#devices.get(device);
  }

  async hears(device, listener, part = {}, patience = PATIENCE) {
    const what = `${listener} ${JSON.stringify(part)} in Rust`;
    return (await this.told(device).take((call) => isCall(call, listener, part), what, patience)).payload;
  }

  async stop() {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.stdin.end();
    await ended;
    await this.#server.stop();
  }
}

export function isCall(call, listener, part) {
  if (call.listener !== listener) return false;
  if (typeof part !== "object" || part === null) return call.payload === part;
  return Object.entries(part).every(([name, value]) => call.payload?.[name] === value);
}
