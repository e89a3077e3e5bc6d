// Logging in by a code: the official SDK draws it, a Rust client reads it from the pixels, approves it, and later ends the session.
import { eventually } from "../driver/log.mjs";

// One red pixel, which the official SDK stretches to its 50 × 50.
const LOGO = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";

export async function run({ live, browser, report }) {
  const { host, signallingUrl } = live.settings;
  await live.online("quin's phone", "quin");
  const device = await browser.device();
  await device.initialise();

  let image;
  await report.step("generateQrCode draws a code with the logo in it", true, async () => {
    const outcome = await device.page.evaluate(([url, logo]) => window.showCode(url, logo), [signallingUrl, LOGO]);
    image = await eventually(() => device.page.evaluate(() => window.shownCode()), (shown) => shown !== null);
    return image !== null ? true : { outcome, errors: device.errors };
  });
  let socketId;
  await report.step("Rust reads the code from the pixels and approves it", { browser: true, platform: true }, async () => {
    const approved = await live.client("quin's phone", "approve_qr", { image });
    if (approved.failed) return approved;
    socketId = approved.socketId;
    const platform = await device.page.evaluate(() => navigator.userAgent);
    return { browser: approved.browser?.length > 0, platform: approved.platform === platform };
  });
  let password;
  await report.step("generateQrCode's callback", { statusCode: 200, username: "quin", hasPassword: true }, async () => {
    const outcome = await device.hears("generateQrCode");
    password = outcome.password;
    return { statusCode: outcome.statusCode, username: outcome.username, hasPassword: password?.length > 0 };
  });
  await report.step("connectionListener: connected by a code", { status: "CONNECTED" },
    () => device.hears("connectionListener", { status: "CONNECTED" }));
  await report.step("the browser is the user who approved", `quin@${host}`, async () => (await device.call("getCurrentUserJid")).userJid);
  await report.step("the server has both sessions", 2, () => live.server("sessions", { user: "quin" }));
  await report.step("an operation works in the session from a code", 200, async () => (await device.call("getUsersIBlocked")).statusCode);
  await report.step("a code is used up by its approval", 410,
    async () => (await live.client("quin's phone", "approve_qr", { image })).failed?.statusCode);

  await report.step("Rust ends the browser's session: connectionListener without an argument", null, async () => {
    const ended = await live.client("quin's phone", "end_qr_session", { socketId });
    if (ended?.failed) return ended;
    return device.hears("connectionListener", null);
  });
  await report.step("and messageListener tells of the log-out", "logout",
    async () => (await device.hears("messageListener", { msgType: "logout" })).msgType);
  await report.step("logout, as the app was told", 200, async () => (await device.call("logout")).statusCode);
  await report.step("the password that came by the code is no longer accepted", 400, async () => {
    const later = await browser.device();
    await later.initialise();
    const { statusCode } = await later.call("connect", "quin", password);
    await later.close();
    return statusCode;
  });
  await report.step("the phone's own session goes on", [], () => live.client("quin's phone", "blocked"));
  await live.client("quin's phone", "close");
  await device.close();
}
