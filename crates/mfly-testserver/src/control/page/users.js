// The list of users.
import { call } from "./api.js";
import { attempt, byId, element } from "./dom.js";

let users = [];
let current;
let open = () => {};

export function start(onOpen) {
  open = onOpen;
  return load();
}

export async function load() {
  const all = [];
  for (let after = ""; ;) {
    const page = await call("GET", `/users?limit=1000${after}`);
    all.push(...page.users);
    if (!page.next) break;
    after = `&after=${encodeURIComponent(page.next)}`;
  }
  users = all;
  byId("user-names").replaceChildren(...users.slice(0, 500).map(({ id }) => element("option", { value: id })));
  draw();
}

function draw() {
  const wanted = byId("users-find").value.toLowerCase();
  const onlyOnline = byId("users-online").checked;
  const shown = users.filter((user) => (!onlyOnline || user.online)
    && (user.id.includes(wanted) || user.profile.nickName.toLowerCase().includes(wanted)));
  shown.sort((one, other) => other.online - one.online || (one.id < other.id ? -1 : 1));
  byId("users-count").textContent = `${users.filter(({ online }) => online).length} of ${users.length} online`;
  byId("users-list").replaceChildren(...shown.slice(0, 1000).map((user) => {
    const where = user.adminBlocked ? "blocked" : user.sessions.length > 1 ? `${user.sessions.length} sessions`
      : user.blocks.length ? `blocks ${user.blocks.length}` : "";
    const name = user.profile.nickName && user.profile.nickName !== user.id ? `${user.id} · ${user.profile.nickName}` : user.id;
    return element("li", {}, element("button", {
      type: "button", "aria-current": String(user.id === current), onclick: () => attempt(() => choose(user.id)),
    },
    element("span", { class: `dot ${user.online ? "on" : user.adminBlocked ? "off" : ""}`, role: "img", "aria-label": user.online ? "online" : "offline" }),
    element("span", { class: "name" }, name), element("span", { class: "where" }, where)));
  }));
}

async function choose(id) {
  current = id;
  draw();
  await open(id);
}

byId("users-find").addEventListener("input", draw);
byId("users-online").addEventListener("change", draw);
byId("users-add").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  attempt(async () => {
    const { id, password } = Object.fromEntries(new FormData(form));
    await call("POST", "/users", { id, ...(password ? { password } : {}) });
    form.reset();
    await load();
    await choose(id);
  }, "The user was added.");
});
