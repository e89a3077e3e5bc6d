// @xmpp/client, over each of its transports.
import { client, xml } from "@xmpp/client";
import WebSocket from "ws";
import { bare, run } from "./session.mjs";

// Node.js has one of its own from version 22 on.
globalThis.WebSocket ??= WebSocket;

class XmppClient {
  #client;
  #mechanism;

  constructor({ url, domain, user, password }, onMessage) {
    this.#client = client({ service: url, domain, username: user, password, resource: "xmpp.js" });
    // The client listens for the server's header only after its own is written. On one machine the header often arrives
    // before, and then the client reports a time-out after this time, although the stream goes on.
    this.#client.timeout = 60_000;
    // The steps report failures; without a listener an event of this name ends the process.
    this.#client.on("error", () => {});
    this.#client.on("send", (element) => {
      if (element.is("auth") || element.is("authenticate")) this.#mechanism = element.attrs.mechanism;
    });
    this.#client.on("stanza", (stanza) => {
      const body = stanza.is("message") && stanza.getChildText("body");
      if (body) onMessage({ from: bare(stanza.attrs.from), body });
    });
  }

  async logIn() {
    const jid = await new Promise((resolve, reject) => {
      this.#client.once("online", resolve);
      this.#client.start().catch(reject);
    });
    await this.#client.send(xml("presence"));
    return `${jid} by ${this.#mechanism}`;
  }

  async addContact(jid, name) {
    const item = xml("item", { jid, name });
    await this.#client.iqCaller.set(xml("query", { xmlns: "jabber:iq:roster" }, item));
  }

  async roster() {
    const query = await this.#client.iqCaller.get(xml("query", { xmlns: "jabber:iq:roster" }));
    return query.getChildren("item").map(({ attrs: { jid, name } }) => ({ jid, name }));
  }

  async ping() {
    await this.#client.iqCaller.request(xml("iq", { type: "get" }, xml("ping", { xmlns: "urn:xmpp:ping" })));
  }

  async setCard(name) {
    await this.#client.iqCaller.set(xml("vCard", { xmlns: "vcard-temp" }, xml("FN", {}, name)));
  }

  async card() {
    const card = await this.#client.iqCaller.get(xml("vCard", { xmlns: "vcard-temp" }));
    return card.getChildText("FN");
  }

  async lastActivity(domain) {
    const query = await this.#client.iqCaller.get(xml("query", { xmlns: "jabber:iq:last" }), domain);
    return Number(query.attrs.seconds);
  }

  async block(jid) {
    await this.#client.iqCaller.set(xml("block", { xmlns: "urn:xmpp:blocking" }, xml("item", { jid })));
  }

  async unblock(jid) {
    await this.#client.iqCaller.set(xml("unblock", { xmlns: "urn:xmpp:blocking" }, xml("item", { jid })));
  }

  async blocked() {
    const list = await this.#client.iqCaller.get(xml("blocklist", { xmlns: "urn:xmpp:blocking" }));
    return list.getChildren("item").map((item) => item.attrs.jid);
  }

  async send(to, body) {
    await this.#client.send(xml("message", { type: "chat", to }, xml("body", {}, body)));
  }

  async logOut() {
    await this.#client.stop();
  }
}

await run("@xmpp/client", XmppClient);
