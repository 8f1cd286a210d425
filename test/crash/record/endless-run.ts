/** A process of its own that records without end in the folder it is given, and says on stdout how many settlements were acknowledged. */
import { open, runCampaign } from "../../unit/record/record-fixture.ts";

const [folder = ""] = process.argv.slice(2);
const store = open(folder, { holder: { pid: process.pid, host: "the rack", sinceMs: Date.UTC(2026, 2, 2, 8) } });
// Each line is handed over before the run goes on: what it says had been committed, whatever happens next.
await runCampaign(store, 100_000, async () => {
  const settled = (store.counters.ledgerRows - store.openBookings().length) / 2;
  await new Promise((resolve) => process.stdout.write(`${settled}\n`, resolve));
  return false;
});
