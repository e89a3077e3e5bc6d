// The program `mfly-testserver`, and what the steps do with it over its control API.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const PORTS = ["--listen", "--tls-listen", "--control-listen"].flatMap((flag) => [flag, "127.0.0.1:0"]);

export class Server {
  #process;
  info;

  static start(binary, flags = []) {
    const server = new Server();
    return new Promise((resolve, reject) => {
      server.#process = spawn(binary, ["--json", ...PORTS, ...flags], { stdio: ["ignore", "pipe", "inherit"] });
      server.#process.on("error", reject);
      server.#process.on("exit", () => reject(new Error("the server ended before it was ready")));
      createInterface({ input: server.#process.stdout }).once("line", (line) => {
        server.info = JSON.parse(line);
        resolve(server);
      });
    });
  }

  // What a page needs to reach the server.
  get settings() {
    const { apiBaseUrl, licenceKey, licenceUrl, licenceScriptUrl, signallingUrl, xmppDomain, tls, authority } = this.info;
    return {
      apiBaseUrl, licenceKey, licenceUrl, licenceScript: licenceScriptUrl, signallingUrl, host: xmppDomain,
      controlUrl: this.info.controlUrl, websocketTls: tls.websocketUrl, authorityHash: authority.publicKeyHash,
    };
  }

  // Returns the JSON of the answer. A refusal is an error, but for the statuses that are allowed.
  async control(method, path, body, allowed = []) {
    const answer = await fetch(`${this.info.controlUrl}/control/v1${path}`, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok && !allowed.includes(answer.status)) throw new Error(`${method} ${path}: ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  user(id) {
    return this.control("GET", `/users/${encodeURIComponent(id)}`, undefined, [404]);
  }

  change(id, changes) {
    return this.control("PATCH", `/users/${encodeURIComponent(id)}`, changes);
  }

  fault(fault) {
    return this.control("POST", "/faults", fault);
  }

  async perform(verb, args) {
    if (!(verb in VERBS)) throw new Error(`there is no such command to the server: ${verb}`);
    return (await VERBS[verb](this, args)) ?? null;
  }

  async stop() {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGTERM");
    await ended;
  }
}

const VERBS = {
  create: async (server, { user }) => void await server.control("POST", "/users", { id: user }, [409]),
  async register(server, { user }) {
    await this.create(server, { user });
    const { username, password } = await server.control("POST", `/users/${user}/registrations`, { force: true });
    return { username, password };
  },
  set_profile: async (server, { user, ...profile }) => void await server.change(user, { profile }),
  async profile(server, { user }) {
    const { nickName, email, status, mobileNumber, image } = (await server.user(user)).profile;
    return { nickName, email, status, mobileNumber, image };
  },
  async make_contact(server, { user, other }) {
    for (const [one, two] of [[user, other], [other, user]]) {
      const { contacts } = await server.user(one);
      await server.change(one, { contacts: [...new Set([...contacts, two])] });
    }
  },
  admin_block: async (server, { user, blocked }) => void await server.change(user, { adminBlocked: blocked }),
  delete: (server, { user }) => server.control("DELETE", `/users/${user}`),
  expire_tokens: (server, { user }) => server.control("POST", `/users/${user}/tokens/expire`),
  has_blocked: async (server, { user, other }) => (await server.user(user)).blocks.includes(other),
  is_online: async (server, { user }) => (await server.user(user)).online ?? false,
  sessions: async (server, { user }) => (await server.user(user)).sessions?.length ?? 0,
  exists: async (server, { user }) => (await server.user(user)).id === user,
  plan: async (server, { feature, enabled }) => void await server.control("PATCH", "/plan", { features: { [feature]: enabled } }),
  session_limit: async (server, { limit }) => void await server.control("PATCH", "/plan", { sessionLimit: limit }),
  cut: async (server, { user }) => (await server.fault({ on: "connectionsOf", user, fault: { kind: "cut" } })).applied,
  push: async (server, { user, frame }) =>
    (await server.fault({ on: "connectionsOf", user, fault: { kind: "send", text: frame } })).applied,
  fail_request: async (server, { path, message }) =>
    void await server.fault({ on: "request", path, fault: { kind: "refuse", status: 500, message } }),
  garble_request: async (server, { path, body }) =>
    void await server.fault({ on: "request", path, fault: { kind: "garbage", body } }),
  // The requests and frames of clients, oldest first.
  async journal(server) {
    const sent = [];
    for (let since = 0; ;) {
      const { entries, next } = await server.control("GET", `/journal?since=${since}&limit=1000`);
      for (const entry of entries) {
        if (entry.type === "request") {
          const { method, path, query, body, httpStatus, status } = entry;
          sent.push({ method, path, query, body, httpStatus, status });
        } else if (entry.direction === "received") {
          sent.push({ stream: entry.stream, user: entry.user, frame: entry.text });
        }
      }
      if (entries.length === 0) return sent;
      since = next;
    }
  },
  forget: (server) => server.control("DELETE", "/journal"),
};
