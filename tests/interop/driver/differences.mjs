// The frames and requests of both clients for each operation, and the list of intended differences.
import { readFileSync } from "node:fs";

const LISTED = JSON.parse(readFileSync(new URL("../differences.json", import.meta.url), "utf8"));

export class Differences {
  operations = [];

  // Lines that only one side sent and that are not listed.
  compare(operation, official, ours) {
    const explained = LISTED.filter((entry) => entry.operation === operation);
    this.operations.push({ operation, official, ours, explained });
    return {
      official: without(official, ours).filter((line) => !explained.some((entry) => entry.official === line)),
      ours: without(ours, official).filter((line) => !explained.some((entry) => entry.ours === line)),
    };
  }

  // Listed differences that no longer exist.
  stale() {
    return LISTED.filter((entry) => {
      const compared = this.operations.find(({ operation }) => operation === entry.operation);
      const isThere = (line, said, other) => !line || (said.includes(line) && !other.includes(line));
      return !compared || !isThere(entry.official, compared.official, compared.ours) || !isThere(entry.ours, compared.ours, compared.official);
    });
  }
}

// The lines of `one` that `other` lacks, each occurrence counted.
function without(one, other) {
  const rest = [...other];
  return one.filter((line) => {
    const index = rest.indexOf(line);
    if (index >= 0) rest.splice(index, 1);
    return index < 0;
  });
}
