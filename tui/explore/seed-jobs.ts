/**
 * Seeds handed out to processes of their own, one by one as each is done with the last. A seed that ends its process is run
 * once more, as the first of another: whoever ended the first, if it ends that one too, it is a violation like any other.
 */
import { Fault } from "../../protocols/base/fault.ts";
import { parseJsonText } from "../../protocols/input/json-text.ts";
import type { Processes, ProcessEnd } from "../command-context.ts";
import type { SeedResult } from "./seed-run.ts";

/** What a seed that ends its process breaks. */
export const PROCESS_ENDED = "process";

export interface SeedJobsDeps {
  readonly processes: Pick<Processes, "run">;
  readonly jobs: number;
  /** Of such a process. */
  readonly args: readonly string[];
  /** Null when all are handed out. */
  readonly next: () => number | null;
  readonly add: (result: SeedResult) => void;
  /** Of a process that ended and may not have done so by its seed. */
  readonly tell: (line: string) => void;
  /** Nobody asks for more, and processes may end before they are done. */
  readonly isStopped: () => boolean;
}

/** How a process ended, and at which seed; null where it had none. */
interface Ended {
  readonly end: ProcessEnd;
  readonly seed: number | null;
}

/** Throws Fault `beamrack.defect` where such processes end without any seed. */
export async function runInProcesses(deps: SeedJobsDeps): Promise<void> {
  const { processes, args, isStopped } = deps;
  let isGivenUp = false;

  /** `again` comes first, and what is next follows. */
  async function runOne(again: number | null, next: () => number | null): Promise<Ended> {
    let first = again;
    const hand: { seed: number | null } = { seed: null };
    const end = await processes.run(
      args,
      (line) => {
        const read = parseJsonText(line);
        // The half of a line is the last of a process that was killed.
        if (read.kind !== "json") return;
        hand.seed = null;
        // Written by `exploreCommand` alone, in a process of this program.
        deps.add(read.value as SeedResult);
      },
      () => {
        hand.seed = first ?? (isGivenUp ? null : next());
        first = null;
        return hand.seed === null ? null : String(hand.seed);
      },
    );
    return { end, seed: hand.seed };
  }

  async function job(): Promise<void> {
    let again: number | null = null;
    for (;;) {
      const { end, seed } = await runOne(again, deps.next);
      if (isStopped() || (seed === null && end.code === 0)) return;
      if (seed !== null && seed !== again) {
        deps.tell(`seed ${seed}: its process ended (${endText(end)}); it is run once more`);
        again = seed;
        continue;
      }
      const { end: idle } = await runOne(null, () => null);
      if (isStopped()) return;
      if (seed === null || idle.code !== 0) {
        throw new Fault("beamrack.defect", "beamrack explore", `a process that ran seeds ended (${endText(end)})`);
      }
      deps.add(endedResult(seed, end));
      again = null;
    }
  }

  const jobs = Array.from({ length: deps.jobs }, async () => {
    try {
      await job();
    } catch (error) {
      // The others come to the end of their seeds, whose results are kept.
      isGivenUp = true;
      throw error;
    }
  });
  for (const one of await Promise.allSettled(jobs)) if (one.status === "rejected") throw one.reason;
}

function endText({ code, signal }: ProcessEnd): string {
  return signal === null ? `exit code ${code ?? "unknown"}` : signal;
}

function endedResult(seed: number, end: ProcessEnd): SeedResult {
  const what = `the controller ended its process twice (${endText(end)}) before its run was over; what it said of that stands above`;
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
