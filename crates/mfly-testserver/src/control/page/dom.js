// Small helpers for elements.

export const byId = (id) => document.getElementById(id);

// An element with attributes and children. Texts are never read as HTML.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "style") made.style.cssText = value;
    else if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

let timer;
export function toast(text) {
  const toast = byId("toast");
  toast.textContent = text;
  toast.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => { toast.hidden = true; }, 5000);
}

// Does what a control asks for, and shows the reason if it is refused.
export async function attempt(work, done) {
  try {
    await work();
    if (done) toast(done);
  } catch (error) {
    toast(error.message);
  }
}

export async function copy(text) {
  await navigator.clipboard.writeText(text);
  toast("Copied.");
}

export function confirmed(question, yes) {
  const dialog = byId("confirm");
  byId("confirm-text").textContent = question;
  byId("confirm-yes").textContent = yes;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

export const time = (ms) => new Date(ms).toISOString().slice(11, 23);
