/**
 * Random amendments during short seeded campaigns in the virtual world: what may be is on record, violates nothing and is
 * replayed; what may not is refused with a reason and without effect. Exit 3 where that does not hold. Either the controller is
 * stopped for each, or it goes on.
 *
 *   npm run -s build && node dist/test/bench/amendments.js [--amendments 1000] [--seed 1] [--going-on] [--json]
 */
import { parseArgs } from "node:util";
import { runAmended } from "../support/random-amendments.ts";
import { removeFolders } from "../support/world-campaign.ts";

const PER_RUN = 6;
/** Where nothing is stopped for them. */
const PER_GOING_ON = 20;

const { values } = parseArgs({
  options: {
    amendments: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    "going-on": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const wanted = Number(values.amendments);
const troubles: string[] = [];
let [runs, valid, refused, brought] = [0, 0, 0, 0];
for (let seed = Number(values.seed); valid < wanted; seed += 1) {
  const run = values["going-on"]
    ? await runAmended(seed, PER_GOING_ON, 0.5, "going-on")
    : await runAmended(seed, PER_RUN);
  runs += 1;
  valid += run.valid;
  refused += run.refused;
  brought += run.brought;
  troubles.push(...run.troubles.map((trouble) => `seed ${seed}: ${trouble}`));
  removeFolders();
}
if (values.json) console.log(JSON.stringify({ runs, valid, refused, brought, troubles }));
else {
  console.log(
    `${runs} campaigns, ${valid} amendments on record, ${refused} refused, ${brought} cells brought; troubles ${troubles.length} (bound 0)`,
  );
  for (const line of troubles.slice(0, 40)) console.log(line);
}
process.exitCode = troubles.length === 0 ? 0 : 3;
