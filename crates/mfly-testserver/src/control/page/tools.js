// Faults, clock, QR codes, plan, state.
import { call } from "./api.js";
import { attempt, byId, confirmed, element } from "./dom.js";

// The kinds of faults by what they apply to, each with the members that it needs.
const KINDS = {
  request: { delay: ["ms"], status: ["status"], refuse: ["status", "message"], expiredToken: [], garbage: ["body"], silence: [], cut: [] },
  nextConnection: {
    delay: ["ms"], cut: [], silence: [], garbage: ["text"], withholdStartTls: [], refuseStartTls: [], injectAfterProceed: ["text"],
    seeOtherHost: ["host"], mechanisms: ["names"], stripChannelBinding: [], scramIterations: ["count"], forgeServerSignature: [],
  },
  connectionsOf: { cut: [], send: ["text"], closeWith: ["condition"], silence: [] },
  signalling: { cut: [] },
};
const TARGETS = { request: "next requests to a path", nextConnection: "next XMPP connections", connectionsOf: "open connections of a user", signalling: "signalling connections" };
const NUMBERS = ["ms", "status", "count"];
const PLACEHOLDERS = { ms: "milliseconds", status: "status, such as 503", message: "message", body: "body", text: "text", host: "host", names: "mechanisms, by comma", count: "iterations", condition: "condition, such as conflict" };

const form = byId("faults-add");
const on = element("select", { name: "on", "aria-label": "What the fault applies to", class: "wide" },
  ...Object.entries(TARGETS).map(([value, text]) => element("option", { value }, text)));
const kind = element("select", { name: "kind", "aria-label": "Kind of the fault" });
const fields = element("div", { class: "wide" });

function drawTarget() {
  kind.replaceChildren(...Object.keys(KINDS[on.value]).map((name) => element("option", { value: name }, name)));
  drawKind();
}

function drawKind() {
  const input = (name, placeholder, attributes = {}) => element("input", { name, placeholder, "aria-label": placeholder, autocomplete: "off", ...attributes });
  const isWaiting = on.value === "request" || on.value === "nextConnection";
  fields.replaceChildren(
    ...(on.value === "request" ? [input("path", "path, such as /login", { required: true })] : []),
    ...(["request", "connectionsOf"].includes(on.value) ? [input("user", on.value === "request" ? "user (any)" : "user", { required: on.value !== "request" })] : []),
    ...KINDS[on.value][kind.value].map((name) => input(name, PLACEHOLDERS[name], { required: true, ...(NUMBERS.includes(name) ? { type: "number", min: 0 } : {}) })),
    ...(isWaiting ? [input("times", "times (1)", { type: "number", min: 1 })] : []),
  );
}

on.addEventListener("change", drawTarget);
kind.addEventListener("change", drawKind);
form.append(on, kind, element("button", {}, "Add fault"), fields);
drawTarget();

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const values = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
  const fault = { kind: values.kind };
  for (const name of KINDS[values.on][values.kind]) {
    fault[name] = NUMBERS.includes(name) ? Number(values[name]) : name === "names" ? values[name].split(/[ ,]+/) : values[name];
  }
  const { path, user, times } = values;
  const asked = { on: values.on, ...(path && { path }), ...(user && { user }), ...(times && { times: Number(times) }), fault };
  attempt(async () => { await call("POST", "/faults", asked); await load(); }, "The fault was added.");
});

async function drawFaults() {
  const { faults } = await call("GET", "/faults");
  byId("faults-count").textContent = faults.length || "";
  byId("faults-list").replaceChildren(...faults.map(({ id, on: target, path, user, timesLeft, fault }) => {
    const { kind: name, ...rest } = fault;
    const text = [path ?? TARGETS[target], user && `of ${user}`, name, Object.values(rest).join(" "), `× ${timesLeft}`].filter(Boolean).join(" ");
    const remove = () => attempt(async () => { await call("DELETE", `/faults/${id}`); await load(); });
    return element("li", { class: "item" }, element("span", {}, text),
      element("button", { type: "button", onclick: remove, "aria-label": `Remove the fault ${text}` }, "Remove"));
  }));
}

async function drawClock() {
  const clock = await call("GET", "/clock");
  const ahead = clock.aheadMs ? ` · ${Math.round(clock.aheadMs / 6000) / 10} min ahead` : "";
  byId("clock").textContent = `${new Date(clock.nowMs).toISOString().replace("T", " ").slice(0, 19)} UTC${ahead}${clock.frozen ? " · frozen" : ""}`;
  const button = byId("clock-freeze");
  button.setAttribute("aria-pressed", String(clock.frozen));
  button.textContent = clock.frozen ? "Resume" : "Freeze";
}

async function drawCodes() {
  const { codes } = await call("GET", "/qr");
  byId("qr-list").replaceChildren(...(codes.length ? codes : []).map(({ code }) => {
    const user = element("input", { placeholder: "user", "aria-label": `User who approves ${code}`, list: "user-names" });
    const approve = () => attempt(async () => { await call("POST", `/qr/${code}/approve`, { user: user.value }); await load(); }, "The code was approved.");
    return element("li", { class: "item" }, element("span", {}, code.slice(0, 12)), user, element("button", { type: "button", onclick: approve }, "Approve"));
  }), ...(codes.length ? [] : [element("li", { class: "quiet" }, "No browser shows a code.")]));
}

async function drawPlan() {
  const plan = await call("GET", "/plan");
  const change = (name) => (event) => attempt(() => call("PATCH", "/plan", { features: { [name]: event.target.checked } }));
  byId("plan").replaceChildren(...Object.entries(plan.features).map(([name, isOn]) => element("label", {},
    element("input", { type: "checkbox", checked: isOn, onchange: change(name) }), name)));
}

// Reads again what changes by itself.
export async function load() {
  await Promise.all([drawFaults(), drawClock(), drawCodes()]);
}

export async function start(onReset) {
  byId("clock-buttons").addEventListener("click", ({ target }) => {
    const by = Number(target.dataset.advance);
    const path = target.id === "clock-freeze" && (target.getAttribute("aria-pressed") === "true" ? "resume" : "freeze");
    if (by) attempt(async () => { await call("POST", "/clock/advance", { byMs: by }); await drawClock(); });
    if (path) attempt(async () => { await call("POST", `/clock/${path}`); await drawClock(); });
  });
  byId("state-download").addEventListener("click", () => attempt(async () => {
    const text = JSON.stringify(await call("GET", "/state"));
    const link = element("a", { href: URL.createObjectURL(new Blob([text], { type: "application/json" })), download: "mfly-state.json" });
    link.click();
    URL.revokeObjectURL(link.href);
  }));
  byId("state-upload").addEventListener("change", ({ target }) => attempt(async () => {
    await call("PUT", "/state", JSON.parse(await target.files[0].text()));
    target.value = "";
    await onReset();
  }, "The state was restored."));
  byId("reset").addEventListener("click", () => attempt(async () => {
    if (!await confirmed("Return to the state at the start? Sessions end; users, faults and the journal of now are forgotten.", "Reset")) return;
    await call("POST", "/reset");
    await onReset();
  }));
  await Promise.all([drawPlan(), load()]);
}
