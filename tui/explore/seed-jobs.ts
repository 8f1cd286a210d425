/**
 * Seeds handed out to processes of their own, one by one as each is done with the last. A seed that ends its process is a
 * violation like any other, told at once, and another process takes the place of that one.
 */
import { Fault } from "../../protocols/base/fault.ts";
import type { Processes } from "../command-context.ts";
import type { SeedResult } from "./seed-run.ts";

/** What a seed that ended its process broke. */
export const PROCESS_ENDED = "process";

export interface SeedJobsDeps {
  readonly processes: Pick<Processes, "run">;
  readonly jobs: number;
  /** Of such a process. */
  readonly args: readonly string[];
  /** Null when all are handed out. */
  readonly next: () => number | null;
  readonly add: (result: SeedResult) => void;
  /** Nobody asks for more, and processes may end before they are done. */
  readonly isStopped: () => boolean;
}

/** Throws Fault `beamrack.defect` where processes end whatever they are given. */
export async function runInProcesses(deps: SeedJobsDeps): Promise<void> {
  const { processes, jobs, args, isStopped } = deps;

  async function job(): Promise<void> {
    for (let endedAtOnce = 0; endedAtOnce < 2;) {
      const hand: { seed: number | null } = { seed: null };
      let countDone = 0;
      const code = await processes.run(
        args,
        (line) => {
          hand.seed = null;
          countDone += 1;
          // Written by `exploreCommand` alone, in a process of this program.
          deps.add(JSON.parse(line) as SeedResult);
        },
        () => {
          hand.seed = deps.next();
          return hand.seed === null ? null : String(hand.seed);
        },
      );
      if (isStopped() || (code === 0 && hand.seed === null)) return;
      if (hand.seed === null) break;
      deps.add(endedResult(hand.seed, code));
      endedAtOnce = countDone === 0 ? endedAtOnce + 1 : 0;
    }
    throw new Fault("beamrack.defect", "beamrack explore", "a process that ran seeds ended before it was done");
  }

  await Promise.all(Array.from({ length: jobs }, job));
}

function endedResult(seed: number, code: number): SeedResult {
  const what = `the controller ended its process (exit code ${code}) before its run was over; what it said of that stands above`;
  return {
    seed,
    violations: [{ seed, invariant: PROCESS_ENDED, at_s: 0, what }],
    checks: {},
    requests: { asked: 0, met: 0, feasible: 0 },
    ...{ faults: {}, faults_begun: {}, states: {} },
    charged_over_given: null,
    ...{ dose_limit_fraction_max: 0, shutter_failure_excess_Gy: 0, exposures: 0, virtual_s: 0 },
  };
}
