// Every operation of a connected user, good and bad.

// One red pixel.
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";

const SUCCESS = { statusCode: 200, message: "Success" };

export async function run({ live, browser, report }) {
  const { host } = live.settings;
  const device = await browser.device();
  await live.server("create", { user: "oscar" });
  await live.server("set_profile", { user: "oscar", nickName: "Oscar", status: "At work", email: "o@example.com", mobileNumber: "15550102" });
  await live.server("create", { user: "gone" });
  await device.online("olga");
  const call = (...args) => device.call(...args);
  const oscar = `oscar@${host}`;
  const olga = { nickName: "Olga", image: "", status: "Available", mobileNumber: "15550100", email: "olga@example.com" };

  await report.step("setUserProfile with strings", { ...SUCCESS, fileToken: "", fileTokenThumb: "" },
    () => call("setUserProfile", ...Object.values(olga)));
  await report.step("the server opened what the browser sealed", olga, () => live.server("profile", { user: "olga" }));
  await report.step("userProfileListener tells one's own change", "Olga",
    async () => (await device.hears("userProfileListener", { userId: "olga" })).nickName);
  const address = "https://images.example/olga.png";
  await report.step("setUserProfile with the address of an image", { ...SUCCESS, fileToken: address, fileTokenThumb: address },
    () => call("setUserProfile", "Olga", address, "Available", "15550100", "olga@example.com"));
  await report.step("which others are shown as it is", address, async () => (await live.server("profile", { user: "olga" })).image);
  let token;
  await report.step("setUserProfile with a File", true, async () => {
    const file = { $file: "olga.png", type: "image/png", base64: PNG };
    const outcome = await call("setUserProfile", "Olga", file, "Available", "15550100", "olga@example.com");
    token = outcome.fileToken;
    return outcome.statusCode === 200 && token?.length > 0 ? true : outcome;
  });
  await report.step("the uploaded image is the file, byte for byte", { status: 200, type: "image/png", body: PNG }, async () => {
    const { userToken } = await call("getUserToken", device.credentials.username, device.credentials.password);
    const answer = await fetch(`${live.settings.apiBaseUrl}/media/${token}`, { headers: { authorization: userToken } });
    return {
      status: answer.status, type: answer.headers.get("content-type"),
      body: Buffer.from(await answer.arrayBuffer()).toString("base64"),
    };
  });
  await report.step("setUserProfile with a bad e-mail address", { statusCode: 400, message: "email is not valid or required" },
    () => call("setUserProfile", "Olga", "", "s", "1", "bad"));

  const profile = async (user) => {
    const { statusCode, message, data } = await call("getUserProfile", user);
    return data ? { statusCode, nickName: data.nickName, email: data.email, mobileNumber: data.mobileNumber, status: data.status } : { statusCode, message };
  };
  await report.step("getUserProfile of oneself", { statusCode: 200, nickName: "Olga", email: "olga@example.com", mobileNumber: "15550100", status: "Available" },
    () => profile("olga"));
  await report.step("getUserProfile of somebody else", { statusCode: 200, nickName: "Oscar", email: "o@example.com", mobileNumber: "15550102", status: "At work" },
    () => profile("oscar"));
  await report.step("getUserProfile of nobody", { statusCode: 400, message: "User not available" }, () => profile("nobody"));
  await report.step("getUserProfile of a deleted user", { statusCode: 400, message: "User not available" }, async () => {
    await live.server("delete", { user: "gone" });
    return profile("gone");
  });
  await report.step("getUserProfile without a user", { statusCode: 400, message: "userId is not valid or required" }, () => profile(""));

  await report.step("getLastSeen of somebody offline", { statusCode: 200, offline: true }, async () => {
    const { statusCode, data } = await call("getLastSeen", oscar);
    return { statusCode, offline: data?.seconds > 0 };
  });
  await live.online("oscar", "oscar");
  await report.step("getLastSeen of somebody online", { ...SUCCESS, data: { fromUserJid: oscar, seconds: 0 } },
    () => call("getLastSeen", oscar));
  await report.step("getLastSeen of no address", { statusCode: 400, message: "toUserJid format is invalid" }, () => call("getLastSeen", "oscar"));

  await report.step("blockUser", SUCCESS, () => call("blockUser", oscar));
  await report.step("the server has the block", true, () => live.server("has_blocked", { user: "olga", other: "oscar" }));
  await report.step("getUsersIBlocked", { ...SUCCESS, data: [{ jid: oscar }] }, () => call("getUsersIBlocked"));
  await report.step("unblockUser", SUCCESS, () => call("unblockUser", oscar));
  await report.step("getUsersIBlocked when nobody is", { ...SUCCESS, data: [] }, () => call("getUsersIBlocked"));
  await live.client("oscar", "block", { user: "olga" });
  await report.step("getUsersWhoBlockedMe", { ...SUCCESS, data: [{ jid: oscar }] }, () => call("getUsersWhoBlockedMe"));
  await live.client("oscar", "unblock", { user: "olga" });
  await report.step("getUsersWhoBlockedMe when nobody does", { ...SUCCESS, data: [] }, () => call("getUsersWhoBlockedMe"));
  await report.step("blockUser of no address", { statusCode: 400, message: "toUserJid format is invalid" }, () => call("blockUser", "oscar"));

  await report.step("sendFeedback", SUCCESS, () => call("sendFeedback", "Praise", "It works"));
  await report.step("sendFeedback without a title", { statusCode: 400, message: "title is not valid or required" }, () => call("sendFeedback", "", "d"));
  const message = { msgId: "m1", message: "", msgType: "text", publisherId: "oscar", filename: "", timestamp: 1 };
  await report.step("reportUserOrGroup", SUCCESS, () => call("reportUserOrGroup", oscar, "chat", [message]));
  await report.step("reportUserOrGroup of a group", SUCCESS, () => call("reportUserOrGroup", `g1@mix.${host}`, "groupchat", [message]));
  await report.step("reportUserOrGroup without messages", { statusCode: 400, message: "Invalid data value." },
    () => call("reportUserOrGroup", oscar, "chat", []));
  await report.step("setMediaEncryption", SUCCESS, () => call("setMediaEncryption", true));
  await report.step("setMediaEncryption with a word", { statusCode: 400, message: "status should be Valid data type" }, () => call("setMediaEncryption", "x"));

  await report.step("updateUserSettings", SUCCESS, () => call("updateUserSettings", true));
  await report.step("getUserSettings", { ...SUCCESS, data: { archive: 1 } }, () => call("getUserSettings"));
  await report.step("updateMetaData", 200, async () => (await call("updateMetaData", { team: "red" })).statusCode);
  await report.step("getMetaData", { statusCode: 200, team: "red" }, async () => {
    const outcome = await call("getMetaData");
    return { statusCode: outcome.statusCode, team: find(outcome, "team") };
  });
  await device.close();

  const poor = await browser.device();
  for (const feature of ["block", "report"]) await live.server("plan", { feature, enabled: false });
  await poor.online("petra");
  const gated = { statusCode: 403, message: "Feature unavailable for your plan" };
  await report.step("blockUser outside the plan", gated, () => poor.call("blockUser", oscar));
  await report.step("reportUserOrGroup outside the plan", gated, () => poor.call("reportUserOrGroup", oscar, "chat", [message]));
  for (const feature of ["block", "report"]) await live.server("plan", { feature, enabled: true });
  await poor.close();
}

// At any place in the answer.
export function find(value, name) {
  if (typeof value !== "object" || value === null) return undefined;
  return name in value ? value[name] : Object.values(value).map((part) => find(part, name)).find((found) => found !== undefined);
}
