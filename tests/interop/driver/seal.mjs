// A second implementation of the platform's payload encryption, with the ciphers of Node.js: the steps do not open
// payloads with the code under test. AES-256-CBC over percent-encoded text; the key is the first half of a hexadecimal
// SHA-256, as letters.
import { createCipheriv, createDecipheriv, createHash } from "node:crypto";

// The vector of requests, and of messages without another vector in the configuration.
export const VECTOR = "ddc0f15cc2c90fca";

const keyOf = (secret) => createHash("sha256").update(secret).digest("hex").slice(0, 32);

export function seal(text, secret, vector = VECTOR) {
  const cipher = createCipheriv("aes-256-cbc", keyOf(secret), vector);
  return cipher.update(encodeURIComponent(text), "utf8", "base64") + cipher.final("base64");
}

export function open(sealed, secret, vector = VECTOR) {
  const cipher = createDecipheriv("aes-256-cbc", keyOf(secret), vector);
  return decodeURIComponent(cipher.update(sealed, "base64", "utf8") + cipher.final("utf8"));
}

export const digest = (base64) => createHash("sha256").update(Buffer.from(base64 ?? "", "base64")).digest("hex");
