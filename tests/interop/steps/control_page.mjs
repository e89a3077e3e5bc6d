// The page of the control listener, by its roles and texts, as a person uses it.
import { Server } from "../driver/server.mjs";

export async function run({ browser, report, command, live }) {
  const server = await Server.start(command, ["--control-token", "secret"]);
  try {
    await steps({ server, browser, report, live });
  } finally {
    await server.stop();
  }
}

async function steps({ server, browser, report, live }) {
  const page = await browser.plainPage();
  const text = (locator) => locator.textContent();
  await report.step("the page asks for the token, and then shows the server", "0 of 0 online", async () => {
    await page.goto(server.info.controlUrl);
    await page.getByRole("dialog", { name: /requires a token/ }).locator("input").fill("secret");
    await page.getByRole("button", { name: "Continue" }).click();
    await page.waitForSelector("body[data-ready]");
    return text(page.locator("#users-count"));
  });
  await page.close();

  // The other steps use the server of the other groups, which has sessions.
  const open = await browser.plainPage({ viewport: { width: 1440, height: 900 } });
  await live.online("page", "paula");
  await live.server("create", { user: "bob" });
  await open.goto(live.settings.controlUrl);
  await open.waitForSelector("body[data-ready]");
  await report.step("a user who is online is in the list, and opens with the sessions", true, async () => {
    await open.getByPlaceholder("Find a user").fill("paula");
    await open.getByRole("list", { name: "Users" }).getByRole("button", { name: /^online paula/ }).click();
    const entry = open.getByRole("region", { name: /User paula/ });
    await entry.getByRole("button", { name: "Journal of this user" }).click();
    return (await text(entry)).includes("online");
  });
  await report.step("the frame of a block is found by its operation, and opens in full", [true, "<item jid=\"bob@localhost\"/>"], async () => {
    await live.client("page", "block", { user: "bob" });
    await open.getByRole("combobox", { name: "Operation" }).selectOption("block");
    await open.getByRole("combobox", { name: "Type and direction" }).selectOption("received");
    const row = open.getByRole("option", { name: /block\s*→ <iq type="set"><block>/ });
    await row.first().click();
    const formatted = await text(open.locator("#entry-content pre").first());
    return [await row.first().getAttribute("aria-selected") === "true", formatted.match(/<item[^>]*>/)?.[0]];
  });
  await report.step("entries arrive while the page is open", true, async () => {
    const before = Number((await text(open.locator("#journal-count"))).match(/of (\d+)/)[1]);
    await live.client("page", "last_seen", { user: "bob" });
    await open.waitForFunction((count) => Number(document.querySelector("#journal-count").textContent.match(/of (\d+)/)[1]) > count, before);
    return true;
  });
  await report.step("a fault that is ordered on the page waits at the server, and can be removed there", [["/nowhere", "status", 418], 0], async () => {
    const form = open.getByRole("form", { name: "Add a fault" });
    await form.getByLabel("Kind of the fault").selectOption("status");
    await form.getByLabel("path, such as /login").fill("/nowhere");
    await form.getByLabel("status, such as 503").fill("418");
    await form.getByRole("button", { name: "Add fault" }).click();
    const remove = open.getByRole("button", { name: /Remove the fault \/nowhere/ });
    await remove.waitFor();
    const { faults } = await live.control("GET", "/faults");
    const made = faults.find(({ path }) => path === "/nowhere");
    await remove.click();
    await remove.waitFor({ state: "detached" });
    return [[made.path, made.fault.kind, made.fault.status], (await live.control("GET", "/faults")).faults.length];
  });
  await report.step("a refusal is shown with its reason", true, async () => {
    const form = open.getByRole("form", { name: "Add a fault" });
    await form.getByLabel("path, such as /login").fill("nowhere");
    await form.getByRole("button", { name: "Add fault" }).click();
    const alert = open.getByRole("alert");
    await alert.waitFor();
    return (await text(alert)).startsWith("path: must be a path");
  });
  await report.step("keys move through the journal and reach the filter", [true, "text"], async () => {
    await open.getByRole("combobox", { name: "Operation" }).selectOption("");
    await open.getByRole("listbox", { name: /Journal/ }).focus();
    await open.keyboard.press("Home");
    await open.keyboard.press("j");
    const active = await open.getByRole("listbox", { name: /Journal/ }).getAttribute("aria-activedescendant");
    const isThere = await open.locator(`#${active}`).getAttribute("aria-selected") === "true";
    await open.keyboard.press("/");
    return [isThere, await open.evaluate(() => document.activeElement.name)];
  });
  await report.step("nothing is wider than a phone's screen", 0, async () => {
    await open.setViewportSize({ width: 360, height: 780 });
    return open.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  });
  await report.step("nothing on the page was refused or failed", [], () => open.problems);
  await live.client("page", "close");
  await open.close();
}
