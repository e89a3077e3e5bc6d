// Requests to the control API, and the live stream of the journal.

const BASE = "/control/v1";

export class Refused extends Error {}

function headers(body) {
  const token = sessionStorage.getItem("token");
  return {
    ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    ...(token ? { Authorization: `Bearer ${token}` } : {}),
  };
}

// Asks for the token until the server accepts it.
async function send(method, path, body, signal) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const answer = await fetch(BASE + path, { method, headers: headers(body), body: text, signal });
  if (answer.status !== 401) return answer;
  const dialog = document.getElementById("token");
  if (!dialog.open) dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  sessionStorage.setItem("token", dialog.querySelector("input").value);
  return send(method, path, body, signal);
}

// Returns the JSON or the text of the answer. A refusal is an error with the server's reason.
export async function call(method, path, body) {
  const answer = await send(method, path, body);
  const text = await answer.text();
  const isJson = answer.headers.get("content-type")?.startsWith("application/json");
  const value = isJson && text ? JSON.parse(text) : text;
  if (!answer.ok) {
    const { field, message } = value.error ?? { message: `HTTP ${answer.status}` };
    throw new Refused(field ? `${field}: ${message}` : message);
  }
  return value;
}

// Calls `onEvent(name, data)` for each event until the stream ends, and begins again after a pause. EventSource cannot send a
// token, so the stream is read by hand.
export async function follow(since, onEvent, onState) {
  for (;;) {
    try {
      const answer = await send("GET", `/journal/stream?since=${since}`);
      onState(true);
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let buffer = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        buffer += value;
        const blocks = buffer.split("\n\n");
        buffer = blocks.pop();
        for (const block of blocks) {
          const field = (name) => block.match(new RegExp(`^${name}: ?(.*)$`, "m"))?.[1];
          if (field("id")) since = Number(field("id"));
          if (field("data")) onEvent(field("event"), JSON.parse(field("data")));
        }
      }
    } catch (error) {
      if (!(error instanceof TypeError) && error.name !== "AbortError") console.error(error);
    }
    onState(false);
    await new Promise((resolve) => setTimeout(resolve, 1500));
  }
}
