// The same operations by both clients, as the same user: what each of them sent, compared.
import { readFile } from "node:fs/promises";
import { eventually } from "../driver/log.mjs";

const USER = "wendy";
const OTHER = "otto";

// After these, something is sent without being waited for: two round trips later all of it has arrived.
const SETTLED = ["connect", "blockUser", "unblockUser"];

// Each operation for the browser and for Rust.
const operations = (host) => {
  const other = `${OTHER}@${host}`;
  const message = { msgId: "m1", message: "hi", msgType: "text", publisherId: OTHER, filename: "", timestamp: 1 };
  const profile = { nickName: "Wendy 😀", image: "", status: "Here & <now>", mobileNumber: "15550100", email: "w@example.com" };
  return [
    ["register", ["register", USER], ["register", { user: USER }]],
    ["connect", ["connect"], ["connect", {}]],
    ["setUserProfile", ["setUserProfile", ...Object.values(profile)], ["set_profile", profile]],
    ["getUserProfile", ["getUserProfile", OTHER], ["profile", { user: OTHER }]],
    ["getLastSeen", ["getLastSeen", other], ["last_seen", { user: OTHER }]],
    ["blockUser", ["blockUser", other], ["block", { user: OTHER }]],
    ["getUsersIBlocked", ["getUsersIBlocked"], ["blocked", {}]],
    ["unblockUser", ["unblockUser", other], ["unblock", { user: OTHER }]],
    ["getUsersWhoBlockedMe", ["getUsersWhoBlockedMe"], ["blocked_by", {}]],
    ["getFriendsList", ["getFriendsList"], ["friends", {}]],
    ["getUsersList", ["getUsersList", "", 1, 20], ["user_list", { page: 1, size: 20 }]],
    ["getUsersList, searching", ["getUsersList", "ot", 1, 20], ["user_list", { name: "ot", page: 1, size: 20 }]],
    ["updateMetaData", ["updateMetaData", { team: "red" }], ["update_metadata", { metadata: { team: "red" } }]],
    ["getMetaData", ["getMetaData"], ["metadata", {}]],
    ["updateUserSettings", ["updateUserSettings", true], ["update_settings", { archive: true }]],
    ["getUserSettings", ["getUserSettings"], ["settings", {}]],
    ["sendFeedback", ["sendFeedback", "t", "d"], ["feedback", { title: "t", description: "d" }]],
    ["reportUserOrGroup", ["reportUserOrGroup", other, "chat", [message]], ["report", { user: OTHER, messages: [message] }]],
    ["logout", ["logout"], ["logout", {}]],
  ];
};

export async function run({ live, browser, report, wire }) {
  const { host } = live.settings;
  for (const user of [USER, OTHER]) await live.server("create", { user });
  await live.server("set_profile", { user: OTHER, nickName: "Otto" });
  const listed = JSON.parse(await readFile(new URL("../differences.json", import.meta.url), "utf8"));
  const device = await browser.device();
  await device.initialise();
  const isOffline = () => eventually(() => live.server("sessions", { user: USER }), (count) => count === 0);
  let credentials;
  const inBrowser = async ([name, ...args]) => {
    if (name === "connect") args = [credentials.username, credentials.password];
    const outcome = await device.call(name, ...args);
    if (name === "register") credentials = outcome.data;
    if (name === "connect") await device.hears("connectionListener", { status: "CONNECTED" });
    if (SETTLED.includes(name)) for (const _ of [1, 2]) await device.call("getUserSettings");
    if (name === "logout") await isOffline();
    return outcome.statusCode === 200;
  };
  const inRust = async ([verb, args], name) => {
    const outcome = await live.client("wire", verb, args);
    if (SETTLED.includes(name)) for (const _ of [1, 2]) await live.client("wire", "settings");
    if (name === "logout") await isOffline();
    return !outcome?.failed;
  };
  const all = operations(host);
  const sides = [];
  for (const [side, act] of [[1, inBrowser], [2, inRust]]) {
    const seen = new Map();
    for (const operation of all) {
      await live.server("forget");
      const done = await act(operation[side], operation[0]);
      seen.set(operation[0], { done, sent: normalise(await live.server("journal")) });
    }
    sides.push(seen);
  }
  for (const [name] of all) {
    const [official, ours] = sides.map((seen) => seen.get(name));
    const onlyOfficial = without(official.sent, ours.sent);
    const onlyOurs = without(ours.sent, official.sent);
    const explained = listed.filter((entry) => entry.operation === name);
    const unexplained = {
      official: onlyOfficial.filter((line) => !explained.some((entry) => entry.official === line)),
      ours: onlyOurs.filter((line) => !explained.some((entry) => entry.ours === line)),
    };
    wire.push({ operation: name, official: official.sent, ours: ours.sent, explained });
    await report.step(`${name}: both say the same, but for what is listed`, { done: [true, true], official: [], ours: [] },
      async () => ({ done: [official.done, ours.done], ...unexplained }));
  }
  await report.step("every listed difference is there", [], async () => listed.filter((entry) => {
    const compared = wire.find(({ operation }) => operation === entry.operation);
    const isThere = (line, said, other) => !line || (said.includes(line) && !other.includes(line));
    return !compared || !isThere(entry.official, compared.official, compared.ours) || !isThere(entry.ours, compared.ours, compared.official);
  }));
  await device.close();
}

// Ids, resources, nonces and times differ from run to run.
function normalise(entries) {
  const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
  return entries
    .filter((entry) => entry.method !== "OPTIONS" && (!entry.user || entry.user === USER || entry.method))
    .map((entry) => entry.method
      ? `${entry.method} ${entry.path}${entry.query ? `?${entry.query}` : ""} ${sorted(entry.body)}`.trim()
      : entry.frame)
    .map((line) => line.replace(uuid, "{uuid}").replace(/(<iq [^>]*\bid=")[^"]*/, "$1{id}").replace(/(<resource>)[^<]*/, "$1{resource}"));
}

function sorted(body) {
  try {
    const value = JSON.parse(body);
    return JSON.stringify(Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))));
  } catch {
    return body;
  }
}

// The lines of `one` that `other` has not, each occurrence counted.
function without(one, other) {
  const rest = [...other];
  return one.filter((line) => {
    const index = rest.indexOf(line);
    if (index >= 0) rest.splice(index, 1);
    return index < 0;
  });
}
