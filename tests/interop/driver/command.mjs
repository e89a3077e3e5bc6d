// The server as the command that people start: what an app needs is read from what it prints.
import { spawn } from "node:child_process";
import { PATIENCE } from "./log.mjs";

export class Command {
  #process;
  settings;

  static async start(binary) {
    const command = new Command();
    const args = ["--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0"];
    command.#process = spawn(binary, args, { stdio: ["ignore", "pipe", "inherit"] });
    const printed = await new Promise((resolve, reject) => {
      let text = "";
      const timer = setTimeout(() => reject(new Error(`mfly-testserver did not say where it is: ${text}`)), PATIENCE);
      command.#process.on("error", reject);
      command.#process.on("exit", () => reject(new Error("mfly-testserver ended before it was ready")));
      command.#process.stdout.on("data", (data) => {
        text += data;
        if (text.includes("END CERTIFICATE")) {
          clearTimeout(timer);
          resolve(text);
        }
      });
    });
    const read = (pattern) => printed.match(pattern)?.[1];
    command.settings = {
      licenceKey: read(/^Licence key +(\S+)$/m),
      licenceUrl: read(/^Licence look-up +(\S+)$/m),
      licenceScript: read(/<script src="([^"]+)">/),
      websocketTls: read(/(wss:\S+)/),
      authority: read(/(-----BEGIN CERTIFICATE-----[^]+-----END CERTIFICATE-----)/),
    };
    return command;
  }

  stop() {
    if (this.#process.exitCode !== null) return Promise.resolve();
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGTERM");
    return ended;
  }
}
