// Registration: new, again, refused identifiers, the session limit, metadata.
import { find } from "./operations.mjs";

export async function run({ live, browser, report }) {
  const device = await browser.device();
  await device.initialise();
  const host = live.settings.host;
  const register = async (...args) => {
    const { statusCode, message, data } = await device.call("register", ...args);
    return { statusCode, message, username: data?.username, jid: data?.userJid, updated: data?.isProfileUpdated };
  };
  await report.step("a new user", { statusCode: 200, message: "Success", username: "rita", jid: `rita@${host}`, updated: 0 },
    () => register("rita"));
  await live.server("set_profile", { user: "rita", nickName: "Rita" });
  await report.step("again, with a profile", { statusCode: 200, message: "Success", username: "rita", jid: `rita@${host}`, updated: 1 },
    () => register("rita"));
  const refused = [
    ["an empty identifier", "", "User identifier is empty, Please pass valid user identifier"],
    ["an identifier with a space", "ri ta", "User identifier should not contain the whitespaces"],
    ["an identifier with a capital letter", "Rita",
      "User identifiers can only contain lowercase alphanumeric characters, hyphens (-), and underscores (_)."],
  ];
  for (const [name, identifier, message] of refused) {
    await report.step(name, { statusCode: 400, message }, () => device.call("register", identifier));
  }
  await report.step("metadata of a wrong type", { statusCode: 400, message: "metaDataType should be Valid data type" },
    () => device.call("register", "rita", true, { a: {} }));
  await report.step("metadata is kept", { statusCode: 200, team: "blue" }, async () => {
    const registered = await device.call("register", "meta", true, { team: "blue" });
    await device.call("connect", registered.data.username, registered.data.password);
    await device.hears("connectionListener", { status: "CONNECTED" });
    const outcome = await device.call("getMetaData");
    return { statusCode: outcome.statusCode, team: find(outcome, "team") };
  });
  await device.close();

  await live.server("session_limit", { limit: 1 });
  await live.server("register", { user: "solo" });
  const late = await browser.device();
  await late.initialise();
  await report.step("at the session limit", { statusCode: 405, message: "You have reached maximum sessions allowed." },
    () => late.call("register", "solo", false));
  // The SDK compares the text of the message, so the code is read from the server's answer.
  await report.step("at the session limit, the server's own code", 405, async () =>
    (await live.server("journal")).findLast((entry) => entry.path === "/register")?.status);
  await report.step("at the session limit, forced", 200, async () => (await late.call("register", "solo", true)).statusCode);
  await live.server("session_limit", { limit: 5 });
  await late.close();
}
