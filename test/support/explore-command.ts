/** `beamrack explore` in the process of the test. */
import { z } from "zod";
import type { CommandContext, Processes } from "../../tui/command-context.ts";
import { exploreCommand } from "../../tui/commands/explore.ts";
import { contextOf, repositoryText } from "./campaign-files.ts";

export interface Ran {
  readonly exitCode: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

/** `shared`: seeds are handed out, to jobs that run in this process, or to these. */
export async function explore(
  args: readonly string[],
  shared: boolean | Processes = false,
  files: Readonly<Record<string, string>> = {},
  input?: CommandContext["input"],
): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const own: Partial<CommandContext> = {
    ...contextOf(files),
    json: true,
    print: (line) => {
      out.push(line);
    },
    printError: (line) => {
      err.push(line);
    },
    readPackageText: repositoryText,
    clock: { wallMs: () => 0, monoMs: () => 0, setTimeout: () => undefined, clearTimeout: () => undefined },
    drain: () => new Promise((resolve) => setImmediate(resolve)),
    onInterrupt: () => () => undefined,
    version: "test",
    ...(input === undefined ? {} : { input }),
    ...(shared === false ? {} : { processes: shared === true ? inThisProcess() : shared }),
  };
  const exitCode = await exploreCommand(own as CommandContext, args);
  return { exitCode, out, err };
}

function inThisProcess(): Processes {
  return {
    count: 2,
    async run([, ...jobArgs], onLine, next) {
      const input = {
        line: () => Promise.resolve(next()),
        ended: new Promise<void>(() => undefined),
        close() {},
      };
      const ran = await explore(jobArgs, false, {}, input);
      ran.out.forEach(onLine);
      return { code: ran.exitCode, signal: null };
    },
  };
}

const counts = z.record(z.string(), z.number());
/** CONTRACTS, `beamrack explore`: names and units to the letter. */
const summarySchema = z.object({
  seeds: z.object({ from: z.number(), to: z.number() }),
  runs: z.number(),
  violations: z.array(
    z.object({ seed: z.number(), invariant: z.string(), at_s: z.number(), what: z.string(), replay: z.string() }),
  ),
  checks: counts,
  feasible_met_fraction: z.number().nullable(),
  coverage: z.object({
    ...{ faults: counts, faults_begun: counts, faults_without_effect: z.array(z.string()) },
    ...{ states: counts, states_never_entered: z.array(z.string()) },
  }),
  virtual_s: z.number(),
  wall_s: z.number(),
  charged_over_given_max: z.number(),
  exposures: z.number(),
  dose_limit_fraction_max: z.number(),
});

export function summaryOf(ran: Ran) {
  return summarySchema.parse(JSON.parse(ran.out.at(-1) ?? ""));
}
