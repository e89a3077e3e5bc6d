// stanza (stanza.js), over WebSocket. Its other transport is BOSH.
import { createClient } from "stanza";
import { bare, run } from "./session.mjs";

class Stanza {
  #client;
  #mechanism;

  constructor({ url, domain, user, password }, onMessage) {
    this.#client = createClient({
      jid: `${user}@${domain}`,
      password,
      resource: "stanza",
      transports: { bosh: false, websocket: url },
      autoReconnect: false,
    });
    this.#client.on("raw", (direction, text) => {
      const mechanism = direction === "outgoing" && /<auth [^>]*mechanism=["']([^"']+)/.exec(text);
      if (mechanism) [, this.#mechanism] = mechanism;
    });
    this.#client.on("message", ({ from, body }) => {
      if (body) onMessage({ from: bare(from), body });
    });
  }

  async logIn() {
    const jid = new Promise((resolve, reject) => {
      this.#client.once("session:started", resolve);
      this.#client.once("auth:failed", () => reject(new Error(`refused, by ${this.#mechanism}`)));
      this.#client.once("stream:error", (error) => reject(new Error(`${error.condition}: ${error.text}`)));
      this.#client.once("disconnected", () => reject(new Error("disconnected")));
    });
    await this.#client.connect();
    const bound = await jid;
    this.#client.sendPresence();
    return `${bound} by ${this.#mechanism}`;
  }

  async addContact(jid, name) {
    await this.#client.updateRosterItem({ jid, name });
  }

  async roster() {
    const { items = [] } = await this.#client.getRoster();
    return items;
  }

  async ping() {
    await this.#client.ping();
  }

  async setCard(fullName) {
    await this.#client.publishVCard({ fullName, records: [] });
  }

  async card() {
    return (await this.#client.getVCard(bare(this.#client.jid))).fullName;
  }

  async lastActivity(domain) {
    return (await this.#client.getLastActivity(domain)).seconds;
  }

  async block(jid) {
    await this.#client.block(jid);
  }

  async unblock(jid) {
    await this.#client.unblock(jid);
  }

  async blocked() {
    return (await this.#client.getBlocked()).jids;
  }

  async send(to, body) {
    this.#client.sendMessage({ type: "chat", to, body });
  }

  async logOut() {
    const gone = new Promise((resolve) => {
      this.#client.once("disconnected", resolve);
    });
    this.#client.disconnect();
    await gone;
  }
}

await run("stanza", Stanza);
