// Files of messages and of profiles, with and without encryption: each side sends, the other opens.
import { randomBytes } from "node:crypto";
import { digest, open, seal } from "../driver/seal.mjs";

const SUCCESS = { statusCode: 200, message: "Success" };

// More than one part of 5 MiB.
const LARGE = 5 * 1024 * 1024 + 1024;

const file = (length, name = "note.txt", type = "text/plain") =>
  ({ $file: name, type, base64: randomBytes(length).toString("base64") });

// The length of a sealed file: padded to whole blocks only if it is not whole blocks already.
const sealedLength = (length) => Math.ceil(length / 16) * 16;

export async function run({ live, browser, report }) {
  const { host, apiBaseUrl } = live.settings;
  const device = await browser.device();
  await device.online("mia");
  const reader = await (await browser.blank()).storeMessages();
  await (await reader.open()).online("moe");
  await live.online("max", "max");
  const { userToken } = await device.call("getUserToken", device.credentials.username, device.credentials.password);
  const ask = (token) => device.run("ask", `${apiBaseUrl}/media/${token}`, { authorization: userToken });
  // Sends a file from the browser. Its token and key are read from the sent message.
  let sent = 0;
  const send = async (content, to = "max") => {
    const id = `browser-${sent += 1}`;
    const outcome = await device.run("sendFile", `${to}@${host}`, "file", content, id);
    return { id, media: outcome.sent && JSON.parse(open(bodyOf(device, "sent", id), id)).media, outcome };
  };
  const inRust = async (media, length) => {
    const got = await live.client("max", "download_media", { fileToken: media.file_url, fileKey: media.file_key ?? "", length });
    return typeof got === "string" ? digest(got) : got;
  };

  await report.step("setMediaEncryption on", SUCCESS, () => device.call("setMediaEncryption", true));
  for (const [what, length] of [["1,000 bytes", 1000], ["1,024 bytes, whole blocks", 1024], ["two parts", LARGE]]) {
    const content = file(length);
    let media;
    await report.step(`the browser sends a sealed file: ${what}`, { hasKey: true, size: sealedLength(length), isLargeFile: true }, async () => {
      const done = await send(content);
      media = done.media;
      if (!media) return done.outcome;
      return { hasKey: /^[a-zA-Z]{32}$/.test(media.file_key), size: media.file_size, isLargeFile: media.isLargeFile };
    });
    await report.step(`the server keeps it sealed: ${what}`, { http: 200, length: sealedLength(length), isPlain: false }, async () => {
      const { http, base64 } = await ask(media.file_url);
      const stored = Buffer.from(base64, "base64");
      return { http, length: stored.length, isPlain: stored.includes(Buffer.from(content.base64, "base64").subarray(0, 32)) };
    });
    await report.step(`Rust opens it: ${what}`, digest(content.base64), () => inRust(media, length));
  }

  await report.step("another browser is sent a sealed file and opens it", "the same", async () => {
    const content = file(2048);
    const { id, outcome } = await send(content, "moe");
    if (!outcome.sent) return outcome;
    await reader.hears("messageListener", { msgType: "receiveMessage", msgId: id });
    reader.messages.set(id, bodyOf(reader, "received", id));
    const got = await reader.run("downloadFile", id);
    return digest(got.base64) === digest(content.base64) ? "the same" : { ...got, base64: got.base64?.length };
  });

  await report.step("setMediaEncryption off", SUCCESS, () => device.call("setMediaEncryption", false));
  const bare = file(1000);
  let plain;
  await report.step("the browser sends a file that is not sealed", { key: null, size: 1000 }, async () => {
    const done = await send(bare);
    plain = done.media;
    return plain ? { key: plain.file_key, size: plain.file_size } : done.outcome;
  });
  await report.step("the server keeps it as it is", digest(bare.base64), async () => digest((await ask(plain.file_url)).base64));
  await report.step("Rust downloads it", digest(bare.base64), () => inRust(plain, 1000));
  await device.call("setMediaEncryption", true);

  const upload = async (content, whole) => live.client("max", "upload_media", {
    user: "moe", messageId: `rust-${sent += 1}`, name: content.$file, type: content.type, base64: content.base64, whole,
  });
  for (const on of [true, false]) {
    await live.client("max", "set_media_encryption", { on });
    const content = file(1000);
    await report.step(`a file that Rust sends ${on ? "sealed" : "as it is"}, in one piece, is opened by getMediaURL`,
      { statusCode: 200, digest: digest(content.base64) }, async () => {
        const { fileToken, fileKey } = await upload(content, true);
        const got = await reader.run("mediaUrl", fileToken, fileKey ?? "");
        return got.base64 ? { statusCode: got.statusCode, digest: digest(got.base64) } : got;
      });
  }
  await live.client("max", "set_media_encryption", { on: true });
  // In Rust the app sends the message that names the file; here it is put where the SDK looks messages up.
  const announce = (content, stored) => {
    const id = `announced-${sent += 1}`;
    const body = {
      message: "", message_type: "file",
      media: { file_url: stored.fileToken, file_key: stored.fileKey, file_size: stored.storedLength, isLargeFile: true, fileName: content.$file },
    };
    reader.messages.set(id, seal(JSON.stringify(body), id));
    return id;
  };
  for (const [what, length] of [["1,024 bytes", 1024], ["two parts", LARGE]]) {
    const content = file(length);
    await report.step(`a file that Rust sends sealed, in parts, is opened by downloadMedia: ${what}`, digest(content.base64), async () => {
      const got = await reader.run("downloadFile", announce(content, await upload(content, false)));
      return got.base64 ? digest(got.base64) : got;
    });
  }
  await report.step("downloadMedia leaves the padding of a file that is not whole blocks: the official SDK's own", { length: 1008, begin: true }, async () => {
    const content = file(1000);
    const got = await reader.run("downloadFile", announce(content, await upload(content, false)));
    const bytes = Buffer.from(got.base64 ?? "", "base64");
    return { length: bytes.length, begin: bytes.subarray(0, 1000).toString("base64") === content.base64 };
  });

  const image = file(500, "me.png", "image/png");
  await report.step("a profile's image that the browser uploads is the same in Rust, and never sealed", digest(image.base64), async () => {
    const { fileToken } = await device.call("setUserProfile", "Mia", image, "s", "1", "mia@example.com");
    const got = await live.client("max", "download_media", { fileToken, whole: true });
    return typeof got === "string" ? digest(got) : got;
  });
  await report.step("a profile's image that Rust uploads is the same in the browser", { type: "image/png", digest: digest(image.base64) }, async () => {
    const stored = await live.client("max", "set_profile_image", { name: "me.png", type: "image/png", base64: image.base64 });
    const { data } = await device.call("getUserProfile", "max");
    if (data?.image !== stored.fileToken) return { stored, data };
    const got = await device.run("mediaUrl", data.image);
    return { type: got.type, digest: digest(got.base64) };
  });
  await report.step("an image is served to a page's own request with the token", { http: 200, type: "image/png", digest: digest(image.base64) }, async () => {
    const { data } = await device.call("getUserProfile", "mia");
    const got = await ask(data.image);
    return { http: got.http, type: got.type, digest: digest(got.base64) };
  });
  await report.step("and not without it", 401, async () => {
    const { data } = await device.call("getUserProfile", "mia");
    return (await device.run("ask", `${apiBaseUrl}/media/${data.image}`, { authorization: "nonsense" })).http;
  });

  await live.server("plan", { feature: "documentAttachment", enabled: false });
  const poor = await browser.device();
  await poor.online("mona");
  await report.step("a document outside the plan is not sent", "Feature unavailable for your plan", async () => {
    const { error } = await poor.run("sendFile", `max@${host}`, "file", file(10), "gated");
    return error?.message ?? error;
  });
  await live.server("plan", { feature: "documentAttachment", enabled: true });
  await live.client("max", "close");
  for (const page of [device, reader, poor]) await page.close();
}

// The sealed body of a message that a page sent or received.
function bodyOf(device, direction, id) {
  const frame = device.traffic.frames(direction).find((text) => text.startsWith("<message") && text.includes(`id="${id}"`));
  return frame?.match(/<body[^>]*>([^<]*)</)?.[1];
}
