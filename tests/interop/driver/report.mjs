// Runs the steps and records their outcomes.
import { isDeepStrictEqual } from "node:util";

const STEP_DEADLINE = 30_000;

export class Report {
  steps = [];
  #group = "";

  group(name) {
    this.#group = name;
  }

  // Runs one step. The result of `act` has to equal `expected`, or to pass `expected` as a function.
  async step(name, expected, act, deadline = STEP_DEADLINE) {
    const started = Date.now();
    let seen;
    let timer;
    try {
      const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error("the step took too long")), deadline);
      });
      seen = plain(await Promise.race([act(), late]));
    } catch (error) {
      seen = { threw: error.message };
    } finally {
      clearTimeout(timer);
    }
    const ok = isDeepStrictEqual(seen, plain(expected));
    const step = { group: this.#group, step: name, expected, seen, ok, milliseconds: Date.now() - started };
    this.steps.push(step);
    const number = String(this.steps.length).padStart(3);
    console.log(`${number} ${ok ? "ok  " : "FAIL"} ${this.#group}: ${name}`);
    if (!ok) console.log(`      expected ${shorten(expected)}\n      seen     ${shorten(seen, 2000)}`);
    return seen;
  }

  table() {
    const rows = this.steps.map(({ group, step, expected, seen, ok }) =>
      [`${group}: ${step}`, shorten(expected, 60), shorten(seen, 60), ok ? "yes" : "NO"]);
    rows.unshift(["step", "expected", "seen", "ok"]);
    const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column].length)));
    return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd()).join("\n");
  }

  get failed() {
    return this.steps.filter((step) => !step.ok);
  }
}

function plain(value) {
  return value === undefined ? null : JSON.parse(JSON.stringify(value));
}

function shorten(value, length = 400) {
  const text = JSON.stringify(value) ?? "";
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
