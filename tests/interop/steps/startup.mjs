// The requests of a whole app's start-up, in its order: each is answered, so that no chain of awaits stops.
const CALLS = [
  ["getUserProfile", "apollo"], ["getUserProfile", "apollo"], ["getMutedUsers"], ["getRecentChats", { limit: 20 }],
  ["getUserSettings"], ["getUsersIBlocked"], ["getUsersWhoBlockedMe"], ["getFriendsList"], ["getAvailableFeatures"],
];

const REQUESTS = [
  ["/users/muted", 200], ["/group/groupList", 0], ["/chat/recent-chats?size=20", 200],
  ["/chat/chat-history?userJid=bob%40localhost&size=20", 200], ["/a/path/that/nobody/knows", 0],
];

const QUERIES = ["user_settings", "all_archived_chats", "favourites", "something:unknown"];

export async function run({ live, trial, browser, report }) {
  const device = await browser.device();
  await device.online("apollo");
  for (const [name, ...args] of CALLS) {
    await report.step(`${name} is answered`, true, async () => {
      const outcome = await device.call(name, ...args);
      return typeof (outcome?.rejected ?? outcome)?.statusCode === "number" ? true : outcome;
    });
  }
  const { userToken } = await device.call("getUserToken", device.credentials.username, device.credentials.password);
  for (const [path, status] of REQUESTS) {
    await report.step(`GET ${path} from the page is answered${status ? ` with ${status}` : ""}`, status || true, () =>
      device.page.evaluate(async ([url, authorization, wanted]) => {
        const answer = await fetch(url, { headers: { authorization }, signal: AbortSignal.timeout(5_000) });
        const body = await answer.json().catch(() => null);
        return wanted ? (body?.status ?? answer.status) : answer.status > 0;
      }, [`${live.settings.apiBaseUrl}${path}`, userToken, status]));
  }
  await device.close();
  const tried = await browser.device("trial");
  await tried.initialise();
  for (const xmlns of QUERIES) {
    await report.step(`an IQ with ${xmlns} is answered`, true, () => rawQuery(tried, trial, xmlns));
  }
  await tried.close();
}

// Over a socket of the page's own. On a trial plan, where passwords travel unsealed.
async function rawQuery(device, { settings }, xmlns) {
  const { data } = await device.call("register", "apollo");
  return device.page.evaluate(([url, host, username, password, namespace]) => new Promise((resolve, reject) => {
    const socket = new WebSocket(url, "xmpp");
    const open = `<open to="${host}" version="1.0" xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>`;
    const iq = (id, body) => `<iq id="${id}" type="set" xmlns="jabber:client">${body}</iq>`;
    const credentials = btoa(`\0${username}\0${password}`);
    const bind = '<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/>';
    let authenticated = false;
    setTimeout(() => reject(new Error("no answer")), 8_000);
    socket.onopen = () => socket.send(open);
    socket.onerror = () => reject(new Error("no connection"));
    socket.onmessage = ({ data: frame }) => {
      if (frame.includes("mechanisms")) {
        socket.send(`<auth mechanism="PLAIN" xmlns="urn:ietf:params:xml:ns:xmpp-sasl">${credentials}</auth>`);
      } else if (frame.startsWith("<success")) {
        authenticated = true;
        socket.send(open);
      } else if (frame.startsWith("<failure")) {
        reject(new Error(frame));
      } else if (authenticated && frame.includes("features")) {
        socket.send(iq("b", bind));
      } else if (/id=["']b["']/.test(frame)) {
        socket.send(iq("q", `<query xmlns="${namespace}"/>`));
      } else if (/id=["']q["']/.test(frame)) {
        resolve(/type=["'](result|error)["']/.test(frame) ? true : frame);
        socket.close();
      }
    };
  }), [settings.websocketTls, settings.host, data.username, data.password, xmlns]);
}
