/**
 * Changes a bit or cuts a file of a copy of a data folder, over and over, and looks at what that did: every change is
 * either found by `verify`, or harmless, which is to say that all that is read from the folder is as before. Of what
 * was found, `repair` must bring over all events and samples beyond the block or page that was hit.
 *
 * Says on stderr how far it is. Quicker on a disk of memory: TMPDIR=/dev/shm.
 *
 *   node --import tsx test/bench/flips.ts [--changes 1000] [--seed 1] [--json]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { changeAgainAndAgain } from "../support/changed-folders.ts";

const { values } = parseArgs({
  options: {
    changes: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean" },
  },
});
const place = mkdtempSync(join(tmpdir(), "beamrack-flips-"));
const changes = Number(values.changes);
const report = await changeAgainAndAgain(place, changes, Number(values.seed), (done, found) => {
  if (done % Math.max(1, Math.ceil(changes / 50)) === 0) console.error(`${done} of ${changes}, ${found} found`);
});
rmSync(place, { recursive: true, force: true });
if (values.json === true) console.log(JSON.stringify(report));
else {
  const { found, harmless, unseen, lostBeyond } = report;
  console.log(
    `${changes} changes: ${found} found, ${harmless} harmless, ${unseen.length} neither (bound 0); more lost than what was hit: ${lostBeyond.length} (bound 0)`,
  );
  for (const line of [...unseen, ...lostBeyond].slice(0, 40)) console.log(line);
}
process.exitCode = report.unseen.length + report.lostBeyond.length === 0 ? 0 : 3;
