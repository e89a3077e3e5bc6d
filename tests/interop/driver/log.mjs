// A growing list, and waits for its entries with a deadline. The first wait that matches takes an entry.

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

// Repeats a request until it has the wanted answer. Returns the last answer at the deadline.
export async function eventually(ask, wanted, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (wanted(answer) || Date.now() > end) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
