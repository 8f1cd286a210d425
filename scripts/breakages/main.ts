/**
 * Does the observer see what it is there to see? Breaks the controller on purpose, one slip at a time, and tells what
 * caught it:
 *
 *     npm run -s breakages -- hand [--only TEXT] [--seeds 200]
 *     npm run -s breakages -- mutants [--file FILE] [--every N] [--seeds 30]
 *
 * Exit 3 when one hand-made breakage, or more than one mutant in twenty, passes unseen.
 */
import { parseArgs } from "node:util";
import { BREAKAGES } from "./hand-made.ts";
import { applied, mutantsOf } from "./mutants.ts";
import { openWorkshop, type Caught, type Workshop } from "./workshop.ts";

/** Gate, ledger and safety code, each with the tests that are its own. */
const GUARDED: readonly { readonly file: string; readonly tests: readonly string[] }[] = [
  { file: "controller/dose/exposure-gate.ts", tests: ["exposure-gate"] },
  { file: "controller/dose/cell-dose.ts", tests: ["cell-dose", "dose-ledger", "replay-dose"] },
  { file: "controller/dose/dose-ledger.ts", tests: ["dose-ledger", "cell-dose"] },
  { file: "controller/dose/flux.ts", tests: ["controller/flux"] },
  { file: "controller/dose/recorded-ledger.ts", tests: ["replay-dose", "dose-ledger", "test/unit/record"] },
  { file: "controller/beam/exposure-accounts.ts", tests: ["exposure-accounts"] },
  { file: "controller/beam/open-time.ts", tests: ["open-time"] },
  { file: "controller/beam/shutter-gate.ts", tests: ["shutter-gate"] },
  { file: "controller/safety/permit-judgement.ts", tests: ["permit-judgement", "permit-life"] },
  { file: "controller/machines/safety-supervisor-setup.ts", tests: ["supervisor"] },
  { file: "controller/machines/safety-supervisor-machine.ts", tests: ["supervisor"] },
];

const UNSEEN_SHARE_MAX = 0.05;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string" },
    file: { type: "string" },
    every: { type: "string", default: "1" },
    seeds: { type: "string" },
  },
});

const workshop = openWorkshop();
process.once("SIGINT", () => {
  workshop.close();
  process.exit(130);
});
try {
  if (positionals[0] === "mutants") process.exitCode = await huntMutants(workshop);
  else process.exitCode = await huntHandMade(workshop);
} finally {
  workshop.close();
}

async function huntHandMade(shop: Workshop): Promise<number> {
  const most = Number(values.seeds ?? 200);
  let unseen = 0;
  const chosen = BREAKAGES.filter(({ what, invariant }) => `${invariant} ${what}`.includes(values.only ?? ""));
  for (const { invariant, what, file, from, to, tests } of chosen) {
    const text = shop.readText(file);
    if (text.split(from).length !== 2) throw new Error(`${file} does not hold once: ${from}`);
    const mend = shop.breakFile(
      file,
      text.replace(from, () => to),
    );
    const caught = tests === undefined ? await shop.search(most) : await shop.runTests(tests);
    mend();
    if (caught === null) unseen += 1;
    console.log(`${caught === null ? "UNSEEN" : "seen  "} ${invariant} ${what}${toldBy(caught)}`);
  }
  console.log(`${chosen.length - unseen} of ${chosen.length} breakages seen`);
  return unseen === 0 ? 0 : 3;
}

async function huntMutants(shop: Workshop): Promise<number> {
  const most = Number(values.seeds ?? 30);
  const every = Number(values.every);
  let count = 0;
  let tried = 0;
  let unseen = 0;
  for (const { file, tests } of GUARDED) {
    if (!file.includes(values.file ?? "")) continue;
    const text = shop.readText(file);
    for (const mutant of mutantsOf(text)) {
      count += 1;
      if (count % every !== 0) continue;
      tried += 1;
      const mend = shop.breakFile(file, applied(text, mutant));
      const caught = (await shop.runTests(tests)) ?? (await shop.search(most));
      mend();
      if (caught === null) unseen += 1;
      if (caught === null) console.log(`UNSEEN ${file}:${mutant.line} ${mutant.what}`);
    }
    console.log(`${file}: ${tried - unseen} of ${tried} so far seen`);
  }
  console.log(`${tried - unseen} of ${tried} mutants seen (${((100 * (tried - unseen)) / tried).toFixed(1)} %)`);
  return unseen > UNSEEN_SHARE_MAX * tried ? 3 : 0;
}

function toldBy(caught: Caught | null): string {
  return caught === null ? "" : `\n         by ${caught.by}: ${caught.how.slice(0, 150)}`;
}
