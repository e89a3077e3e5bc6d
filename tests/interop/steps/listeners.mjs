// Every listener of the official SDK, set off by a Rust client or by the server.
import { eventually } from "../driver/log.mjs";

export async function run({ live, browser, report }) {
  const { host } = live.settings;
  for (const user of ["lena", "mark"]) await live.server("create", { user });
  await live.server("make_contact", { user: "lena", other: "mark" });
  const device = await browser.device();
  await device.online("lena");
  await device.call("getUserSettings");
  device.told.forget();
  const mark = `mark@${host}`;

  await live.online("mark", "mark");
  await report.step("presenceListener: online", { fromUserJid: mark, status: "online" },
    () => device.hears("presenceListener", { fromUserJid: mark }));
  await report.step("userProfileListener", { nickName: "Mark", status: "Hey" }, async () => {
    await live.client("mark", "set_profile", { nickName: "Mark", status: "Hey", email: "m@example.com" });
    const { nickName, status } = await device.hears("userProfileListener", { userId: "mark" });
    return { nickName, status };
  });
  await report.step("blockUserListener: blocked", { blockedUserId: "mark", msgType: "userBlockStatus", type: "block_user" }, async () => {
    await device.call("blockUser", mark);
    return device.hears("blockUserListener");
  });
  await report.step("blockUserListener: unblocked", { blockedUserId: "mark", msgType: "userBlockStatus", type: "unblock_user" }, async () => {
    await device.call("unblockUser", mark);
    return device.hears("blockUserListener");
  });
  for (const verb of ["block", "unblock"]) {
    await report.step(`messageListener: somebody ${verb}s this user`, { type: `${verb}_user`, blockedUserId: "mark", msgType: "userBlockStatus" }, async () => {
      await live.client("mark", verb, { user: "lena" });
      return device.hears("messageListener", { msgType: "userBlockStatus" });
    });
  }
  await live.server("create", { user: "nell" });
  await live.server("make_contact", { user: "lena", other: "nell" });
  for (const [blocked, blockStatus] of [[true, "1"], [false, "0"]]) {
    await report.step(`adminBlockListener: ${blocked ? "blocked" : "unblocked"}`, { toUserId: "nell", blockStatus }, async () => {
      await live.server("admin_block", { user: "nell", blocked });
      const told = await device.hears("adminBlockListener");
      return { toUserId: told.toUserId, blockStatus: told.blockStatus };
    });
  }
  await report.step("userDeletedListener", `nell@${host}`, async () => {
    await live.server("delete", { user: "nell" });
    return device.hears("userDeletedListener");
  });
  device.told.forget();
  await report.step("presenceListener: unavailable", { fromUserJid: mark, status: "unavailable" }, async () => {
    await live.client("mark", "close");
    return device.hears("presenceListener", { fromUserJid: mark, status: "unavailable" });
  });
  device.told.forget();
  await report.step("connectionListener: dropped", { cut: 1, status: "DISCONNECTED" }, async () => {
    const cut = await live.server("cut", { user: "lena" });
    return { cut, ...(await device.hears("connectionListener", { status: "DISCONNECTED" })) };
  });
  await report.step("connectionListener: back again by itself", { status: "CONNECTED" },
    () => device.hears("connectionListener", { status: "CONNECTED" }, 25_000));
  await report.step("the server sees the session that came back", true,
    () => eventually(() => live.server("is_online", { user: "lena" }), (online) => online));
  await report.step("an operation works after the reconnection", 200, async () => (await device.call("getUsersIBlocked")).statusCode);
  await report.step("a blocked account's own session is told and ended", true, async () => {
    await live.server("admin_block", { user: "lena", blocked: true });
    await device.hears("adminBlockListener", { toUserId: "lena" });
    return (await eventually(() => live.server("sessions", { user: "lena" }), (count) => count === 0)) === 0;
  });
  await device.close();
}
