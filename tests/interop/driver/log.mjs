// A list that grows, and waiting for something in it with a deadline. An entry is taken by the first who waits for it.

export const PATIENCE = 15_000;

export class Log {
  #entries = [];
  #waiters = new Set();

  add(entry) {
    for (const waiter of this.#waiters) {
      if (waiter.matches(entry)) {
        this.#waiters.delete(waiter);
        waiter.resolve(entry);
        return;
      }
    }
    this.#entries.push(entry);
  }

  entries() {
    return [...this.#entries];
  }

  forget() {
    this.#entries = [];
  }

  take(matches, what, patience = PATIENCE) {
    const index = this.#entries.findIndex(matches);
    if (index >= 0) return Promise.resolve(this.#entries.splice(index, 1)[0]);
    return new Promise((resolve, reject) => {
      const waiter = { matches };
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        const seen = JSON.stringify(this.#entries.slice(-8));
        reject(new Error(`no ${what} within ${patience} ms; seen instead: ${seen}`));
      }, patience);
      waiter.resolve = (entry) => {
        clearTimeout(timer);
        resolve(entry);
      };
      this.#waiters.add(waiter);
    });
  }
}

// Asks again and again until the answer is the wanted one; the last answer when the deadline passes.
export async function eventually(ask, wanted, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (wanted(answer) || Date.now() > end) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
