// One side acts, and the other is notified: profiles, blocks, presence, and two devices of one account.
import { eventually } from "../driver/log.mjs";

// The refusals of a last-seen request.
const LAST_SEEN_HIDDEN = 500;

const TEXTS = [
  ["plain text", { nickName: "Rust", status: "Here", mobileNumber: "15550111", email: "rust@example.com" }],
  ["emoji", { nickName: "Ru😀st", status: "👩‍👩‍👧 at home", mobileNumber: "15550112", email: "r2@example.com" }],
  ["four-byte characters", { nickName: "𝕽𝖚𝖘𝖙 𠜎", status: "𐍈 & <b>\"'", mobileNumber: "1", email: "r3@example.com" }],
  ["empty fields", { nickName: "", status: "", mobileNumber: "", email: "r4@example.com" }],
  ["a status of 10 kB", { nickName: "Long", status: "ä".repeat(5_000) + "z".repeat(240), mobileNumber: "2", email: "r5@example.com" }],
];

export async function run({ live, browser, report }) {
  const { host } = live.settings;
  for (const user of ["willa", "russ"]) await live.server("create", { user });
  await live.server("make_contact", { user: "willa", other: "russ" });
  const willa = `willa@${host}`;
  const russ = `russ@${host}`;
  await live.online("russ", "russ");
  const device = await browser.device();
  await device.online("willa");
  await report.step("the Rust client is told that the browser came", { fromUserJid: willa, status: "online" },
    () => live.hears("russ", "presenceListener", { fromUserJid: willa }));
  device.told.forget();
  const fields = ({ nickName, status, mobileNumber, email }) => ({ nickName, status, mobileNumber, email });

  for (const [name, profile] of TEXTS) {
    await report.step(`Rust to browser: ${name}`, profile, async () => {
      await live.client("russ", "set_profile", profile);
      return fields(await device.hears("userProfileListener", { userId: "russ", email: profile.email }));
    });
    await report.step(`browser to Rust: ${name}`, profile, async () => {
      const outcome = await device.call("setUserProfile", profile.nickName, "", profile.status, profile.mobileNumber, profile.email);
      if (outcome.statusCode !== 200) return outcome;
      return fields(await live.hears("russ", "userProfileListener", { userId: "willa", email: profile.email }));
    });
  }
  live.told("russ").forget();
  device.told.forget();
  await blocks({ live, report, device, willa, russ });

  device.told.forget();
  await live.online("willa in Rust", "willa");
  await live.client("willa in Rust", "settings");
  live.told("willa in Rust").forget();
  const own = {
    browser: {
      do: (verb) => device.call(`${verb}User`, russ),
      hears: (type) => device.hears("blockUserListener", { blockedUserId: "russ", type }),
      list: async () => (await device.call("getUsersIBlocked")).data,
    },
    Rust: {
      do: (verb) => live.client("willa in Rust", verb, { user: "russ" }),
      hears: (type) => live.hears("willa in Rust", "blockUserListener", { blockedUserId: "russ", type }),
      list: () => live.client("willa in Rust", "blocked"),
    },
  };
  for (const [verb, by] of [["block", "browser"], ["unblock", "Rust"], ["block", "Rust"], ["unblock", "browser"]]) {
    const list = verb === "block" ? [{ jid: russ }] : [];
    const told = { blockedUserId: "russ", msgType: "userBlockStatus", type: `${verb}_user` };
    await report.step(`two devices: ${verb} by the one in ${by} reaches both, and their lists are the same`,
      { told: [told, told], lists: [list, list] }, async () => {
        await own[by].do(verb);
        const both = Object.values(own);
        return {
          told: await Promise.all(both.map((side) => side.hears(`${verb}_user`))),
          lists: await Promise.all(both.map((side) => side.list())),
        };
      });
  }
  await report.step("two devices: a profile set in Rust is told to the browser", "Two", async () => {
    await live.client("willa in Rust", "set_profile", { nickName: "Two", status: "s", email: "two@example.com" });
    return (await device.hears("userProfileListener", { userId: "willa", email: "two@example.com" })).nickName;
  });
  for (const archive of [1, 0]) {
    await report.step(`two devices: settings changed in Rust are told to the browser's userSettingsListener: archive ${archive}`, { archive }, async () => {
      await live.client("willa in Rust", "update_settings", { archive: archive === 1 });
      return device.hears("userSettingsListener", { archive });
    });
  }
  await live.client("willa in Rust", "close");
  live.told("russ").forget();
  await report.step("the Rust client is told that the browser left", "unavailable", async () => {
    await device.call("logout");
    return (await live.hears("russ", "presenceListener", { fromUserJid: willa, status: "unavailable" })).status;
  });
  await report.step("and sees when", true, async () =>
    (await eventually(() => live.client("russ", "last_seen", { user: "willa" }), (seconds) => seconds > 0)) > 0);
  await live.client("russ", "close");
  await device.close();
}

// Either side blocks: the other is notified, cannot see the blocker, and gets no profile pushes until the block ends.
async function blocks({ live, report, device, willa, russ }) {
  const rust = {
    block: () => live.client("russ", "block", { user: "willa" }),
    unblock: () => live.client("russ", "unblock", { user: "willa" }),
    change: (status) => live.client("russ", "set_profile", { nickName: "Russ", status, email: "russ@example.com" }),
    // A later push shows that an earlier one was not sent.
    roundTrip: () => live.client("russ", "settings"),
    hears: (...args) => live.hears("russ", ...args),
    told: () => live.told("russ"),
    blockedBy: () => live.client("russ", "blocked_by"),
    lastSeen: async () => (await live.client("russ", "last_seen", { user: "willa" })).failed?.statusCode ?? 200,
    status: async () => (await live.client("russ", "profile", { user: "willa" })).status,
    id: "russ", jid: russ,
  };
  const page = {
    block: () => device.call("blockUser", russ),
    unblock: () => device.call("unblockUser", russ),
    change: (status) => device.call("setUserProfile", "Willa", "", status, "1", "willa@example.com"),
    roundTrip: () => device.call("getUserSettings"),
    hears: (...args) => device.hears(...args),
    told: () => device.told,
    blockedBy: async () => (await device.call("getUsersWhoBlockedMe")).data,
    lastSeen: async () => (await device.call("getLastSeen", russ)).statusCode,
    status: async () => (await device.call("getUserProfile", "russ")).data?.status,
    id: "willa", jid: willa,
  };
  for (const [name, blocker, blocked] of [["a block in the browser", page, rust], ["a block in Rust", rust, page]]) {
    for (const side of [blocker, blocked]) await side.change("seen");
    await blocked.hears("userProfileListener", { userId: blocker.id, status: "seen" });
    for (const side of [blocker, blocked]) side.told().forget();
    await report.step(`${name} is told to the other`, { type: "block_user", blockedUserId: blocker.id, msgType: "userBlockStatus" }, async () => {
      await blocker.block();
      return blocked.hears("messageListener", { blockedUserId: blocker.id });
    });
    await report.step(`${name}: the blocker is seen to leave`, "unavailable",
      async () => (await blocked.hears("presenceListener", { fromUserJid: blocker.jid })).status);
    await report.step(`${name} is listed by the other`, [{ jid: blocker.jid }], () => blocked.blockedBy());
    await report.step(`${name} hides when the blocker was there, and the status`, { lastSeen: LAST_SEEN_HIDDEN, status: "" },
      async () => ({ lastSeen: await blocked.lastSeen(), status: await blocked.status() }));
    await report.step(`${name}: no change of a profile crosses it, either way`, [], async () => {
      for (const side of [blocker, blocked]) side.told().forget();
      for (const side of [blocker, blocked]) await side.change("unseen");
      for (const side of [blocker, blocked]) await side.roundTrip();
      return [blocked, blocker].flatMap((side) => side.told().entries())
        .filter(({ listener, payload }) => listener === "userProfileListener" && payload.status === "unseen")
        .filter(({ payload, device: inRust }) => (inRust ? payload.userId === "willa" : payload.userId === "russ"));
    });
    await report.step(`the end of ${name} is told`, "unblock_user", async () => {
      await blocker.unblock();
      return (await blocked.hears("messageListener", { blockedUserId: blocker.id, type: "unblock_user" })).type;
    });
    await report.step(`after ${name} both see each other again`, ["online", "online"], async () => {
      const there = async (side, other) => (await side.hears("presenceListener", { fromUserJid: other.jid, status: "online" })).status;
      return [await there(blocked, blocker), await there(blocker, blocked)];
    });
  }
}
