// node run.mjs PEER SERVER REPORT: runs every step against the binaries `mfly-interop-peer` and `mfly-testserver`, and writes
// the report to REPORT. INTEROP_ONLY=group,group runs a part.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Browser } from "./driver/browser.mjs";
import { Command } from "./driver/command.mjs";
import { Differences } from "./driver/differences.mjs";
import { Peer } from "./driver/peer.mjs";
import { Report } from "./driver/report.mjs";

const GROUPS = [
  "initialise", "register", "connect", "operations", "media", "directory", "listeners", "across", "startup", "wire", "qr_login",
  "ending", "command", "control_page", "idle",
];

const [binary, command, path] = process.argv.slice(2);
if (!path) {
  console.error("usage: node run.mjs PEER SERVER REPORT");
  process.exit(2);
}
const only = process.env.INTEROP_ONLY?.split(",");
const started = Date.now();
const live = await Peer.start(binary, command);
const trial = await Peer.start(binary, command, ["--trial"]);
const quiet = await Peer.start(binary, command, ["--trial"]);
const local = await Command.asInReadme(command);
const browser = await Browser.start({ live, trial, quiet, local });
const report = new Report();
const differences = new Differences();
const stop = async () => {
  await browser.stop();
  await Promise.all([live, trial, quiet, local].map((server) => server.stop()));
};
// Shorter than the deadline of the parent process, so that no process stays behind.
setTimeout(async () => {
  console.error(`the steps took too long; so far:\n${report.table()}`);
  await stop();
  process.exit(1);
}, 270_000).unref();
try {
  const world = { live, trial, quiet, local, browser, report, differences, command };
  const groups = [];
  for (const name of GROUPS.filter((name) => !only || only.includes(name))) {
    groups.push({ name, ...(await import(`./steps/${name}.mjs`)) });
  }
  // Work of a group that runs beside the others.
  for (const group of groups) {
    group.prepared = Promise.resolve(group.prepare?.(world));
    // A failure is reported in the group's turn.
    await group.prepared.catch(() => {});
  }
  for (const { name, run, prepared } of groups) {
    report.group(name);
    try {
      await run({ ...world, prepared: await prepared });
    } catch (error) {
      await report.step("the group's preparation", "done", () => Promise.reject(error));
    }
  }
  report.group("everywhere");
  if (!only) await report.step("every listed difference is there", [], () => differences.stale());
  await report.step("nothing but this machine was asked for anything", [], () => browser.refused);
} finally {
  await stop();
}
const failed = report.failed.length;
const seconds = (Date.now() - started) / 1000;
await mkdir(dirname(path), { recursive: true });
await writeFile(path, `${JSON.stringify({ failed, seconds, steps: report.steps, wire: differences.operations }, null, 1)}\n`);
console.log(`\n${report.table()}\n\n${report.steps.length} steps, ${failed} failed, ${seconds.toFixed(1)} s; written to ${path}`);
process.exitCode = failed === 0 ? 0 : 1;
