/** What `beamrack --help` and `beamrack COMMAND --help` print. */
import type { CommandEntry } from "../command-list.ts";

const EXIT_CODES = "Exit: 0 done, 1 failed while running, 2 refused (bad input), 3 a check did not hold.";

export function overviewHelp(commands: readonly CommandEntry[]): readonly string[] {
  const width = Math.max(...commands.map((command) => command.name.length));
  return [
    "beamrack: controller for a rack of 96 coin cells at a synchrotron",
    "",
    "Usage: beamrack COMMAND [ARGS] [--json]",
    "",
    ...commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`),
    "",
    "  --json      one JSON document or JSON lines on stdout, messages on stderr",
    "  --help      this, or after a command what it takes",
    "  --version   the version",
    "",
    EXIT_CODES,
  ];
}

export function commandHelp(command: CommandEntry): readonly string[] {
  return [
    `beamrack ${command.name}: ${command.summary}`,
    "",
    `Usage: beamrack ${command.name} ${command.usage} [--json]`,
    "",
    ...command.details,
    "",
    EXIT_CODES,
  ];
}
