/**
 * Does the observer see what it is there to see? Breaks the controller on purpose, one slip at a time, and tells what
 * caught it:
 *
 *     npm run -s breakages -- hand [--only TEXT] [--seeds 200]
 *     npm run -s breakages -- mutants [--file FILE] [--every N] [--seeds 30] [--jobs N]
 *
 * Exit 3 when one hand-made breakage, or more than one mutant in twenty, passes unseen.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { BREAKAGES } from "./hand-made.ts";
import { applied, mutantsOf, type Mutant } from "./mutants.ts";
import { openWorkshop, readSource, type Caught, type Workshop } from "./workshop.ts";

/** Gate, ledger and safety code, each with the tests that are its own: the quickest first. */
const GUARDED: readonly { readonly file: string; readonly tests: readonly string[] }[] = [
  { file: "controller/dose/exposure-gate.ts", tests: ["unit/controller/exposure-gate"] },
  {
    file: "controller/dose/cell-dose.ts",
    tests: ["unit/controller/cell-dose", "unit/controller/dose-ledger", "property/controller/dose-ledger"],
  },
  {
    file: "controller/dose/dose-ledger.ts",
    tests: ["unit/controller/dose-ledger", "unit/controller/replay-dose", "property/controller/dose-ledger"],
  },
  { file: "controller/dose/flux.ts", tests: ["unit/controller/flux", "unit/controller/exposure-flux"] },
  { file: "controller/dose/ledger-cells.ts", tests: ["unit/controller/recorded-ledger"] },
  { file: "controller/dose/moved-spots.ts", tests: ["unit/controller/moved-spots"] },
  { file: "controller/dose/recorded-ledger.ts", tests: ["unit/controller/recorded-ledger"] },
  {
    file: "controller/beam/exposure-accounts.ts",
    tests: ["unit/controller/exposure-accounts", "unit/controller/exposure-flux"],
  },
  { file: "controller/beam/exposure-flux.ts", tests: ["unit/controller/exposure-flux"] },
  { file: "controller/beam/open-time.ts", tests: ["unit/controller/open-time"] },
  { file: "controller/beam/shutter-gate.ts", tests: ["unit/controller/shutter-gate"] },
  { file: "controller/beam/closed-charge.ts", tests: ["unit/controller/closed-charge"] },
  { file: "controller/beam/closed-flux.ts", tests: ["unit/controller/closed-flux"] },
  { file: "controller/resume/last-in-beam.ts", tests: ["unit/controller/flux-watch"] },
  { file: "controller/resume/shutter-look.ts", tests: ["unit/controller/shutter-look"] },
  { file: "controller/run/flux-watch.ts", tests: ["unit/controller/flux-watch"] },
  { file: "controller/run/unclosed-tail.ts", tests: ["unit/controller/unclosed-tail"] },
  { file: "controller/beam/early-departure.ts", tests: ["unit/controller/early-departure"] },
  { file: "controller/beam/machine-beam.ts", tests: ["unit/controller/machine-beam"] },
  { file: "controller/resume/unfinished.ts", tests: ["unit/controller/unfinished"] },
  { file: "controller/run/replay-dose.ts", tests: ["unit/controller/replay-dose"] },
  { file: "controller/run/rack-watch.ts", tests: ["unit/controller/rack-watch"] },
  { file: "controller/run/homing.ts", tests: ["unit/controller/homing"] },
  { file: "controller/run/parking.ts", tests: ["unit/controller/parking"] },
  { file: "controller/run/alarms.ts", tests: ["unit/controller/alarms"] },
  { file: "controller/run/wait-watch.ts", tests: ["unit/controller/wait-watch"] },
  { file: "controller/run/disk-watch.ts", tests: ["unit/controller/disk-watch"] },
  { file: "controller/run/flux-alarms.ts", tests: ["unit/controller/flux-alarms"] },
  { file: "controller/stops/stop-desk.ts", tests: ["unit/controller/stop-desk"] },
  { file: "controller/stops/stop-devices.ts", tests: ["unit/controller/stop-desk"] },
  { file: "controller/stops/stop-report.ts", tests: ["unit/controller/stop-desk"] },
  { file: "controller/rehearsal/lit-watch.ts", tests: ["unit/controller/lit-watch"] },
  { file: "controller/safety/permit-judgement.ts", tests: ["unit/controller/permit-judgement"] },
  { file: "controller/safety/safety-inputs.ts", tests: ["unit/site/safety-inputs"] },
  {
    file: "controller/machines/safety-supervisor-setup.ts",
    tests: ["unit/controller/safety-supervisor-machine", "unit/controller/supervisor-without-unit"],
  },
];

const UNSEEN_SHARE_MAX = 0.05;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string" },
    file: { type: "string" },
    every: { type: "string", default: "1" },
    seeds: { type: "string" },
    jobs: { type: "string", default: String(availableParallelism()) },
  },
});

const shops: Workshop[] = [];
function openShop(): Workshop {
  const shop = openWorkshop();
  shops.push(shop);
  return shop;
}
function closeShops(): void {
  for (const shop of shops) shop.close();
}
process.once("SIGINT", () => {
  closeShops();
  process.exit(130);
});
try {
  if (positionals[0] === "mutants") process.exitCode = await huntMutants();
  else process.exitCode = await huntHandMade(openShop());
} finally {
  closeShops();
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

async function huntMutants(): Promise<number> {
  const every = Number(values.every);
  const guarded = GUARDED.filter(({ file }) => file.includes(values.file ?? ""));
  const chosen = guarded
    .flatMap(({ file, tests }) => mutantsOf(readSource(file)).map((mutant) => ({ file, tests, mutant })))
    .filter((_, index) => (index + 1) % every === 0);
  const unseen: string[] = [];
  let next = 0;
  /** One copy, one broken file at a time. */
  async function huntInOne(): Promise<void> {
    const shop = openShop();
    const trusted = new Set<string>();
    for (let one = chosen[next]; one !== undefined; one = chosen[next]) {
      next += 1;
      const { file, tests, mutant } = one;
      if (!trusted.has(file)) await refuseBadTests(shop, file, tests);
      trusted.add(file);
      const caught = await tryMutant(shop, file, tests, mutant);
      if (caught !== null) continue;
      unseen.push(file);
      console.log(`UNSEEN ${file}:${mutant.line} ${mutant.what}`);
    }
  }
  await Promise.all(Array.from({ length: Number(values.jobs) }, huntInOne));
  for (const { file } of guarded) {
    const tried = chosen.filter((one) => one.file === file).length;
    const left = unseen.filter((one) => one === file).length;
    if (tried > 0) console.log(`${file}: ${tried - left} of ${tried} seen`);
  }
  const seen = chosen.length - unseen.length;
  console.log(`${seen} of ${chosen.length} mutants seen (${((100 * seen) / chosen.length).toFixed(1)} %)`);
  return unseen.length > UNSEEN_SHARE_MAX * chosen.length ? 3 : 0;
}

async function tryMutant(
  shop: Workshop,
  file: string,
  tests: readonly string[],
  mutant: Mutant,
): Promise<Caught | null> {
  const most = Number(values.seeds ?? 30);
  const mend = shop.breakFile(file, applied(shop.readText(file), mutant));
  const caught = (await shop.judgeMutant(file, tests)) ?? (most === 0 ? null : await shop.search(most));
  mend();
  return caught;
}

/** Tests that fail on the sources as they are would see every mutant. */
async function refuseBadTests(shop: Workshop, file: string, tests: readonly string[]): Promise<void> {
  const failed = await shop.judgeMutant(file, tests);
  if (failed !== null) throw new Error(`${failed.by} fails on ${file} as it is`);
}

function toldBy(caught: Caught | null): string {
  return caught === null ? "" : `\n         by ${caught.by}: ${caught.how.slice(0, 150)}`;
}
