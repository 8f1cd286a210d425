/** The results of a long search, a line of JSON for each seed: what stands there is not run again. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { Fault } from "../../protocols/base/fault.ts";
import { parseJsonText } from "../../protocols/input/json-text.ts";
import type { SeedResult } from "./seed-run.ts";

/** What a search must have in common with the one that began its file. */
export interface SearchOf {
  readonly campaign_hash: string;
  readonly site_hash: string;
  readonly faults: string;
  readonly software: string;
  /** What is counted of faults; another count is of another search. */
  readonly counted: "effects";
}

export interface ResultsFile {
  /** By seed. */
  readonly done: ReadonlyMap<number, SeedResult>;
  add(result: SeedResult): void;
}

/**
 * Of another search the file is refused. The last line of a process that was killed may be the half of one: it is run again.
 * Throws Fault `command.usage`.
 */
export function openResults(path: string, search: SearchOf): ResultsFile {
  const done = new Map<number, SeedResult>();
  const head = JSON.stringify(search);
  if (existsSync(path)) {
    const [first, ...lines] = readFileSync(path, "utf8").split("\n");
    if (first !== head) {
      throw new Fault(
        "command.usage",
        "--results",
        `${path} is of another campaign, site, faults or beamrack; give a new file`,
      );
    }
    for (const line of lines) {
      const read = parseJsonText(line);
      if (read.kind !== "json" || line === "") continue;
      // Written by `add` alone.
      const result = read.value as SeedResult;
      done.set(result.seed, result);
    }
  } else appendFileSync(path, head);
  return {
    done,
    add(result) {
      // In front: behind the half of a line it would be lost with it.
      appendFileSync(path, `\n${JSON.stringify(result)}`);
    },
  };
}
