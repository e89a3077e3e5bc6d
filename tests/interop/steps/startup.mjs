// The whole start-up of an app, request by request, as the vendor's sample app makes it. Every request needs an answer,
// because the app waits for it before it sends the next.
import { eventually } from "../driver/log.mjs";

// The requests of the page, in order. The first `/login` is of connect, the second of getUserToken.
const START = [
  "GET /license/details", "signalling: id", "POST /register", "POST /login", "POST /login",
  "open", "auth", "open", "bind", "session", "presence", "carbons",
  "GET /contacts/vcard", "GET /contacts/vcard", "GET /users/muted", "GET /group/groupList", "GET /chat/recent-chats",
  "user_settings", "all_archived_chats", "blocklist", "favourites", "block_user",
];
const CHAT = ["last seen", "GET /chat/chat-history"];
const BACK = [
  "open", "auth", "open", "bind", "session", "presence", "carbons",
  "GET /users/muted", "GET /chat/recent-chats", "GET /chat/chat-history",
];
// Without a registration the host is not known yet, so the token comes after the connection.
const RELOAD = ["signalling: id", "POST /login", "GET /users/config", ...START.slice(5, 12), "POST /login", ...START.slice(12)];

const FRAMES = [
  [/^<open /, "open"], [/^<auth /, "auth"], [/xmpp-bind/, "bind"], [/xmpp-session/, "session"], [/^<presence /, "presence"],
  [/carbons:2/, "carbons"], [/status="user_settings"/, "user_settings"], [/all_archived_chats/, "all_archived_chats"],
  [/<blocklist /, "blocklist"], [/user_fav/, "favourites"], [/status="block_user"/, "block_user"], [/jabber:iq:last/, "last seen"],
];

// The requests of the page, in the form of the lists above. Polls and heartbeats of the signalling socket after its `id`
// do not count.
function said(traffic) {
  let greeted = false;
  return traffic.entries.flatMap(({ http, answer, socket, sent, received }) => {
    if (socket === "/socket.io/" || http?.includes("/socket.io/")) {
      const isGreeting = !greeted && /42\["id"/.test(received ?? answer ?? "");
      greeted ||= isGreeting;
      return isGreeting ? ["signalling: id"] : [];
    }
    if (http) return http.startsWith("OPTIONS") || /\.js$|\/live$/.test(http) ? [] : [http.replace("/api/v1", "")];
    return socket === "/websocket" && sent ? [FRAMES.find(([pattern]) => pattern.test(sent))?.[1] ?? sent] : [];
  });
}

export async function run({ live, browser, report }) {
  const { host, signallingUrl } = live.settings;
  await live.server("create", { user: "bob" });
  const device = await browser.device();
  const { traffic } = device;
  const settled = async (...names) => {
    for (const [name, ...args] of names) {
      const outcome = await device.call(name, ...args);
      if (typeof (outcome?.rejected ?? outcome)?.statusCode !== "number") return { [name]: outcome };
    }
    return "settled";
  };
  // Repeats a request without recording it.
  const again = async (name, ...args) => {
    const before = [...traffic.entries];
    const outcome = await device.call(name, ...args);
    traffic.entries = before;
    return outcome;
  };
  const inOrder = async (name, expected) => {
    await report.step(`${name}: the requests, in their order`, expected, () => eventually(() => said(traffic), (now) => now.length >= expected.length, 3_000));
    await report.step(`${name}: nothing is left unanswered`, [], () => eventually(() => traffic.unanswered(), (left) => left.length === 0, 5_000));
  };
  const lists = [
    ["getMutedUsers"], ["getGroupsList"], ["getRecentChatsByPagination", { limit: 20 }], ["getUserSettings"], ["getAllArchivedChats"],
    ["getUsersIBlocked"], ["getAllFavouriteMessages"], ["getUsersWhoBlockedMe"],
  ];
  // connect and getUserToken at once, so that both log in before the socket opens.
  const comeOnline = async () => {
    const { username, password } = device.credentials;
    const [connected, token] = await Promise.all([device.connect(), device.call("getUserToken", username, password)]);
    await device.hears("connectionListener", { status: "CONNECTED" });
    return { connected: connected.statusCode, token: token.statusCode, expires: expiryOf(token.userToken) > Date.now() / 1000 };
  };
  const online = { connected: 200, token: 200, expires: true };

  await device.page.evaluate(() => localStorage.clear());
  traffic.forget();
  await report.step("initialising with a signalling server settles", { statusCode: 200, message: "Success" },
    () => device.initialise({ signalServer: signallingUrl }));
  await report.step("the signalling server tells the socket its id", true,
    () => eventually(() => said(traffic).includes("signalling: id"), (is) => is, 5_000));
  await device.register("apollo");
  await report.step("connecting, and a token that says when it expires", online, comeOnline);
  await report.step("a new account's own profile is there and has no name", [200, 200], async () => {
    const both = [await device.call("getUserProfile", "apollo"), await device.call("getUserProfile", "apollo")];
    return both.map(({ statusCode, data }) => (data?.nickName === "" ? statusCode : data));
  });
  await report.step("the lists settle, one after another", "settled", () => settled(...lists));
  for (const [name, args, data] of [["getUserSettings", [], { archive: 0 }], ["getRecentChatsByPagination", [{ limit: 20 }], []]]) {
    await report.step(`${name} of a new account`, { statusCode: 200, message: "Success", data }, () => again(name, ...args));
  }
  await inOrder("start-up", START);

  traffic.forget();
  await report.step("opening a chat settles", "settled",
    () => settled(["getLastSeen", `bob@${host}`], ["getChatMessages", { toJid: `bob@${host}` }]));
  await inOrder("opening a chat", CHAT);

  traffic.forget();
  device.told.forget();
  await report.step("after a lost socket the app asks again", "settled", async () => {
    await live.server("cut", { user: "apollo" });
    await device.hears("connectionListener", { status: "CONNECTED" }, 25_000);
    return settled(["getMutedUsers"], ["getRecentChatsByPagination", { limit: 20 }], ["getChatMessages", { toJid: `bob@${host}` }]);
  });
  await inOrder("after a lost socket", BACK);

  await device.page.reload();
  traffic.forget();
  device.told.forget();
  await report.step("after a reload the app comes back without registering", online, async () => {
    await device.initialise({ signalServer: signallingUrl });
    await eventually(() => said(traffic).includes("signalling: id"), (is) => is, 5_000);
    const { username, password } = device.credentials;
    const connected = await device.connect();
    const token = await device.call("getUserToken", username, password);
    return { connected: connected.statusCode, token: token.statusCode, expires: expiryOf(token.userToken) > Date.now() / 1000 };
  });
  await report.step("and its lists settle", "settled", () => settled(["getUserProfile", "apollo"], ["getUserProfile", "apollo"], ...lists));
  await inOrder("after a reload", RELOAD);

  await unknown({ live, device, report });
  await device.close();
}

const expiryOf = (token) => JSON.parse(Buffer.from(token?.split(".")[1] ?? "e30", "base64url")).exp;

// Unimplemented requests are refused in a form that a page can read.
async function unknown({ live, device, report }) {
  const { apiBaseUrl } = live.settings;
  const { userToken } = await device.call("getUserToken", device.credentials.username, device.credentials.password);
  const ask = (path) => device.run("ask", `${apiBaseUrl}${path}`, { authorization: userToken });
  for (const [path, http] of [["/a/path/that/nobody/knows", 404], ["/users/calls/getRoomDetails?roomLink=x", 404], ["/login", 405]]) {
    await report.step(`GET ${path} from the page is answered with HTTP ${http}`, http, async () => (await ask(path)).http);
  }
  await report.step("the user's own token works for the app's own requests", { http: 200, status: 200 }, async () => {
    const { http, status } = await ask("/users/muted");
    return { http, status };
  });
  const refused = { statusCode: 500, message: "Request Failed" };
  for (const [name, ...args] of [["getAllArchivedChats"], ["getGroupProfile", `g1@mix.${live.settings.host}`], ["getReplyMessage", "m1", "chat"]]) {
    await report.step(`${name}, which is not implemented, is refused`, refused, () => device.call(name, ...args));
  }
}
