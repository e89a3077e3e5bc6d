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

window.call = async (name, args) => {
  if (name === "initializeSDK" && args[0]) args[0].callbackListeners = listeners();
  try {
    return (await sdk[name](...args.map(revive))) ?? null;
  } catch (error) {
    return { rejected: error?.statusCode ? error : String(error?.message ?? error) };
  }
};
