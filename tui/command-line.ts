/**
 * From arguments to an exit code: finds the command, loads it, runs it, and prints whatever it threw. Knows neither
 * process nor disk.
 */
import { Fault, faultText, isFault } from "../protocols/base/fault.ts";
import type { CommandContext } from "./command-context.ts";
import { COMMANDS, type CommandEntry } from "./command-list.ts";
import { commandHelp, overviewHelp } from "./commands/help.ts";
import { plainText } from "./progress/number-text.ts";

export interface CommandLineDeps {
  /** One line on stdout. */
  print(line: string): void;
  /** One line on stderr. */
  printError(line: string): void;
  version(): string;
  createContext(json: boolean): Promise<CommandContext>;
  /** The command was called: from now on it listens itself for who would end it, or nobody does. */
  begun?(): void;
}

/** Arguments as given after `beamrack`. Resolves to the exit code; never rejects. */
export async function runCommandLine(
  argv: readonly string[],
  deps: CommandLineDeps,
  commands: readonly CommandEntry[] = COMMANDS,
): Promise<number> {
  const { flags, rest } = takeCommonFlags(argv);
  const json = flags.has("--json");
  const printAll = (lines: readonly string[]): number => {
    for (const line of lines) deps.print(line);
    return 0;
  };
  try {
    const [name, ...args] = rest;
    if (flags.has("--version")) return printAll([deps.version()]);
    if (name === undefined) {
      if (flags.has("--help")) return printAll(overviewHelp(commands));
      throw new Fault("command.unknown", "beamrack", "no command given");
    }
    const command = commands.find((entry) => entry.name === name);
    if (command === undefined) throw unknownCommand(name, commands);
    if (flags.has("--help")) return printAll(commandHelp(command));
    const run = await command.load();
    const context = await deps.createContext(json);
    const running = run(context, args);
    deps.begun?.();
    return await running;
  } catch (error) {
    return report(error, rest[0], json, deps);
  }
}

const COMMON_FLAGS: Readonly<Record<string, string>> = {
  "--json": "--json",
  "--help": "--help",
  "-h": "--help",
};

/** Takes --json and --help out, wherever they stand before `--`; --version only where a command would stand. */
function takeCommonFlags(argv: readonly string[]): { flags: ReadonlySet<string>; rest: readonly string[] } {
  const flags = new Set<string>();
  const rest: string[] = [];
  for (const [index, argument] of argv.entries()) {
    if (argument === "--") {
      rest.push(...argv.slice(index));
      break;
    }
    const flag = argument === "--version" && rest.length === 0 ? argument : COMMON_FLAGS[argument];
    if (flag === undefined) rest.push(argument);
    else flags.add(flag);
  }
  return { flags, rest };
}

function unknownCommand(name: string, commands: readonly CommandEntry[]): Fault {
  if (name.startsWith("-")) return new Fault("command.unknown", "beamrack", `unknown option ${JSON.stringify(name)}`);
  const near = commands.find((entry) => entry.name.startsWith(name) || editDistance(entry.name, name) <= 2);
  const hint = near === undefined ? "" : `; did you mean ${near.name}?`;
  return new Fault("command.unknown", "beamrack", `unknown command ${JSON.stringify(name)}${hint}`);
}

function report(error: unknown, name: string | undefined, json: boolean, deps: CommandLineDeps): number {
  const where = name === undefined ? "beamrack" : `beamrack ${name}`;
  const known = isFault(error) ? error : usageFault(error, where);
  if (known !== undefined) {
    // Instruments, files and brokers have their say in it: nothing of it may steer a terminal.
    deps.printError(faultText(known).split("\n").map(plainText).join("\n"));
    if (json) {
      const { code, message: what, advice, detail } = known;
      deps.print(JSON.stringify({ error: { code, where: known.where, what, advice, detail } }));
    }
    return known.severity === "refuse" ? 2 : 1;
  }
  const what = error instanceof Error ? error.message : String(error);
  // anything that is not a Fault is a defect of beamrack: whoever repairs it needs the trace
  const trace = error instanceof Error && error.stack !== undefined ? error.stack : what;
  deps.printError(`${where}: this is a defect of beamrack, please report it\n${trace}`);
  if (json) {
    const advice = "This is a defect of beamrack; please report it.";
    deps.print(JSON.stringify({ error: { code: "internal", where, what, advice } }));
  }
  return 1;
}

/** What util.parseArgs threw, in one sentence; undefined when the error is something else. */
function usageFault(error: unknown, where: string): Fault | undefined {
  if (!(error instanceof TypeError) || !("code" in error) || typeof error.code !== "string") return undefined;
  if (!error.code.startsWith("ERR_PARSE_ARGS_")) return undefined;
  const ambiguous = /^Option '([^']*)' argument is ambiguous/.exec(error.message)?.[1];
  const message = ambiguous === undefined ? error.message : `Option '${ambiguous}' needs a value`;
  const sentence = message.split(/\. To specify|\n/)[0] ?? message;
  return new Fault("command.usage", where, sentence.charAt(0).toLowerCase() + sentence.slice(1), {}, error);
}

/** Insertions, deletions and substitutions that turn one word into the other. */
function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 0; row < left.length; row++) {
    const current = [row + 1];
    for (let column = 0; column < right.length; column++) {
      const substituted = (previous[column] ?? 0) + (right[column] === left[row] ? 0 : 1);
      current.push(Math.min(substituted, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[right.length] ?? 0;
}
