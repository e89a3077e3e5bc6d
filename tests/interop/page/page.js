// The driver's functions inside the page: calls of the SDK, and reports of every listener call.
const sdk = window.MirrorFly.default ?? window.MirrorFly;

const LISTENERS = [
  "connectionListener", "userProfileListener", "blockUserListener", "presenceListener", "userDeletedListener",
  "adminBlockListener", "messageListener", "friendsListListener", "userSettingsListener", "muteChatListener",
  "mediaUploadListener", "mediaDownloadListener",
];

function listeners() {
  const told = (name) => (...args) => window.told(name, JSON.parse(JSON.stringify(args[0] ?? null)));
  return Object.fromEntries(LISTENERS.map((name) => [name, told(name)]));
}

// Files cannot cross from the driver; it sends their description.
function revive(value) {
  if (value?.$file) {
    const bytes = Uint8Array.from(atob(value.base64), (letter) => letter.charCodeAt(0));
    return new File([bytes], value.$file, { type: value.type });
  }
  return value;
}

function base64(blob) {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.readAsDataURL(blob);
  });
}

// The callback results of three methods, as an outcome.
window.sendFile = (toJid, messageType, file, msgId) => new Promise((resolve) => {
  const message = { toJid, messageType, fileMessageParams: { file: revive(file), msgId } };
  const started = sdk.sendMediaFileMessage(message, () => {}, (sent) => resolve({ sent }), (error) => resolve({ error }));
  started.then((outcome) => outcome && resolve({ error: outcome }), (error) => resolve({ error: String(error) }));
});

window.downloadFile = (msgId) => new Promise((resolve) => {
  const done = async ({ blob }) => resolve({ base64: await base64(blob) });
  sdk.downloadMedia(msgId, () => {}, done, (error) => resolve({ error }));
});

window.mediaUrl = async (...args) => {
  const { statusCode, message, data } = await sdk.getMediaURL(...args);
  return data ? { statusCode, type: data.blob.type, base64: await base64(data.blob) } : { statusCode, message };
};

// Asks the REST API as an app's own code does.
window.ask = async (url, headers) => {
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(5_000) });
  const blob = await answer.blob();
  const body = await blob.text().then(JSON.parse).catch(() => null);
  return { http: answer.status, status: body?.status ?? null, type: answer.headers.get("content-type"), base64: await base64(blob) };
};

// Shows a code with this logo in its middle, and reports the arguments of the callback like a listener call.
window.showCode = async (signallingUrl, logoAddress) => {
  const canvas = document.body.appendChild(document.createElement("canvas"));
  const logo = new Image();
  logo.src = logoAddress;
  await logo.decode();
  window.code = canvas;
  const callback = (outcome) => window.told("generateQrCode", JSON.parse(JSON.stringify(outcome ?? null)));
  return (await sdk.generateQrCode(canvas, logo, signallingUrl, callback)) ?? null;
};

// The image on the canvas once the logo is drawn, red in its middle; nothing before that.
window.shownCode = () => {
  const { width, height } = window.code;
  const [red, green] = window.code.getContext("2d").getImageData(width / 2, height / 2, 1, 1).data;
  return red > 200 && green < 60 ? window.code.toDataURL("image/png").split(",")[1] : null;
};

window.call = async (name, args) => {
  if (name === "initializeSDK" && args[0]) args[0].callbackListeners = listeners();
  try {
    return (await sdk[name](...args.map(revive))) ?? null;
  } catch (error) {
    return { rejected: error?.statusCode ? error : String(error?.message ?? error) };
  }
};
