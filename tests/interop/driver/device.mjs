// One page with the official SDK, with its own storage, connections and listeners.
import { isCall } from "./peer.mjs";
import { Log, PATIENCE } from "./log.mjs";
import { Traffic } from "./traffic.mjs";

export class Device {
  told = new Log();
  errors = [];
  // Message bodies by id, which the platform would have stored. The test server stores none.
  messages = new Map();

  constructor(page, context, peer, address) {
    this.page = page;
    this.context = context;
    this.peer = peer;
    this.address = address;
    this.traffic = new Traffic(page);
  }

  async open() {
    await this.page.exposeFunction("told", (listener, payload) => this.told.add({ listener, payload }));
    this.page.on("pageerror", (error) => this.errors.push(String(error)));
    await this.page.goto(this.address);
    return this;
  }

  // Answers the look-up of a message in place of the platform. The SDK makes it before it downloads a file.
  async storeMessages() {
    await this.page.routeWebSocket((url) => url.pathname === "/websocket", (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((frame) => {
        const [, id] = String(frame).match(/status="reply_message"/) ? String(frame).match(/<iq id="([^"]+)"/) : [];
        const messageId = String(frame).match(/message_id="([^"]+)"/)?.[1];
        if (!id || !this.messages.has(messageId)) return server.send(frame);
        const message = `<m><chat_type>chat</chat_type><msgid>${messageId}</msgid><body>${this.messages.get(messageId)}</body></m>`;
        socket.send(`<iq type="result" id="${id}" xmlns="jabber:client"><query xmlns="jabber:iq:user_activities">`
          + `<replymessage>${message}</replymessage></query></iq>`);
      });
    });
    return this;
  }

  // Calls a function of the page. A promise that does not settle is an outcome, too.
  run(name, ...args) {
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(() => resolve({ rejected: `${name} ${args[0]} did not settle within ${PATIENCE} ms` }), PATIENCE);
    });
    const work = this.page.evaluate(([method, values]) => window[method](...values), [name, args]);
    return Promise.race([work, late]).finally(() => clearTimeout(timer));
  }

  // Calls a method of the official SDK.
  call(name, ...args) {
    return this.run("call", name, args);
  }

  initialise(options = {}) {
    return this.call("initializeSDK", { licenseKey: this.peer.settings.licenceKey, ...options });
  }

  async register(...args) {
    const registered = await this.call("register", ...args);
    if (registered.statusCode !== 200) throw new Error(`cannot register: ${JSON.stringify(registered)}`);
    this.credentials = registered.data;
  }

  connect() {
    return this.call("connect", this.credentials.username, this.credentials.password);
  }

  // Initialises, registers and connects.
  async online(user) {
    await this.initialise();
    await this.register(user);
    const connected = await this.connect();
    if (connected.statusCode !== 200) throw new Error(`cannot connect: ${JSON.stringify(connected)}`);
    await this.hears("connectionListener", { status: "CONNECTED" });
    return this;
  }

  async hears(listener, part = {}, patience = PATIENCE) {
    const what = `${listener} ${JSON.stringify(part)} in the browser`;
    return (await this.told.take((call) => isCall(call, listener, part), what, patience)).payload;
  }

  close() {
    return this.context.close();
  }
}
