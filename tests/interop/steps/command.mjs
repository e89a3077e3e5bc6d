// The command `mfly-testserver` and a page, used as the README says.
import { readFile, writeFile } from "node:fs/promises";
import { connect } from "node:tls";
import { Command } from "../driver/command.mjs";

export async function run({ local, browser, report, command }) {
  const { settings } = local;
  await report.step("the README's lines for a web app are five", 5, async () => local.lines.length);
  await report.step("the printed authority is in the file that is named", true,
    async () => (await readFile(settings.authorityFile, "utf8")).trim() === settings.authority);
  for (const host of ["localhost", "127.0.0.1"]) {
    await report.step(`and has signed the certificate for ${host}`, true, () => isTrusted(settings, host));
  }
  const device = await browser.device("local");
  await report.step("a page with the README's lines is initialised by them", { statusCode: 200, username: "nora" }, async () => {
    const { statusCode, message, data } = await device.call("register", "nora");
    device.credentials = data;
    return data ? { statusCode, username: data.username } : { statusCode, message };
  });
  await report.step("and connects over TLS", { statusCode: 200, message: "Login Success" }, () => device.connect());
  await report.step("setUserProfile", 200,
    async () => (await device.call("setUserProfile", "Nora", "", "Hello", "1", "nora@example.com")).statusCode);
  await report.step("getUserProfile", "Nora", async () => (await device.call("getUserProfile", "nora")).data?.nickName);
  await device.close();
  await another({ settings, browser, report, command });
}

// A second start with other flags: another host, users from a file, a smaller plan.
async function another({ settings, browser, report, command }) {
  const users = settings.authorityFile.replace(/[^/]+$/, "users.json");
  await writeFile(users, JSON.stringify([{ id: "alice", nick_name: "Alice", status: "From a file" }]));
  const started = await Command.start(command, [
    "--listen", "127.0.0.1:0", "--control-listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0", "--authority", settings.authorityFile, "--users", users,
    "--xmpp-host", "chat.localhost", "--disable", "report", "--session-limit", "1", "--token-lifetime", "1",
  ]);
  try {
    browser.add("another", started);
    const device = await browser.device("another");
    await report.step("another start with the same authority is trusted, under another host", "bea@chat.localhost", async () => {
      await device.online("bea");
      return (await device.call("getCurrentUserJid")).userJid;
    });
    await report.step("users of a file are there", { nickName: "Alice", status: "From a file" }, async () => {
      const { data } = await device.call("getUserProfile", "alice");
      return { nickName: data?.nickName, status: data?.status };
    });
    await report.step("a feature that was taken out of the plan", { statusCode: 403, message: "Feature unavailable for your plan" },
      () => device.call("reportUserOrGroup", "alice@chat.localhost", "chat", []));
    await report.step("the session limit", { statusCode: 405, message: "You have reached maximum sessions allowed." },
      () => device.call("register", "bea", false));
    await report.step("a token of one second is renewed as often as it takes", [200, 200], async () => {
      const statuses = [];
      for (const _ of [1, 2]) {
        await new Promise((resolve) => setTimeout(resolve, 1_200));
        statuses.push((await device.call("getUserProfile", "alice")).statusCode);
      }
      return statuses;
    });
    await device.close();
  } finally {
    await started.stop();
  }
}

// A TLS handshake that believes the authority alone.
function isTrusted({ websocketTls, authority }, host) {
  return new Promise((resolve, reject) => {
    const servername = host === "localhost" ? host : undefined;
    const socket = connect({ host, port: new URL(websocketTls).port, ca: authority, servername }, () => {
      resolve(socket.authorized);
      socket.end();
    });
    socket.on("error", reject);
  });
}
