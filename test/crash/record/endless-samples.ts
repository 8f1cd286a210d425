/** Takes samples without end into the folder it is given, from where its record stands; says on stdout the number up to which they are durable. */
import { waitForThread } from "../../../tui/rim/wait-for-thread.ts";
import { openRecord } from "../../../controller/record/record-reader.ts";
import { HEADER, open } from "../../unit/record/record-fixture.ts";
import { CHANNELS } from "./kill-samples.ts";

const [folder = ""] = process.argv.slice(2);
const store = open(folder, {
  ...{ header: { ...HEADER, world: "site", seed: null }, durability: "power-loss", ownThread: waitForThread },
  ...{ channelCount: CHANNELS, frameMs: 1000 },
});
const record = openRecord(folder);
const last = [...record.samples(0)].at(-1);
record.close();
let number = last === undefined ? 0 : Math.round(last.voltageV * 1e6);
// What the process before wrote and did not come to say is on record all the same.
for (;;) {
  for (let turn = 0; turn < 100; turn += 1) {
    number += 1;
    for (let channel = 0; channel < CHANNELS; channel += 1) store.sample(channel, number * 10, number / 1e6, 0, 0);
  }
  store.appendEvent({ atMs: number * 10, type: "sweep-started", data: { number } });
  store.flushSamples();
  await store.commit();
  // Handed over before the run goes on: what it says had been acknowledged, whatever happens next.
  const said = number;
  await new Promise((resolve) => process.stdout.write(`${said}\n`, resolve));
}
