// Equal operations by both clients, as one user: the bytes that each sent, compared except for ids, random values and
// times. Sealed payloads are opened first.
import { eventually } from "../driver/log.mjs";
import { Recorder } from "../driver/recorder.mjs";
import { open, seal } from "../driver/seal.mjs";

const USER = "wendy";
const OTHER = "otto";

// After these, frames are sent without a wait for them: after two round trips all have arrived.
const SETTLED = [
  "connect", "connect, again after a lost connection", "blockUser", "unblockUser", "a ping of the server",
  "sendMediaFileMessage", "sendMediaFileMessage in two parts", "sendMediaFileMessage, not sealed",
];

const PING = `<iq from="localhost" id="srv-1" type="get" xmlns="jabber:client"><ping xmlns="urn:xmpp:ping"/></iq>`;
const FILE = { $file: "note.txt", type: "text/plain", base64: Buffer.alloc(1000, "x").toString("base64") };
const LARGE = { ...FILE, base64: Buffer.alloc(5 * 1024 * 1024 + 100, "y").toString("base64") };
const IMAGE = { $file: "me.png", type: "image/png", base64: Buffer.alloc(300, "z").toString("base64") };

// Each operation, its call in the browser, and its call in Rust: by its own name, or by a function.
function operations({ live, host }) {
  const other = `${OTHER}@${host}`;
  const message = { msgId: "m1", message: "hi", msgType: "text", publisherId: OTHER, filename: "", timestamp: 1 };
  const profile = { nickName: "Wendy 😀", image: "", status: "Here & <now>", mobileNumber: "15550100", email: "w@example.com" };
  const withImage = { ...profile, image: "https://images.example/w.png" };
  const file = ({ $file, ...rest }, whole) => ({ user: OTHER, messageId: "f1", name: $file, whole, ...rest });
  const send = (content) => ["sendFile", other, "file", content, "f1"];
  return [
    ["register", ["register", USER], ["register", { user: USER }]],
    ["register, not forced, with metadata", ["register", USER, false, { team: "red" }], ["register", { user: USER, force: false, metadata: { team: "red" } }]],
    ["connect", ["connect"], ["connect", {}]],
    ["getUserToken", ["getUserToken"], ["app_token", {}]],
    ["a token that expired", ["getUserProfile", OTHER], ["profile", { user: OTHER }], () => live.server("expire_tokens", { user: USER })],
    ["setUserProfile, all empty but the e-mail address", ["setUserProfile", "", "", "", "", "w@example.com"], ["set_profile", { email: "w@example.com" }]],
    ["setUserProfile", ["setUserProfile", ...Object.values(profile)], ["set_profile", profile]],
    ["setUserProfile with the address of an image", ["setUserProfile", ...Object.values(withImage)], ["set_profile", withImage]],
    ["setUserProfile with a File", ["setUserProfile", profile.nickName, IMAGE, profile.status, profile.mobileNumber, profile.email],
      ["set_profile", { ...profile, file: file(IMAGE) }]],
    ["getUserProfile", ["getUserProfile", OTHER], ["profile", { user: OTHER }]],
    ["getLastSeen", ["getLastSeen", other], ["last_seen", { user: OTHER }]],
    ["blockUser", ["blockUser", other], ["block", { user: OTHER }]],
    ["getUsersIBlocked", ["getUsersIBlocked"], ["blocked", {}]],
    ["unblockUser", ["unblockUser", other], ["unblock", { user: OTHER }]],
    ["getUsersWhoBlockedMe", ["getUsersWhoBlockedMe"], ["blocked_by", {}]],
    ["getFriendsList", ["getFriendsList"], ["friends", {}]],
    ["sendRegisterUpdate", ["sendRegisterUpdate"], ["announce_registration", {}]],
    ["syncContacts", ["syncContacts", OTHER], ["sync_contacts", { user: OTHER }]],
    ["getUsersList", ["getUsersList", "", 1, 20], ["user_list", { page: 1, size: 20 }]],
    ["getUsersList, searching", ["getUsersList", "ot & b", 2, 5], ["user_list", { name: "ot & b", page: 2, size: 5 }]],
    ["getUsersList, filtered by metadata", ["getUsersList", "", 1, 20, { metaDataKey: "team", metaDataValues: ["red", "blue"] }],
      ["user_list", { page: 1, size: 20, key: "team", values: ["red", "blue"] }]],
    ["updateMetaData", ["updateMetaData", { team: "red" }], ["update_metadata", { metadata: { team: "red" } }]],
    ["getMetaData", ["getMetaData"], ["metadata", {}]],
    ["updateUserSettings", ["updateUserSettings", true], ["update_settings", { archive: true }]],
    ["getUserSettings", ["getUserSettings"], ["settings", {}]],
    ["sendFeedback", ["sendFeedback", "t", "d"], ["feedback", { title: "t", description: "d" }]],
    ["reportUserOrGroup", ["reportUserOrGroup", other, "chat", [message]], ["report", { user: OTHER, messages: [message] }]],
    ["reportUserOrGroup of a group", ["reportUserOrGroup", `g1@mix.${host}`, "groupchat", [message]], ["report", { group: "g1", messages: [message] }]],
    ["sendMediaFileMessage", send(FILE), ["upload_media", file(FILE)]],
    ["sendMediaFileMessage in two parts", send(LARGE), ["upload_media", file(LARGE)]],
    ["setMediaEncryption", ["setMediaEncryption", false], ["set_media_encryption", { on: false }]],
    ["sendMediaFileMessage, not sealed", send(FILE), ["upload_media", file(FILE)]],
    ["getMediaURL", ["mediaUrl"], ["download_media", { whole: true }]],
    ["downloadMedia", ["downloadFile"], ["download_media", {}]],
    ["a ping of the server", ["getJid", OTHER], ["current_user", {}], () => live.server("push", { user: USER, frame: PING })],
    ["connect, again after a lost connection", ["getJid", OTHER], ["current_user", {}], () => live.server("cut", { user: USER })],
    ["logout", ["logout"], ["logout", {}]],
    ["deleteMyAccount", ["deleteMyAccount", "done", "thanks"], ["delete_account", { reason: "done", feedback: "thanks" }], "connected"],
  ];
}

export async function run({ live, browser, report, differences }) {
  const { host, apiBaseUrl, licenceKey } = live.settings;
  for (const user of [USER, OTHER]) await live.server("create", { user });
  await live.server("set_profile", { user: OTHER, nickName: "Otto" });
  await live.server("make_contact", { user: USER, other: OTHER });
  const recorder = await Recorder.start(new URL(apiBaseUrl).origin);
  browser.add("wire", { settings: { ...live.settings, licenceScript: `${recorder.origin}/licence.js` } });
  const shared = await sharedFile(live);
  const all = operations({ live, host });
  const sides = [];
  for (const [column, client] of [[1, await inBrowser({ browser, live, shared })], [2, await inRust({ live, recorder })]]) {
    const said = new Map();
    for (const operation of all) {
      const [name, , , before] = operation;
      if (before === "connected") await client.comeOnline();
      await live.server("forget");
      recorder.forget();
      client.forget();
      if (typeof before === "function") await before();
      const done = await client.act(name, fill(operation[column], shared));
      if (SETTLED.includes(name)) for (const _ of [1, 2]) await client.roundTrip();
      // The account is deleted with the answer; later requests of the SDK are no part of the operation.
      const all = [...recorder.requests.map((request) => http(request, licenceKey)), ...frames(await live.server("journal"))];
      said.set(name, { done, sent: before === "connected" ? all.filter((line) => line.includes("deleteMyAccount")) : all });
    }
    sides.push(said);
    await client.close();
  }
  recorder.stop();

  for (const [name] of all) {
    const [official, ours] = sides.map((said) => said.get(name));
    const unexplained = differences.compare(name, official.sent, ours.sent);
    await report.step(`${name}: both say the same, but for what is listed`, { done: [true, true], official: [], ours: [] },
      async () => ({ done: [official.done, ours.done], ...unexplained }));
  }
  await report.step("every operation is seen to say something, but for those without a wire", ["setMediaEncryption"],
    async () => differences.operations.filter(({ official }) => official.length === 0).map(({ operation }) => operation));
}

// A file that both sides download, in one piece and in parts.
async function sharedFile(live) {
  await live.online("otto", OTHER);
  const stored = {};
  for (const whole of [true, false]) {
    const content = { user: USER, messageId: "s1", name: FILE.$file, type: FILE.type, base64: FILE.base64, whole };
    stored[whole ? "whole" : "parts"] = await live.client("otto", "upload_media", content);
  }
  await live.client("otto", "close");
  return stored;
}

function fill([name, ...args], { whole, parts }) {
  if (name === "mediaUrl") return [name, whole.fileToken, whole.fileKey];
  if (name === "downloadFile") return [name, "s1"];
  if (name === "download_media") {
    const { fileToken, fileKey } = args[0].whole ? whole : parts;
    return [name, { ...args[0], fileToken, fileKey, length: 1000 }];
  }
  return [name, ...args];
}

const isOffline = (live) => eventually(() => live.server("sessions", { user: USER }), (count) => count === 0);

async function inBrowser({ browser, live, shared: { parts } }) {
  const device = await browser.blank("wire");
  await (await device.storeMessages()).open();
  const media = { file_url: parts.fileToken, file_key: parts.fileKey, file_size: parts.storedLength, isLargeFile: true };
  device.messages.set("s1", seal(JSON.stringify({ message: "", message_type: "file", media }), "s1"));
  await device.initialise();
  return {
    async act(name, [method, ...args]) {
      if (["connect", "getUserToken"].includes(method)) args = [device.credentials.username, device.credentials.password];
      const isOwn = ["sendFile", "mediaUrl", "downloadFile"].includes(method);
      const outcome = await (isOwn ? device.run(method, ...args) : device.call(method, ...args));
      if (method === "register") device.credentials = outcome.data;
      if (name.startsWith("connect")) await device.hears("connectionListener", { status: "CONNECTED" }, 25_000);
      if (name === "logout") await isOffline(live);
      return outcome.statusCode === 200 || outcome.sent || outcome.base64 ? true : outcome;
    },
    async comeOnline() {
      await device.register(USER);
      await device.connect();
      await device.hears("connectionListener", { status: "CONNECTED" });
    },
    forget: () => device.told.forget(),
    roundTrip: () => device.call("getUserSettings"),
    close: () => device.close(),
  };
}

async function inRust({ live, recorder }) {
  await live.client("wire", "use_api", { url: `${recorder.origin}/api/v1` });
  // Deleted by the browser's turn: the same state for both.
  await live.server("create", { user: USER });
  await live.server("make_contact", { user: USER, other: OTHER });
  return {
    async act(name, [verb, args]) {
      const outcome = await live.client("wire", verb, args);
      if (name.startsWith("connect, again")) await live.hears("wire", "connectionListener", { status: "CONNECTED" });
      if (name === "logout") await isOffline(live);
      return outcome?.failed ?? true;
    },
    async comeOnline() {
      await live.online("wire", USER);
    },
    forget: () => live.told("wire").forget(),
    roundTrip: () => live.client("wire", "settings"),
    close: () => live.client("wire", "close"),
  };
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
// Random values of the server: tokens of files, secrets of addresses.
const FRESH = /[0-9a-f]{32}/g;

function frames(entries) {
  return entries
    .filter(({ frame, user }) => frame && (!user || user === USER))
    .map(({ frame }) => frame.replace(UUID, "{uuid}").replace(FRESH, "{fresh}").replace(/(<iq [^>]*\bid=")(?!_bind|_session|srv-)[^"]*/, "$1{id}")
      .replace(/(<resource>)[^<]*/, "$1{resource}").replace(/(<body [^>]*>)[^<]*/, "$1{sealed}"));
}

function http({ method, url, headers, body }, licenceKey) {
  const shown = { ...headers };
  if (shown.authorization) shown.authorization = "{token}";
  const [, boundary] = shown["content-type"]?.match(/boundary=(.+)$/) ?? [];
  if (boundary) shown["content-type"] = shown["content-type"].replace(boundary, "{boundary}");
  const parts = [method, url.replace("/api/v1", ""), JSON.stringify(shown)];
  if (boundary) parts.push(body.toString().replaceAll(boundary, "{boundary}"));
  else if (shown["content-type"]?.startsWith("application/json")) parts.push(json(body.toString(), licenceKey));
  else if (body.length) parts.push(`(${body.length} bytes)`);
  return parts.join(" ").trim().replace(UUID, "{uuid}").replace(FRESH, "{fresh}");
}

// The members stay in the order that they came in.
function json(text, licenceKey) {
  if (!text) return "";
  const body = JSON.parse(text);
  const secret = licenceKey.repeat(3);
  if (body.registerData) body.registerData = JSON.parse(open(body.registerData, secret));
  if (body.password) {
    body.password = JSON.parse(open(body.password, secret));
    if (body.password.password) body.password.password = "{password}";
    if (Math.abs(body.password.currentTimestamp - Date.now()) < 120_000) body.password.currentTimestamp = "{now}";
  }
  return JSON.stringify(body);
}
