// Texts of entries in a form that a person can read.
import { element } from "./dom.js";

// XML with a line for each tag, and its parts marked for colours.
export function xml(text) {
  const lines = document.createElement("pre");
  let depth = 0;
  const parts = text.match(/<[^>]*>|[^<]+/g) ?? [];
  parts.forEach((part, index) => {
    if (!part.trim()) return;
    if (part.startsWith("</")) depth = Math.max(0, depth - 1);
    const isInline = !part.startsWith("<") || (part.startsWith("</") && !parts[index - 1].startsWith("<"));
    if (!isInline) lines.append((lines.childNodes.length ? "\n" : "") + "  ".repeat(depth));
    lines.append(...(part.startsWith("<") ? tag(part) : [part]));
    if (/^<[^/?!]/.test(part) && !part.endsWith("/>")) depth += 1;
  });
  return lines;
}

function tag(text) {
  const [, open, rest, close] = text.match(/^(<\/?[^\s/>]+)([^]*?)(\/?>)$/) ?? [null, text, "", ""];
  const pieces = [element("span", { class: "tag" }, open)];
  for (const [, space, name, value] of rest.matchAll(/(\s+)([^\s=]+)=("[^"]*"|'[^']*')/g)) {
    pieces.push(space.includes("\n") ? " " : space, element("span", { class: "attribute" }, name), "=",
      element("span", { class: "value" }, value));
  }
  return [...pieces, element("span", { class: "tag" }, close)];
}

// JSON with indentation; other text as it is.
export function json(text) {
  try {
    return element("pre", {}, JSON.stringify(typeof text === "string" ? JSON.parse(text) : text, null, 2));
  } catch {
    return element("pre", {}, text);
  }
}
