// What the driver needs inside the page: one way to call the SDK, and every listener reported.
const sdk = window.MirrorFly.default ?? window.MirrorFly;

const LISTENERS = [
  "connectionListener", "userProfileListener", "blockUserListener", "presenceListener", "userDeletedListener",
  "adminBlockListener", "messageListener", "friendsListListener", "userSettingsListener", "muteChatListener",
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

// Shows a code with this logo in its middle, and reports what the callback is given as if it were a listener.
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
