// Connecting, tokens, and the reasons to be refused.
export async function run({ live, browser, report }) {
  const device = await browser.device();
  await device.initialise();
  const { data } = await device.call("register", "cora");
  const refusal = async (...args) => {
    const outcome = await device.call("connect", ...args);
    return outcome.rejected ?? outcome;
  };
  await report.step("without a password", { statusCode: 400, message: "password is not valid or required" },
    () => refusal(data.username, ""));
  await report.step("wrong password", 400, async () => (await refusal(data.username, "wrong")).statusCode);
  await report.step("good credentials", { statusCode: 200, message: "Login Success" },
    () => device.call("connect", data.username, data.password));
  await report.step("connectionListener", { status: "CONNECTED" }, () => device.hears("connectionListener"));
  await report.step("twice", { statusCode: 409, message: "Already Logged In" },
    () => refusal(data.username, data.password));
  await report.step("getCurrentUserJid", 200, async () => {
    const { statusCode, userJid } = await device.call("getCurrentUserJid");
    return userJid.startsWith(`cora@${live.settings.host}`) ? statusCode : userJid;
  });
  await report.step("getJid", { statusCode: 200, message: "Success", userJid: `bob@${live.settings.host}` },
    () => device.call("getJid", "bob"));
  let token;
  await report.step("getUserToken", 200, async () => {
    const outcome = await device.call("getUserToken", data.username, data.password);
    token = outcome.userToken;
    return token?.split(".").length === 3 ? outcome.statusCode : outcome;
  });
  await report.step("getUserToken with a wrong password", true,
    async () => (await device.call("getUserToken", data.username, "wrong")).statusCode !== 200);
  await report.step("setUserToken", { statusCode: 200, message: "Success" }, () => device.call("setUserToken", token));
  await report.step("setUserToken without a token", { statusCode: 400, message: "token is not valid or required" },
    () => device.call("setUserToken", ""));
  await report.step("an expired token is refreshed without a word", { statusCode: 200, logins: 1 }, async () => {
    await live.server("expire_tokens", { user: "cora" });
    await live.server("forget");
    const { statusCode } = await device.call("getUserProfile", "cora");
    const sent = await live.server("journal");
    return { statusCode, logins: sent.filter((entry) => entry.path === "/login").length };
  });
  await report.step("getAvailableFeatures", true, async () => (await device.call("getAvailableFeatures")).data?.isBlockEnabled);
  await device.close();

  const barred = await browser.device();
  await barred.initialise();
  const account = (await barred.call("register", "barry")).data;
  await live.server("admin_block", { user: "barry", blocked: true });
  await report.step("an admin-blocked user", 403, async () => {
    const outcome = await barred.call("connect", account.username, account.password);
    return (outcome.rejected ?? outcome).statusCode;
  });
  await report.step("registering an admin-blocked user", 403, async () => (await barred.call("register", "barry")).statusCode);
  await barred.close();
}
