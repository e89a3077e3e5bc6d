// One entry or one user in full.
import { call } from "./api.js";
import { attempt, byId, confirmed, copy, element, time } from "./dom.js";
import * as format from "./format.js";

const content = byId("entry-content");
const title = byId("entry-title");

function facts(pairs) {
  const rows = pairs.filter(([, value]) => value !== undefined && value !== "" && value !== null);
  return element("dl", {}, ...rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, String(value))]));
}

function button(text, work, attributes = {}) {
  return element("button", { type: "button", onclick: work, ...attributes }, text);
}

const part = (name, body) => [element("h3", {}, name), body];

export function showEntry(entry) {
  title.textContent = `Entry ${entry.seq}${entry.operation ? ` · ${entry.operation.replaceAll("_", " ")}` : ""}`;
  const isRequest = entry.type === "request";
  const copyAs = (form) => button(`Copy as ${form}`, () => attempt(async () => copy(await call("GET", `/journal/${entry.seq}/${form}`))));
  const opened = entry.opened === undefined ? [] : [element("h3", {}, "Unsealed"), (() => {
    const shown = format.json(entry.opened);
    shown.classList.add("unsealed");
    return shown;
  })()];
  content.replaceChildren(
    facts([
      ["time", `${time(entry.atMs)} UTC`], ["user", entry.user],
      ...(isRequest
        ? [["request", `${entry.method} ${entry.path}`], ["query", entry.query], ["HTTP status", entry.httpStatus || "no answer"], ["status", entry.status]]
        : [["direction", entry.direction === "received" ? "from the client" : "from the server"], ["connection", entry.stream]]),
    ]),
    element("p", { class: "buttons" }, isRequest ? copyAs("curl") : null, copyAs("trace"),
      button("Copy raw", () => copy(isRequest ? `${entry.body}\n${entry.answer}` : entry.text))),
    ...opened,
    ...(isRequest
      ? [...(entry.body ? part("Request", format.json(entry.body)) : []), ...(entry.answer ? part("Response", format.json(entry.answer)) : [])]
      : [...part("Formatted", format.xml(entry.text)), ...part("Raw", element("pre", {}, entry.text))]),
  );
}

export async function showUser(id, actions) {
  const user = await call("GET", `/users/${encodeURIComponent(id)}`);
  title.textContent = `User ${user.id}`;
  const path = `/users/${encodeURIComponent(id)}`;
  const act = (text, work, question) => button(text, () => attempt(async () => {
    if (question && !await confirmed(question, text)) return;
    await work();
    await actions.changed(id);
  }), question ? { class: "danger" } : {});
  const { profile } = user;
  content.replaceChildren(
    facts([
      ["address", user.jid], ["state", user.online ? "online" : "offline"], ["name", profile.nickName], ["e-mail", profile.email],
      ["number", profile.mobileNumber], ["status", profile.status], ["blocks", user.blocks.join(", ")], ["blocked by", user.blockedBy.join(", ")],
      ["administrator", user.adminBlocked ? "has blocked the account" : undefined],
      ["devices", user.registrations.map(({ deviceId }) => deviceId.slice(0, 24)).join(", ")],
      ["sessions", user.sessions.map(({ resource, available }) => `${resource}${available ? "" : " (unavailable)"}`).join(", ")],
    ]),
    element("p", { class: "buttons" },
      button("Journal of this user", () => actions.journal(id)),
      user.adminBlocked
        ? act("Lift the block", () => call("PATCH", path, { adminBlocked: false }))
        : act("Block as administrator", () => call("PATCH", path, { adminBlocked: true })),
      act("Expire tokens", () => call("POST", `${path}/tokens/expire`)),
      act("Log out", () => call("DELETE", `${path}/registrations`)),
      ...user.sessions.map((session) => act(`Cut ${session.resource.slice(0, 12)}`, () => call("DELETE", `/sessions/${session.id}?how=cut`))),
      act("Delete", () => call("DELETE", path), `Delete ${user.id}? Contacts are told, and sessions end.`)),
    ...(Object.keys(user.metadata).length ? part("Metadata", format.json(user.metadata)) : []),
  );
}
