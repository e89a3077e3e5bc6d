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
  await report.step("an app that asks at once when somebody leaves is never told 0 seconds, which reads as online", true,
    async () => (await device.call("getLastSeen", mark)).data?.seconds >= 1);
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
  await registered({ live, device, report });
  await report.step("a blocked account's own session is told and ended", true, async () => {
    await live.server("admin_block", { user: "lena", blocked: true });
    await device.hears("adminBlockListener", { toUserId: "lena" });
    return (await eventually(() => live.server("sessions", { user: "lena" }), (count) => count === 0)) === 0;
  });
  await device.close();
}

// A new user, and a session that another one replaces.
async function registered({ live, device, report }) {
  const { host } = live.settings;
  await report.step("friendsListListener: a contact tells that it registered", true, async () => {
    device.told.forget();
    await live.online("mark", "mark");
    await live.client("mark", "announce_registration");
    const told = await device.hears("friendsListListener");
    return told.users.some(({ userJid }) => userJid === `mark@${host}`);
  });
  await report.step("sendRegisterUpdate", { statusCode: 200, message: "Success" }, () => device.call("sendRegisterUpdate"));
  await live.client("mark", "close");
  await live.server("session_limit", { limit: 1 });
  device.told.forget();
  // The SDK tries to reconnect with a password that is no longer valid.
  await report.step("forced logout: another device takes the place, and connectionListener is told", { status: "AUTHFAIL", statusCode: 401, errorMessage: "Invalid Credentials" }, async () => {
    await live.client("lena in Rust", "register", { user: "lena" });
    return device.hears("connectionListener", { status: "AUTHFAIL" }, 25_000);
  });
  await report.step("forced logout: the session is over for the server", 0,
    () => eventually(() => live.server("sessions", { user: "lena" }), (count) => count === 0, 5_000));
  await report.step("forced logout the other way: Rust's session ends and it does not try again", { told: "DISCONNECTED", sessions: 1 }, async () => {
    await live.client("lena in Rust", "connect");
    live.told("lena in Rust").forget();
    await device.online("lena");
    const { status } = await live.hears("lena in Rust", "connectionListener");
    return { told: status, sessions: await live.server("sessions", { user: "lena" }) };
  });
  await live.server("session_limit", { limit: 5 });
}
