// Leaving: logging out, deleting the account, and coming back after it.
import { eventually } from "../driver/log.mjs";

export async function run({ live, browser, report }) {
  const device = await browser.device();
  await device.online("eddy");
  await report.step("logout", { statusCode: 200, message: "Success" }, () => device.call("logout"));
  await report.step("connectionListener: logged out", { status: "DISCONNECTED" },
    () => device.hears("connectionListener", { status: "DISCONNECTED" }));
  // The page is told before the server sees the connection close. Sooner than the server would end the session by itself.
  await report.step("the server has no session left", 0,
    () => eventually(() => live.server("sessions", { user: "eddy" }), (count) => count === 0, 5_000));
  await device.close();

  const leaver = await browser.device();
  await leaver.online("lou");
  await leaver.call("setUserProfile", "Lou", "", "s", "1", "lou@example.com");
  await report.step("deleteMyAccount without a reason", { statusCode: 400, message: "reason is not valid or required" },
    () => leaver.call("deleteMyAccount", ""));
  await report.step("deleteMyAccount", { statusCode: 200, message: "Success" }, () => leaver.call("deleteMyAccount", "done", "thanks"));
  await report.step("the account is gone", false, () => live.server("exists", { user: "lou" }));
  await leaver.close();
  const again = await browser.device();
  await again.initialise();
  await report.step("registering again gives a fresh account", { statusCode: 200, updated: 0 }, async () => {
    const { statusCode, data } = await again.call("register", "lou");
    return { statusCode, updated: data?.isProfileUpdated };
  });
  await again.close();
}
