// Finding people: the directory with pages and search, and the contact list.
export async function run({ live, trial, browser, report }) {
  for (const [user, nickName] of [["ann", "Ann"], ["ben", "Benjamin"], ["cat", "Catherine"], ["dan", "Daniel 😀"]]) {
    await trial.server("create", { user });
    await trial.server("set_profile", { user, nickName });
  }
  const device = await browser.device("trial");
  await device.online("zoe");
  const list = async (...args) => {
    const { statusCode, totalPages, totalUsers, users } = await device.call("getUsersList", ...args);
    return { statusCode, totalPages, totalUsers, names: users?.map((user) => user.nickName).sort() };
  };
  await report.step("getUsersList leaves oneself out and opens the names", true, async () => {
    const { names } = await list();
    return ["Ann", "Benjamin", "Catherine", "Daniel 😀"].every((name) => names?.includes(name)) && !names.includes("zoe") ? true : names;
  });
  await trial.server("create", { user: "una" });
  await report.step("getUsersList: every row has all its texts, also of a user without a profile", [], async () => {
    const texts = ["image", "thumbImage", "status", "name", "nickName", "email", "mobileNumber", "userId", "userJid"];
    const { users } = await device.call("getUsersList");
    const incomplete = users.filter((user) => texts.some((name) => typeof user[name] !== "string"));
    return users.some(({ userId }) => userId === "una") ? incomplete : users;
  });
  await report.step("getUsersList, first page of two", { statusCode: 200, totalUsers: true, count: 2 }, async () => {
    const page = await list("", 1, 2);
    return { statusCode: page.statusCode, totalUsers: page.totalUsers >= 4, count: page.names?.length };
  });
  await report.step("getUsersList, a page after the last", [], async () => (await list("", 99, 2)).names);
  await report.step("getUsersList, searching", { statusCode: 200, totalPages: 1, totalUsers: 1, names: ["Catherine"] }, () => list("cather"));
  await report.step("getUsersList with a word for a page", { statusCode: 400, message: "page should be Valid data type" },
    () => device.call("getUsersList", "a", "x"));
  await report.step("the Rust client finds the same users", ["Ann", "Benjamin", "Catherine", "Daniel 😀", ""].sort(), async () => {
    await trial.online("yan", "yan");
    const page = await trial.client("yan", "user_list");
    return page.users?.map((user) => user.nickName).filter((name, index, all) => name || all.indexOf("") === index).sort();
  });
  await trial.client("yan", "update_metadata", { metadata: { team: "blue" } });
  const filtered = (filter) => device.call("getUsersList", "", 1, 20, filter).then(({ statusCode, users }) =>
    ({ statusCode, users: users?.map(({ userId }) => userId) }));
  await report.step("getUsersList, filtered by metadata", { statusCode: 200, users: ["yan"] },
    () => filtered({ metaDataKey: "team", metaDataValues: ["red", "blue"] }));
  await report.step("getUsersList, filtered by metadata that nobody has", { statusCode: 200, users: [] },
    () => filtered({ metaDataKey: "team", metaDataValues: ["green"] }));
  const muted = async () => (await device.call("getUsersList", "", 1, 20)).users
    ?.filter(({ isMuted }) => isMuted).map(({ userId }) => userId);
  for (const [isMuted, users] of [[true, ["ben"]], [false, []]]) {
    await report.step(`updateMuteNotification ${isMuted}, seen in getUsersList`, { statusCode: 200, users }, async () => {
      const { statusCode } = await device.call("updateMuteNotification", [`ben@${trial.settings.host}`], isMuted);
      return { statusCode, users: await muted() };
    });
    const mutedChats = users.map((chatId) => ({ chatId, chatType: "chat" }));
    await report.step(`getMutedUsers after updateMuteNotification ${isMuted}`, { statusCode: 200, muteSettingStatus: false, mutedChats }, async () => {
      const { statusCode, data } = await device.call("getMutedUsers");
      return { statusCode, muteSettingStatus: data?.muteSettingStatus, mutedChats: data?.mutedChats };
    });
  }
  await trial.client("yan", "close");
  await device.close();

  const social = await browser.device();
  for (const user of ["fay", "gus"]) await live.server("create", { user });
  await live.server("set_profile", { user: "gus", nickName: "Gus" });
  await live.server("make_contact", { user: "fay", other: "gus" });
  await social.online("fay");
  await report.step("getFriendsList", { statusCode: 200, hasGus: true }, async () => {
    const { statusCode, data } = await social.call("getFriendsList");
    return { statusCode, hasGus: data?.users?.some((user) => user.userId === "gus" && user.nickName === "Gus") };
  });
  await report.step("friendsListListener", true,
    async () => (await social.hears("friendsListListener")).users.some((user) => user.userId === "gus"));
  await report.step("getRegisteredUsers, the same by its older name", { statusCode: 200, hasGus: true }, async () => {
    const { statusCode, data } = await social.call("getRegisteredUsers");
    return { statusCode, hasGus: data?.users?.some((user) => user.userId === "gus") };
  });
  await report.step("syncContacts", { statusCode: 200, message: "Success" }, () => social.call("syncContacts", "gus"));
  await social.close();
}
