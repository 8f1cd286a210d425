/** What `beamrack --help` and `beamrack COMMAND --help` print. */
import type { CommandEntry } from "../command-list.ts";
import { wrapLine } from "../progress/wrap-text.ts";

const EXIT_CODES = ["Exit: 0 done, 1 failed while running, 2 refused (bad input),", "      3 a check did not hold."];

/** Of a terminal of no particular size. */
const COLUMNS = 80;

export function overviewHelp(commands: readonly CommandEntry[]): readonly string[] {
  const width = Math.max(...commands.map((command) => command.name.length));
  return [
    "beamrack: controller for a rack of 96 coin cells at a synchrotron",
    "",
    "Usage: beamrack COMMAND [ARGS] [--json]",
    "",
    ...commands.flatMap((command) => {
      const head = `  ${command.name.padEnd(width)}  `;
      return wrapLine(head + command.summary, COLUMNS, head.length);
    }),
    "",
    "  --json      one JSON document or JSON lines on stdout, messages on stderr",
    "  --help      this, or after a command what it takes",
    "  --version   the version",
    "",
    ...EXIT_CODES,
  ];
}

export function commandHelp(command: CommandEntry): readonly string[] {
  // What stands in brackets stays together.
  const usage = `Usage: beamrack ${command.name} ${command.usage} [--json]`.replace(/\[[^\]]*\]*/g, (group) =>
    group.replaceAll(" ", "\u00a0"),
  );
  return [
    ...wrapLine(`beamrack ${command.name}: ${command.summary}`, COLUMNS, 2),
    "",
    ...wrapLine(usage, COLUMNS, 8).map((line) => line.replaceAll("\u00a0", " ")),
    "",
    ...paragraphs(command.details).flatMap((line) => wrapLine(line, COLUMNS)),
    "",
    ...EXIT_CODES,
  ];
}

/** Lines of plain sentences that follow each other are one paragraph; options and blank lines stay as they are. */
function paragraphs(lines: readonly string[]): readonly string[] {
  const joined: string[] = [];
  for (const line of lines) {
    const last = joined.at(-1);
    if (last !== undefined && isPlain(last) && isPlain(line)) joined[joined.length - 1] = `${last} ${line}`;
    else joined.push(line);
  }
  return joined;
}

function isPlain(line: string): boolean {
  return line !== "" && !line.startsWith(" ");
}
