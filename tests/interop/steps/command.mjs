// The command `mfly-testserver`, used as the README says.
export async function run({ browser, report }) {
  const device = await browser.device("local");
  await report.step("what it prints is enough for a page", { statusCode: 200, message: "Success" }, () => device.initialise());
  await report.step("registering", 200, async () => {
    const { statusCode, data } = await device.call("register", "nora");
    device.credentials = data;
    return statusCode;
  });
  await report.step("connecting over TLS", { statusCode: 200, message: "Login Success" },
    () => device.call("connect", device.credentials.username, device.credentials.password));
  await report.step("connectionListener", { status: "CONNECTED" }, () => device.hears("connectionListener"));
  await report.step("setUserProfile", 200,
    async () => (await device.call("setUserProfile", "Nora", "", "Hello", "1", "nora@example.com")).statusCode);
  await report.step("getUserProfile", "Nora", async () => (await device.call("getUserProfile", "nora")).data?.nickName);
  await device.close();
}
