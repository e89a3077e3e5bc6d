// Connecting, tokens, and the reasons to be refused.
import { eventually } from "../driver/log.mjs";

const AUTHFAIL = { status: "AUTHFAIL", statusCode: 401, errorMessage: "Invalid Credentials" };

export async function run({ live, browser, report }) {
  const device = await browser.device();
  await device.initialise();
  await device.register("cora");
  const data = device.credentials;
  const refusal = async (...args) => {
    const outcome = await device.call("connect", ...args);
    return outcome.rejected ?? outcome;
  };
  await report.step("without a password", { statusCode: 400, message: "password is not valid or required" },
    () => refusal(data.username, ""));
  await report.step("wrong password", 400, async () => (await refusal(data.username, "wrong")).statusCode);
  await refusedByXmpp({ live, browser, report });
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
  await report.step("a reload: connecting without registering fetches the configuration, sealed with the user's name",
    { statusCode: 200, message: "Login Success", asked: ["POST /api/v1/login", "GET /api/v1/users/config"] }, async () => {
      const page = await browser.device();
      await page.initialise();
      const outcome = await page.call("connect", data.username, data.password);
      const asked = page.traffic.entries.map(({ http }) => http).filter((http) => /login|config/.test(http) && !http.startsWith("OPTIONS"));
      await page.close();
      return { ...outcome, asked };
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

// A password that only XMPP looks at: `login` begins there, and `connect` gets that far when REST is made to accept everything.
async function refusedByXmpp({ live, browser, report }) {
  const refused = { statusCode: 401, message: "Invalid Credentials" };
  const early = await browser.device();
  await early.initialise();
  await early.register("sasha");
  await report.step("login, which begins with XMPP: wrong password", refused, () => early.call("login", "sasha", "wrong"));
  await report.step("connectionListener: refused by XMPP", AUTHFAIL, () => early.hears("connectionListener"));
  await early.close();

  const late = await browser.device();
  await late.initialise();
  await late.register("sasha");
  const acceptEverything = () => live.server("garble_request", {
    path: "/login", body: JSON.stringify({ status: 200, message: "Success", data: { token: "t" } }),
  });
  await acceptEverything();
  await report.step("connect: accepted by REST, refused by XMPP alone", refused, () => late.call("connect", "sasha", "wrong"));
  await report.step("connectionListener: refused by XMPP alone", AUTHFAIL, () => late.hears("connectionListener"));
  await report.step("the SDK does not try again, and there is no session", { sockets: 1, sessions: 0 }, async () => {
    const sockets = late.traffic.frames("sent").filter((frame) => frame.startsWith("<auth")).length;
    return { sockets, sessions: await eventually(() => live.server("sessions", { user: "sasha" }), (count) => count === 0, 1_000) };
  });
  await report.step("Rust is refused in the same way", refused, async () => {
    await live.client("sasha in Rust", "register", { user: "sasha" });
    await acceptEverything();
    return (await live.client("sasha in Rust", "connect", { user: "sasha", password: "wrong" })).failed;
  });
  await report.step("the right password is accepted after that", { statusCode: 200, message: "Login Success" }, () => late.connect());
  await late.close();
}
