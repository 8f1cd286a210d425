/** A failing seed with as few faults as still make it fail. */
import { join } from "node:path";
import { parseJsonText } from "../../protocols/input/json-text.ts";
import { faultEntries } from "../../simulator/world/fault-entries.ts";
import { parseWorldFaults, type WorldFault } from "../../simulator/world/world-faults.ts";
import { writeWhole } from "../virtual/world-files.ts";
import { PROCESS_ENDED } from "./seed-jobs.ts";
import { runSeed, type SeedInputs, type SeedResult, type SeedViolation } from "./seed-run.ts";

export interface SmallCase {
  readonly seed: number;
  readonly invariant: string;
  /** Of the seed, and of what is left. */
  readonly faultsDrawn: number;
  readonly faultsLeft: number;
  /** A fault file. */
  readonly path: string;
}

/** The same list without every stretch of it, and then every one of it, that is not needed. */
export async function fewest<Item>(
  items: readonly Item[],
  isEnough: (left: readonly Item[]) => Promise<boolean>,
): Promise<readonly Item[]> {
  let left = items;
  for (let size = Math.ceil(items.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < left.length;) {
      const fewer = [...left.slice(0, from), ...left.slice(from + size)];
      if (await isEnough(fewer)) left = fewer;
      else from += size;
    }
  }
  return left;
}

const MINIMISED_MAX = 5;

/** The first violation of each seed that failed, of a few seeds. What ended its process would end this one. */
export function worthMinimising(results: readonly Pick<SeedResult, "violations">[]): readonly SeedViolation[] {
  return results
    .flatMap(({ violations }) => violations.slice(0, 1))
    .filter(({ invariant }) => invariant !== PROCESS_ENDED)
    .sort((a, b) => a.seed - b.seed)
    .slice(0, MINIMISED_MAX);
}

/** Undefined for a seed that does not fail by its faults as a file has them, to the microsecond. */
export async function smallCase(
  inputs: SeedInputs,
  { seed, invariant }: Pick<SeedViolation, "seed" | "invariant">,
  folder: string,
  isStopped: () => boolean,
): Promise<SmallCase | undefined> {
  let drawn: readonly WorldFault[] = [];
  const fails = async (faults: SeedInputs["faults"]): Promise<boolean> => {
    const { violations } = await runSeed({ ...inputs, faults }, seed);
    return violations.some((found) => found.invariant === invariant);
  };
  await fails((...asked) => {
    drawn = inputs.faults(...asked);
    return drawn;
  });
  const textOf = (faults: readonly WorldFault[]): string => JSON.stringify(faultEntries(faults), null, 1);
  const asRead = (faults: readonly WorldFault[]): Promise<boolean> => {
    if (isStopped()) return Promise.resolve(false);
    const read = parseJsonText(textOf(faults));
    return fails(() => (read.kind === "json" ? parseWorldFaults(read.value, "the faults that are left") : []));
  };
  if (!(await asRead(drawn))) return undefined;
  const left = await fewest(drawn, asRead);
  const path = join(folder, `seed-${seed}-${invariant}.json`);
  writeWhole(path, `${textOf(left)}\n`);
  return { seed, invariant, faultsDrawn: drawn.length, faultsLeft: left.length, path };
}
