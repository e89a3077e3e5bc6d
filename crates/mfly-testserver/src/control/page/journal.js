// The journal: a list that shows the rows in view only, filters, and following.
import { call, follow } from "./api.js";
import { attempt, byId, element, time } from "./dom.js";

const MOST = 20000;
const entries = [];
let shown = [];
let selected;
let following = true;
let choose = () => {};
const operations = new Set();
let unseen = 0;

const list = byId("journal-list");
const space = byId("journal-space");
const filter = byId("journal-filter");
const rowHeight = () => parseInt(getComputedStyle(document.documentElement).getPropertyValue("--row"), 10);

export async function start(onChoose, onState) {
  choose = onChoose;
  const page = await call("GET", "/journal?limit=1000");
  let { next } = page;
  const first = page.entries[0]?.seq ?? 1;
  // Older entries that the last page did not have.
  for (let since = Math.max(0, first - 5000); since < first - 1;) {
    const older = await call("GET", `/journal?limit=1000&since=${since}`);
    const wanted = older.entries.filter(({ seq }) => seq < first);
    add(wanted);
    if (wanted.length === 0 || older.next >= first - 1) break;
    since = older.next;
  }
  add(page.entries);
  draw();
  follow(next, (name, data) => (name === "entry" ? arrived(data) : missed(data)), onState);
}

function add(more) {
  for (const entry of more) {
    entries.push(entry);
    if (entry.operation && !operations.has(entry.operation)) addOperation(entry.operation);
    if (matches(entry)) shown.push(entry);
  }
  if (entries.length > MOST) {
    entries.splice(0, entries.length - MOST);
    refilter();
  }
}

let drawing = false;
function arrived(entry) {
  add([entry]);
  unseen += 1;
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => { drawing = false; draw(); });
}

function missed({ count }) {
  byId("journal-news").textContent = `${count} entries were removed before this page could read them.`;
}

// A screen reader hears of new entries every ten seconds at most.
setInterval(() => {
  if (unseen > 0) byId("journal-news").textContent = `${unseen} new entries`;
  unseen = 0;
}, 10000);

function addOperation(operation) {
  operations.add(operation);
  const select = filter.elements.operation;
  const before = [...select.options].find((option) => option.value > operation);
  select.add(new Option(operation.replaceAll("_", " "), operation), before ?? null);
}

function matches(entry) {
  const { text, user, operation, show } = filter.elements;
  if (user.value && entry.user !== user.value) return false;
  if (operation.value && entry.operation !== operation.value) return false;
  if (show.value && ![entry.type, entry.direction].includes(show.value)) return false;
  const wanted = text.value.toLowerCase();
  return !wanted || [entry.path, entry.operation, entry.text, entry.body, entry.answer, JSON.stringify(entry.opened)]
    .some((part) => part?.toLowerCase().includes(wanted));
}

export function refilter() {
  shown = entries.filter(matches);
  draw();
}

export function showUser(user) {
  filter.elements.user.value = user;
  refilter();
}

function draw() {
  const height = rowHeight();
  space.style.height = `${shown.length * height}px`;
  if (following) list.scrollTop = list.scrollHeight;
  const first = Math.max(0, Math.floor(list.scrollTop / height) - 5);
  const last = Math.min(shown.length, first + Math.ceil(list.clientHeight / height) + 10);
  space.replaceChildren(...shown.slice(first, last).map((entry, index) => row(entry, first + index, height)));
  byId("journal-count").textContent = shown.length === entries.length ? entries.length : `${shown.length} of ${entries.length}`;
  const active = selected && shown.includes(selected) ? `entry-${selected.seq}` : "";
  list.setAttribute("aria-activedescendant", active);
}

function row(entry, index, height) {
  const isRequest = entry.type === "request";
  const kind = isRequest ? "request" : entry.direction;
  const arrow = isRequest ? "" : entry.direction === "received" ? "→ " : "← ";
  const text = isRequest ? `${entry.method} ${entry.path}` : arrow + summary(entry);
  const isBad = isRequest && (entry.httpStatus >= 400 || entry.httpStatus === 0 || entry.status >= 400);
  const status = isRequest
    && element("span", { class: isBad ? "status failed" : "status" }, entry.status && entry.status !== entry.httpStatus
      ? `${entry.httpStatus}/${entry.status}` : `${entry.httpStatus || "cut"}`);
  return element("div", {
    class: "row", role: "option", id: `entry-${entry.seq}`, style: `top:${index * height}px`,
    "aria-selected": String(entry === selected), "aria-posinset": index + 1, "aria-setsize": shown.length,
    "data-seq": entry.seq, onclick: () => {
      select(index);
      // The entry is below the list there.
      if (matchMedia("(max-width: 720px)").matches) byId("entry").scrollIntoView();
    },
  },
  element("span", { class: "time" }, time(entry.atMs)),
  element("span", { class: "user" }, entry.user ?? "–"),
  element("span", { class: `what ${kind}` },
    element("span", { class: "op" }, (entry.operation ?? "").replaceAll("_", " ")), text, status || null));
}

// The start of a stanza without what every stanza has.
function summary({ text }) {
  return text.replace(/ (xmlns|id|from|to)="[^"]*"/g, "").slice(0, 200);
}

function select(index) {
  if (shown.length === 0) return;
  const at = Math.min(shown.length - 1, Math.max(0, index));
  selected = shown[at];
  const height = rowHeight();
  if (at * height < list.scrollTop) list.scrollTop = at * height;
  if ((at + 1) * height > list.scrollTop + list.clientHeight) list.scrollTop = (at + 1) * height - list.clientHeight;
  setFollowing(following && at === shown.length - 1);
  draw();
  choose(selected);
}

function setFollowing(is) {
  following = is;
  const button = byId("journal-follow");
  button.setAttribute("aria-pressed", String(is));
  button.textContent = is ? "Follow" : "Paused";
}

list.addEventListener("scroll", () => {
  const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 4;
  if (following !== atEnd && following) setFollowing(atEnd);
  if (!following) draw();
}, { passive: true });
new ResizeObserver(draw).observe(list);
byId("journal-follow").addEventListener("click", () => { setFollowing(!following); draw(); });
byId("journal-clear").addEventListener("click", () => attempt(async () => {
  await call("DELETE", "/journal");
  entries.length = 0;
  refilter();
}));
filter.addEventListener("input", refilter);
filter.addEventListener("submit", (event) => event.preventDefault());

const move = (by) => select((selected ? shown.indexOf(selected) : following ? shown.length : -1) + by);
const KEYS = {
  ArrowDown: () => move(1), j: () => move(1), ArrowUp: () => move(-1), k: () => move(-1),
  Home: () => select(0), End: () => select(shown.length - 1),
  PageDown: () => move(15), PageUp: () => move(-15),
};
list.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.matches("input, select, textarea") || document.querySelector("dialog[open]");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") { event.preventDefault(); filter.elements.text.focus(); }
  if (event.key === "f") byId("journal-follow").click();
  if (event.key === "j" || event.key === "k") { list.focus(); KEYS[event.key](); }
});
