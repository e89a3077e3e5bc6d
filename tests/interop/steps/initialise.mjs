// Initialising, with good and bad licences, and calls that are refused before.
export async function run({ live, trial, browser, report }) {
  const device = await browser.device();
  await report.step("a call before initialising", {
    statusCode: 400, message: "License key is not configured, Please configure license key in initializeSDK.",
  }, () => device.call("getUserProfile", "u2"));
  await report.step("without a licence key", { statusCode: 400, message: "License key cannot be null or empty" },
    () => device.call("initializeSDK", {}));
  await report.step("without options", { statusCode: 500, message: "Option Params Missing/Invalid" }, () => device.call("initializeSDK", null));
  await report.step("a base URL with a port, which an app may not pass", { statusCode: 400, message: "Invalid api base url" },
    () => device.initialise({ apiBaseUrl: live.settings.apiBaseUrl }));
  await report.step("live licence, from the cache that licence.js fills", { statusCode: 200, message: "Success" },
    () => device.initialise());
  await report.step("a call before registering", {
    statusCode: 400,
    message: "Not registered with MirrorFly SDK, Please call SDK.register() or SDK.connect() method before call this function",
  }, () => device.call("getUserProfile", "u2"));
  await device.close();

  const cold = await browser.device();
  await cold.page.evaluate(() => localStorage.clear());
  await report.step("live licence, looked up", { statusCode: 200, message: "Success" }, () => cold.initialise());
  await cold.close();

  const wrong = await browser.device();
  await wrong.page.evaluate(() => localStorage.clear());
  await report.step("an unknown licence is refused", true,
    async () => (await wrong.initialise({ licenseKey: "not-a-licence" })).statusCode !== 200);
  await wrong.close();

  const tried = await browser.device("trial");
  await report.step("trial licence, looked up", { statusCode: 200, message: "Success" }, () => tried.initialise());
  await report.step("registering on the trial plan", { statusCode: 200, username: "tess", isSandbox: true }, async () => {
    const { statusCode, data } = await tried.call("register", "tess");
    tried.credentials = data;
    return { statusCode, username: data?.username, isSandbox: data?.isSandbox };
  });
  await report.step("connecting on the trial plan", { statusCode: 200, message: "Login Success" },
    () => tried.call("connect", tried.credentials.username, tried.credentials.password));
  await report.step("the trial server sees the browser online", true, async () => {
    await tried.hears("connectionListener", { status: "CONNECTED" });
    await tried.call("getUserSettings");
    return trial.server("is_online", { user: "tess" });
  });
  await tried.close();
}
