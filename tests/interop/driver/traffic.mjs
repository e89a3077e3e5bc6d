// The network traffic of a page, in order: HTTP requests with their answers, and WebSocket frames.

export class Traffic {
  entries = [];

  constructor(page) {
    page.on("request", (request) => {
      const { pathname, search } = new URL(request.url());
      const entry = { http: `${request.method()} ${pathname}`, query: search, status: null, at: Date.now() };
      this.entries.push(entry);
      request.response()
        .then(async (response) => {
          entry.answer = await response?.text().catch(() => "");
          entry.status = response?.status() ?? 0;
        })
        .catch(() => { entry.status = 0; });
    });
    page.on("websocket", (socket) => {
      const { pathname } = new URL(socket.url());
      const record = (direction) => ({ payload }) =>
        this.entries.push({ socket: pathname, [direction]: String(payload), at: Date.now() });
      socket.on("framesent", record("sent"));
      socket.on("framereceived", record("received"));
    });
  }

  forget() {
    this.entries = [];
  }

  // The XMPP frames of one direction.
  frames(direction) {
    return this.entries.filter((entry) => entry.socket === "/websocket" && entry[direction]).map((entry) => entry[direction]);
  }

  // Requests without an answer, and `iq` requests without a result or an error. Polls of the signalling server may wait.
  unanswered() {
    const requests = this.entries
      .filter(({ http, status }) => http && !http.includes("/socket.io/") && !(status > 0))
      .map(({ http }) => http);
    const answers = this.frames("received");
    const asked = this.frames("sent").filter((frame) => /^<iq [^>]*type="(get|set)"/.test(frame));
    const isAnswered = (frame) => {
      const id = frame.match(/ id="([^"]+)"/)?.[1];
      return answers.some((answer) => answer.includes(`id="${id}"`) && /^<iq [^>]*type="(result|error)"/.test(answer));
    };
    return [...requests, ...asked.filter((frame) => !isAnswered(frame))];
  }
}
