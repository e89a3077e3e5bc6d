// The server as a command, started as in the README. Settings for an app are read from its output.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PATIENCE } from "./log.mjs";

export class Command {
  #process;
  #folder;
  settings;

  // With the README's own flags, on free ports, and a page that holds the README's own lines.
  static async asInReadme(binary) {
    const readme = await readFile(new URL("../../../README.md", import.meta.url), "utf8");
    const [, section] = readme.split("\n## Point your MirrorFly app at a local server\n");
    const block = (language) => section.match(new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``))[1].trim();
    const [, flags] = block("console").split(" -- ");
    const folder = await mkdtemp(join(tmpdir(), "mfly-interop-"));
    const args = flags.split(" ").map((word) => word.replace(/:\d+$/, ":0").replace(/^authority\.pem$/, join(folder, "authority.pem")));
    const command = await Command.start(binary, ["--listen", "127.0.0.1:0", "--control-listen", "127.0.0.1:0", ...args]);
    command.#folder = folder;
    command.lines = block("html").split("\n");
    const origin = new URL(command.settings.licenceScript).origin;
    command.html = `<!doctype html>\n${block("html").replace(/http:\/\/127\.0\.0\.1:\d+/, origin).replace("mirrorfly-sdk.js", "/sdk.js")}`
      + `\n<script src="/page.js"></script>`;
    return command;
  }

  static async start(binary, args) {
    const command = new Command();
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
      apiBaseUrl: read(/^API base URL +(\S+)$/m),
      licenceKey: read(/^Licence key +(\S+)$/m),
      licenceUrl: read(/^Licence look-up +(\S+)$/m),
      licenceScript: read(/<script src="([^"]+)">/),
      host: read(/^XMPP host +(\S+)$/m),
      websocketTls: read(/(wss:\S+)/),
      authority: read(/(-----BEGIN CERTIFICATE-----[^]+-----END CERTIFICATE-----)/),
      authorityHash: read(/--ignore-certificate-errors-spki-list=(\S+)/),
      authorityFile: read(/NODE_EXTRA_CA_CERTS=([^,\s]+)/),
    };
    return command;
  }

  async stop() {
    if (this.#process.exitCode === null) {
      const ended = new Promise((resolve) => this.#process.once("exit", resolve));
      this.#process.kill("SIGTERM");
      await ended;
    }
    if (this.#folder) await rm(this.#folder, { recursive: true });
  }
}
