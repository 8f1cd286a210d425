/** A process of its own that records without end in the folder it is given, and says on stdout how many settlements were acknowledged. */
import { writeSync } from "node:fs";
import { open, runCampaign } from "../../unit/record/record-fixture.ts";

const [folder = ""] = process.argv.slice(2);
const store = open(folder);
// Line by line and at once: what was written here had been committed, whatever happens next.
await runCampaign(store, 100_000, () => {
  writeSync(1, `${(store.counters.ledgerRows - store.openBookings().length) / 2}\n`);
  return false;
});
