// Leaving: logging out, deleting the account, and coming back after it.
import { eventually } from "../driver/log.mjs";

export async function run({ live, browser, report }) {
  const device = await browser.device();
  await device.online("eddy");
  await report.step("logout", { statusCode: 200, message: "Success" }, () => device.call("logout"));
  await report.step("connectionListener: logged out", { status: "DISCONNECTED" },
    () => device.hears("connectionListener", { status: "DISCONNECTED" }));
  // The page is notified before the server sees the end of the connection. The wait is shorter than the server's own.
  await report.step("the server has no session left", 0,
    () => eventually(() => live.server("sessions", { user: "eddy" }), (count) => count === 0, 5_000));
  await device.close();

  await live.server("create", { user: "lou" });
  await live.server("create", { user: "fran" });
  await live.server("make_contact", { user: "lou", other: "fran" });
  const friend = await browser.device();
  await friend.online("fran");
  await live.online("fran in Rust", "fran");
  const leaver = await browser.device();
  await leaver.online("lou");
  await leaver.call("setUserProfile", "Lou", "", "s", "1", "lou@example.com");
  await report.step("deleteMyAccount without a reason", { statusCode: 400, message: "reason is not valid or required" },
    () => leaver.call("deleteMyAccount", ""));
  leaver.traffic.forget();
  await report.step("deleteMyAccount", { statusCode: 200, message: "Success" }, () => leaver.call("deleteMyAccount", "done", "thanks"));
  await report.step("the account is gone", false, () => live.server("exists", { user: "lou" }));
  const gone = `lou@${live.settings.host}`;
  await report.step("others are told at once: the browser", gone, () => friend.hears("userDeletedListener"));
  await report.step("others are told at once: Rust", gone, () => live.hears("fran in Rust", "userDeletedListener", gone));
  await report.step("the profile is no longer there for others", { statusCode: 400, message: "User not available" },
    () => friend.call("getUserProfile", "lou"));
  // Apps then log out with the invalid token, which leads to a login, and log out again with a malformed token.
  await report.step("logging out of a deleted account settles", 500, async () => (await leaver.call("logout")).statusCode);
  await report.step("with the requests that apps make, and never HTTP 401 from /login", ["GET /logout 401", "POST /login 200", "GET /logout 401"], () =>
    eventually(async () => leaver.traffic.entries.filter(({ http }) => /^(GET|POST) .*\/(logout|login)$/.test(http))
      .map(({ http, status }) => `${http.replace("/api/v1", "")} ${status}`), (asked) => !asked.some((line) => line.endsWith("null")), 2_000));
  await report.step("the login says 400 inside", 400, async () =>
    (await live.server("journal")).findLast((entry) => entry.path === "/login")?.status);
  await leaver.close();
  const again = await browser.device();
  await again.initialise();
  await report.step("registering again gives a fresh account", { statusCode: 200, updated: 0 }, async () => {
    const { statusCode, data } = await again.call("register", "lou");
    again.credentials = data;
    return { statusCode, updated: data?.isProfileUpdated };
  });
  await report.step("which connects and has no name", { statusCode: 200, nickName: "" }, async () => {
    const { statusCode } = await again.connect();
    return { statusCode, nickName: (await again.call("getUserProfile", "lou")).data?.nickName };
  });
  await live.client("fran in Rust", "close");
  for (const page of [again, friend]) await page.close();
}
