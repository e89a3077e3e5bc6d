// Chromium, and pages with the official SDK in them. Nothing leaves the machine: requests to other hosts are refused and recorded.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { chromium } from "playwright-core";
import { Device } from "./device.mjs";

const LICENCE_HOST = "api-config.mirrorfly.com";
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
  // Other paths do not exist.
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE *.localhost",
];

// The page is served from a port of its own, so that every request to the server crosses origins as an app's does.
async function servePage(peers) {
  const root = new URL("../", import.meta.url);
  const files = {
    "/sdk.js": [new URL("node_modules/mirrorfly-sdk/build/index.js", root), "text/javascript"],
    "/page.js": [new URL("page/page.js", root), "text/javascript"],
  };
  const html = await readFile(new URL("page/index.html", root), "utf8");
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const file = files[pathname];
    if (file) {
      response.writeHead(200, { "content-type": `${file[1]}; charset=utf-8` });
      response.end(await readFile(file[0]));
    } else if (peers[pathname.slice(1)]) {
      const { licenceScript } = peers[pathname.slice(1)].settings;
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
      response.end(peers[pathname.slice(1)].html ?? html.replace("/licence.js", licenceScript));
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

export class Browser {
  #peers;
  #browser;
  #pages;
  refused = [];

  static async start(peers) {
    const browser = new Browser();
    browser.#peers = peers;
    browser.#pages = await servePage(peers);
    const trusted = Object.values(peers).map(({ settings }) => settings.authorityHash).join(",");
    browser.#browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [...FLAGS, `--ignore-certificate-errors-spki-list=${trusted}`],
    });
    return browser;
  }

  // Pages that reach a server at another address.
  add(name, peer) {
    this.#peers[name] = peer;
  }

  async device(peerName = "live") {
    return (await this.blank(peerName)).open();
  }

  // A device whose page is not open yet.
  async blank(peerName = "live") {
    const context = await this.#browser.newContext();
    const peer = this.#peers[peerName];
    await context.route(({ hostname }) => !/^(127\.0\.0\.1|(.+\.)?localhost)$/.test(hostname), async (route) => {
      const url = new URL(route.request().url());
      if (url.hostname !== LICENCE_HOST) {
        this.refused.push(url.origin);
        return route.abort();
      }
      const answer = await fetch(new URL(peer.settings.licenceUrl).origin + url.pathname + url.search);
      return route.fulfill({
        status: answer.status, contentType: "application/json", body: await answer.text(),
        headers: { "access-control-allow-origin": "*" },
      });
    });
    const address = `http://127.0.0.1:${this.#pages.address().port}/${peerName}`;
    return new Device(await context.newPage(), context, peer, address);
  }

  // A page without the SDK. `problems` has what the browser complained of.
  async plainPage(options = {}) {
    const page = await this.#browser.newPage(options);
    page.problems = [];
    page.on("pageerror", (error) => page.problems.push(error.message));
    // A refused request is reported, too; the steps provoke some.
    page.on("console", (message) => {
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) page.problems.push(message.text());
    });
    return page;
  }

  async stop() {
    await this.#browser?.close();
    this.#pages?.closeAllConnections();
    this.#pages?.close();
  }
}
