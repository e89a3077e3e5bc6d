// strophe.js, over WebSocket. Its other transport for clients is BOSH.
import { $iq, $msg, $pres, Strophe } from "strophe.js";
import { bare, run } from "./session.mjs";

// The standard output is for the steps.
Strophe.setLogLevel(Strophe.LogLevel.FATAL);

const NAMES = Object.fromEntries(Object.entries(Strophe.Status).map(([name, number]) => [number, name]));

class StropheClient {
  #connection;
  #settings;

  constructor(settings, onMessage) {
    this.#settings = settings;
    this.#connection = new Strophe.Connection(settings.url);
    const take = (message) => {
      const [body] = message.getElementsByTagName("body");
      if (body) onMessage({ from: bare(message.getAttribute("from")), body: body.textContent });
      return true;
    };
    this.#connection.addHandler(take, null, "message");
  }

  logIn() {
    const { domain, user, password } = this.#settings;
    return new Promise((resolve, reject) => {
      this.#connection.connect(`${user}@${domain}/strophe`, password, (status, reason) => {
        if (status === Strophe.Status.CONNECTED) {
          this.#connection.send($pres());
          resolve(`${this.#connection.jid} by ${this.#connection._sasl_mechanism.mechname}`);
        } else if ([Strophe.Status.CONNFAIL, Strophe.Status.AUTHFAIL, Strophe.Status.ERROR].includes(status)) {
          reject(new Error(`${NAMES[status]}: ${reason}`));
        } else if (status === Strophe.Status.DISCONNECTED) {
          this.gone?.();
          reject(new Error("disconnected"));
        }
      });
    });
  }

  // Sends a request and returns the payload of the answer.
  #ask(request) {
    return new Promise((resolve, reject) => {
      const refused = (answer) => reject(new Error(answer ? Strophe.serialize(answer) : "no answer"));
      this.#connection.sendIQ(request, (answer) => resolve(answer.firstChild), refused);
    });
  }

  async addContact(jid, name) {
    await this.#ask($iq({ type: "set" }).c("query", { xmlns: Strophe.NS.ROSTER }).c("item", { jid, name }));
  }

  async roster() {
    const query = await this.#ask($iq({ type: "get" }).c("query", { xmlns: Strophe.NS.ROSTER }));
    const items = Array.from(query.getElementsByTagName("item"));
    return items.map((item) => ({ jid: item.getAttribute("jid"), name: item.getAttribute("name") }));
  }

  async ping() {
    await this.#ask($iq({ type: "get" }).c("ping", { xmlns: "urn:xmpp:ping" }));
  }

  async setCard(name) {
    await this.#ask($iq({ type: "set" }).c("vCard", { xmlns: "vcard-temp" }).c("FN").t(name));
  }

  async card() {
    const card = await this.#ask($iq({ type: "get" }).c("vCard", { xmlns: "vcard-temp" }));
    return card.getElementsByTagName("FN")[0]?.textContent;
  }

  async lastActivity(to) {
    const query = await this.#ask($iq({ type: "get", to }).c("query", { xmlns: "jabber:iq:last" }));
    return Number(query.getAttribute("seconds") ?? NaN);
  }

  async block(jid) {
    await this.#ask($iq({ type: "set" }).c("block", { xmlns: "urn:xmpp:blocking" }).c("item", { jid }));
  }

  async unblock(jid) {
    await this.#ask($iq({ type: "set" }).c("unblock", { xmlns: "urn:xmpp:blocking" }).c("item", { jid }));
  }

  async blocked() {
    const list = await this.#ask($iq({ type: "get" }).c("blocklist", { xmlns: "urn:xmpp:blocking" }));
    return Array.from(list.getElementsByTagName("item")).map((item) => item.getAttribute("jid"));
  }

  async send(to, body) {
    this.#connection.send($msg({ type: "chat", to }).c("body").t(body));
  }

  async logOut() {
    const gone = new Promise((resolve) => {
      this.gone = resolve;
    });
    this.#connection.disconnect("done");
    await gone;
  }
}

await run("strophe.js", StropheClient);
