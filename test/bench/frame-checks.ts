/**
 * How often the first frame tells: frames of the simulator's cells, each with its own texture, casing, lithium and
 * exposure, as they should be and with one thing wrong. Prints caught and false alarms with their bounds; exit 3 when
 * one is not kept.
 *
 *   npm run -s build && node dist/test/bench/frame-checks.js [--seeds 2000] [--json]
 */
import { parseArgs } from "node:util";
import { checkedFrame, FRAME_CASES, type FrameCase } from "../support/frame-cases.ts";

const CAUGHT_MIN = 0.99;
const FALSE_MAX = 0.01;

const { values } = parseArgs({ options: { seeds: { type: "string", default: "2000" }, json: { type: "boolean" } } });
const seeds = Number(values.seeds);

function shareTold(which: FrameCase): { readonly share: number; readonly others: Readonly<Record<string, number>> } {
  const others: Record<string, number> = {};
  let told = 0;
  for (let seed = 1; seed <= seeds; seed += 1) {
    const { finding } = checkedFrame(which, seed);
    if (finding === which) told += 1;
    else others[finding] = (others[finding] ?? 0) + 1;
  }
  return { share: told / seeds, others };
}

const rows = FRAME_CASES.map((which) => {
  const { share, others } = shareTold(which);
  const isGood = which === "good";
  const figure = isGood ? 1 - share : share;
  const bound = isGood ? FALSE_MAX : CAUGHT_MIN;
  return {
    case: which,
    figure: isGood ? "false alarms" : "caught",
    share: figure,
    bound,
    others,
    ok: isGood ? figure <= bound : figure >= bound,
  };
});
const ok = rows.every((row) => row.ok);
if (values.json === true) process.stdout.write(`${JSON.stringify({ seeds, rows, ok })}\n`);
else {
  for (const row of rows) {
    const told = Object.entries(row.others).map(([finding, count]) => `${finding} ${count}`);
    process.stdout.write(
      `${row.case.padEnd(14)} ${row.figure} ${(100 * row.share).toFixed(2)} %, bound ${100 * row.bound} %${told.length === 0 ? "" : ` (${told.join(", ")})`}\n`,
    );
  }
}
process.exitCode = ok ? 0 : 3;
