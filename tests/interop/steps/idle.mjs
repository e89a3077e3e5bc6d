// A minute without activity: the server pings, and both clients answer. The SDK's watchdog, which a ping starts, runs on a
// fake clock.
import { eventually } from "../driver/log.mjs";

const MINUTE = 60_000;
const PING = /<iq [^>]*type="get"[^>]*><ping xmlns="urn:xmpp:ping"\/>/;

// Starts early, so that the minute passes while the other steps run. The server has no other users, because presence is a
// sign of life, too.
export async function prepare({ quiet, browser }) {
  const device = await browser.device("quiet");
  await device.initialise();
  await device.register("ida");
  await device.connect();
  for (const verb of ["register", "connect"]) await quiet.client("ike", verb, { user: "ike" });
  return device;
}

export async function run({ live, quiet, browser, report, differences, prepared: device }) {
  const entries = (matches) => device.traffic.entries.filter(({ sent, received }) => matches(sent ?? "", received ?? ""));
  await report.step("the server's ping comes a minute after the browser connected", 60, async () => {
    const pings = () => entries((_, received) => PING.test(received));
    await eventually(pings, ({ length }) => length > 0, 1.2 * MINUTE);
    const [bound] = entries((_, received) => received.includes("_bind_auth_2"));
    return Math.round((pings()[0].at - bound.at) / 1_000);
  }, 1.5 * MINUTE);
  await report.step("the browser answers every one", true, () => eventually(() => {
    const [pings, pongs] = [entries((_, received) => PING.test(received)), entries(isPong)];
    return pings.length === pongs.length;
  }, (is) => is, 5_000));
  await report.step("both say the same in that minute, but for what is listed", { official: [], ours: [] }, async () => {
    const said = await eventually(() => afterStart(quiet), ({ ida, ike }) => ida.some(isPong) && ike.some(isPong), 10_000);
    return differences.compare("an idle minute", said.ida, said.ike);
  });
  await device.close();
  await quiet.client("ike", "close");

  const watched = await browser.blank();
  await watched.page.clock.install();
  await (await watched.open()).online("wanda");
  const told = () => watched.told.entries().filter(({ listener }) => listener === "connectionListener").map(({ payload }) => payload.status);
  await report.step("a ping a minute keeps the SDK's watchdog quiet", [5, []], async () => {
    for (let round = 0; round < 5; round += 1) {
      const frame = `<iq from="localhost" id="round-${round}" type="get" xmlns="jabber:client"><ping xmlns="urn:xmpp:ping"/></iq>`;
      await live.server("push", { user: "wanda", frame });
      await eventually(() => watched.traffic.frames("sent"), (sent) => sent.some((text) => text.includes(`id="round-${round}"`)), 5_000);
      await watched.page.clock.fastForward(MINUTE);
    }
    return [watched.traffic.frames("sent").filter((text) => text.includes('id="round-')).length, told()];
  });
  await report.step("without one it gives the connection up and comes back", ["DISCONNECTED", "RECONNECTING", "CONNECTED"], async () => {
    for (let round = 0; round < 3; round += 1) await watched.page.clock.fastForward(MINUTE);
    return eventually(told, (statuses) => statuses.includes("CONNECTED"), 10_000);
  });
  await watched.close();
}

const isPong = (frame) => /^<iq [^>]*type="result"/.test(frame);

// The frames of both after the login, each once: the number of pings in the minute depends on milliseconds.
async function afterStart(quiet) {
  const entries = (await quiet.server("journal")).filter(({ frame }) => frame);
  const of = (user) => {
    const frames = entries.filter((entry) => entry.user === user).map(({ frame }) => frame);
    const after = frames.slice(frames.findIndex((frame) => frame.includes("carbons")) + 1);
    return [...new Set(after.map((frame) => frame.replace(/\bid="[^"]*"/, 'id="{id}"').replace(/\/Web-[^"]+/, "/{resource}").replace(user, "{user}")))];
  };
  return { ida: of("ida"), ike: of("ike") };
}
