/**
 * A protocol that `check` passes never trips a limit: seeded random protocols on seeded random cells, with spread and
 * noise, judged by check and run on the cell and channel alone. Prints the share that passes, how many of those tripped
 * (none should), and how many of the refused would have.
 *
 *   npm run -s build && node dist/test/bench/limits.js [--runs 10000] [--seed 1] [--json]
 */
import { parseArgs } from "node:util";
import { createNodeContext } from "../../tui/rim/node-context.ts";
import { createOutput } from "../../tui/rim/output.ts";
import { limitCase, limitOutcome } from "../support/limit-cases.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});
const context = createNodeContext({
  json: values.json,
  out: createOutput(process.stdout, process.env),
  err: createOutput(process.stderr, process.env),
});
const counts = { runs: 0, unproven: 0, passed: 0, passedTripped: 0, refused: 0, refusedTripped: 0 };
const reasons = new Map<string, { refused: number; tripped: number }>();
const kinds = new Map<string, { runs: number; passed: number }>();
const trippedSeeds: number[] = [];
const first = Number(values.seed);
for (let seed = first; seed < first + Number(values.runs); seed += 1) {
  const outcome = limitOutcome(limitCase(seed));
  counts.runs += 1;
  if (outcome === null) {
    counts.unproven += 1;
    continue;
  }
  const kind = kinds.get(outcome.kind) ?? { runs: 0, passed: 0 };
  kinds.set(outcome.kind, kind);
  kind.runs += 1;
  const isTripped = outcome.trip !== null;
  if (outcome.refusedFor.length === 0) {
    kind.passed += 1;
    counts.passed += 1;
    if (isTripped) {
      counts.passedTripped += 1;
      trippedSeeds.push(seed);
    }
    continue;
  }
  counts.refused += 1;
  if (isTripped) counts.refusedTripped += 1;
  for (const code of new Set(outcome.refusedFor)) {
    const reason = reasons.get(code) ?? { refused: 0, tripped: 0 };
    reasons.set(code, reason);
    reason.refused += 1;
    if (isTripped) reason.tripped += 1;
  }
}
if (values.json) {
  const of = (map: ReadonlyMap<string, object>): object => Object.fromEntries(map);
  context.print(JSON.stringify({ ...counts, tripped_seeds: trippedSeeds, reasons: of(reasons), kinds: of(kinds) }));
} else {
  const { runs, unproven, passed, passedTripped, refused, refusedTripped } = counts;
  context.print(`${runs} runs, ${unproven} cells not let through the proof`);
  context.print(`passed ${passed} (${percent(passed, passed + refused)}), of which tripped ${passedTripped}`);
  context.print(
    `refused ${refused}, of which would have tripped ${refusedTripped} (${percent(refusedTripped, refused)})`,
  );
  for (const [code, reason] of reasons)
    context.print(`  ${code.padEnd(32)} ${reason.refused} refused, ${reason.tripped} would have tripped`);
  for (const [kind, one] of kinds) context.print(`  ${kind.padEnd(18)} ${one.runs} runs, ${one.passed} passed`);
  if (trippedSeeds.length > 0) context.print(`tripped though passed: seeds ${trippedSeeds.slice(0, 50).join(" ")}`);
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`;
}
