// One side acts, the other is told: profiles, blocks, presence, and two devices of one account.
import { eventually } from "../driver/log.mjs";

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
  await report.step("a block in the browser is told to Rust", "block_user", async () => {
    await device.call("blockUser", russ);
    return (await live.hears("russ", "messageListener", { blockedUserId: "willa" })).type;
  });
  await report.step("and listed there", [{ jid: willa }], () => live.client("russ", "blocked_by"));
  await report.step("and hides the blocker's presence", true, async () => (await live.client("russ", "last_seen", { user: "willa" })) !== 0);
  await report.step("and its end is told", "unblock_user", async () => {
    await device.call("unblockUser", russ);
    return (await live.hears("russ", "messageListener", { blockedUserId: "willa", type: "unblock_user" })).type;
  });
  await report.step("a block in Rust is listed in the browser", [{ jid: russ }], async () => {
    await live.client("russ", "block", { user: "willa" });
    await device.hears("messageListener", { blockedUserId: "russ", type: "block_user" });
    return (await device.call("getUsersWhoBlockedMe")).data;
  });
  await live.client("russ", "unblock", { user: "willa" });

  device.told.forget();
  await live.online("willa in Rust", "willa");
  await live.client("willa in Rust", "settings");
  live.told("willa in Rust").forget();
  await report.step("two devices: a block in the browser reaches the Rust device", { told: "block_user", list: [{ jid: russ }] }, async () => {
    await device.call("blockUser", russ);
    const told = await live.hears("willa in Rust", "blockUserListener", { blockedUserId: "russ" });
    return { told: told.type, list: await live.client("willa in Rust", "blocked") };
  });
  await report.step("two devices: its end in Rust reaches the browser", { told: "unblock_user", list: [] }, async () => {
    await live.client("willa in Rust", "unblock", { user: "russ" });
    const told = await device.hears("blockUserListener", { blockedUserId: "russ", type: "unblock_user" });
    return { told: told.type, list: (await device.call("getUsersIBlocked")).data };
  });
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
