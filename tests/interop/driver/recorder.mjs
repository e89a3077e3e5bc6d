// A relay before the server's HTTP port that records requests: bodies and relevant headers, byte for byte.
import { createServer, request as forward } from "node:http";

const HEADERS = ["accept", "authorization", "content-type", "range"];

export class Recorder {
  #server;
  requests = [];

  static async start(origin) {
    const recorder = new Recorder();
    recorder.#server = createServer((request, response) => recorder.#relay(new URL(origin), request, response));
    await new Promise((resolve) => recorder.#server.listen(0, "127.0.0.1", resolve));
    recorder.#server.unref();
    recorder.origin = `http://127.0.0.1:${recorder.#server.address().port}`;
    return recorder;
  }

  // The `Host` is not changed, so that addresses in answers lead through this relay, too.
  #relay(target, request, response) {
    const { method, url, headers } = request;
    const passed = forward({ host: target.hostname, port: target.port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    const body = [];
    request.on("data", (data) => body.push(data));
    request.on("end", () => {
      if (method === "OPTIONS") return;
      const kept = HEADERS.filter((name) => name in headers).map((name) => [name, headers[name]]);
      this.requests.push({ method, url, headers: Object.fromEntries(kept), body: Buffer.concat(body) });
    });
    request.pipe(passed);
  }

  forget() {
    this.requests = [];
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
