// The page of the local server: users, the live journal, and tools.
import { call } from "./api.js";
import { attempt, byId, copy, element } from "./dom.js";
import { showEntry, showUser } from "./entry.js";
import * as journal from "./journal.js";
import * as tools from "./tools.js";
import * as users from "./users.js";

// An address without its scheme, and not too long; the button copies all of it.
function short(value) {
  const bare = value.replace(/^\w+:\/\//, "");
  return bare.length > 30 ? `${bare.slice(0, 29)}…` : bare;
}

function drawAddresses(info) {
  const addresses = { REST: info.apiBaseUrl, XMPP: info.tls?.websocketUrl ?? info.websocketUrl, licence: info.licenceKey, domain: info.xmppDomain };
  byId("addresses").replaceChildren(...Object.entries(addresses).map(([name, value]) => element("li", {},
    element("button", { type: "button", title: "Copy", "aria-label": `Copy ${name} ${value}`, onclick: () => copy(value) },
      element("span", {}, name), short(value)))));
}

let isConnected = false;
async function drawHealth() {
  const health = byId("health");
  try {
    const { sessions, users: count, version } = await call("GET", "/health");
    byId("health-text").textContent = `${version} · ${count} users · ${sessions} sessions`;
    health.firstElementChild.className = `dot ${isConnected ? "on" : ""}`;
  } catch {
    byId("health-text").textContent = "the server does not answer";
    health.firstElementChild.className = "dot off";
  }
}

const openUser = (id) => showUser(id, {
  changed: async (changed) => {
    await users.load();
    await showUser(changed, { changed: openUser, journal: journal.showUser }).catch(() => {});
  },
  journal: journal.showUser,
});

byId("theme").addEventListener("click", () => {
  const { documentElement: root } = document;
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
});
const theme = localStorage.getItem("theme");
if (theme) document.documentElement.dataset.theme = theme;

await attempt(async () => {
  drawAddresses(await call("GET", "/info"));
  await users.start(openUser);
  await tools.start(async () => { await users.load(); location.reload(); });
  await journal.start(showEntry, (is) => { isConnected = is; drawHealth(); });
});
drawHealth();
document.body.dataset.ready = "true";

// What changes by itself is read again while the page is looked at.
setInterval(() => {
  if (document.hidden) return;
  drawHealth();
  users.load().catch(() => {});
  tools.load().catch(() => {});
}, 4000);
