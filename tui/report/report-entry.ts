/** `beamrack report` in the list of commands. */
import type { CommandEntry } from "../command-list.ts";

export const REPORT_COMMAND: CommandEntry = {
  name: "report",
  usage:
    "DIR --out report.html [--group G] [--frames DIR] [--custody DIR] [--rates FILE] [--author NAME] [--license NAME]",
  summary: "a campaign, or one group's part of it, as one page for people: plots, doses, timetable, quality, incidents",
  details: [
    "Only reads DIR, also while the campaign runs. The page needs no network; it prints to A4. --json has the facts,",
    "also without --out. docs/report.md says what stands in it. Exit 2 when refused, 1 when broken off.",
    "",
    "  --out report.html    the file to make; it must not exist",
    "  --group G            the cells of this group, and no word of the others",
    "  --frames DIR         where powder patterns stand (default DIR/frames)",
    "  --custody DIR        where the custody ledger of the cells stands (default DIR)",
    "  --rates FILE         what beam hours, channel hours and exposures cost, for the groups' accounts",
    "  --author NAME        who is to be named in the citation; as often as needed",
    "  --license NAME       the terms, such as CC-BY-4.0",
  ],
  load: async () => (await import("../commands/report.ts")).reportCommand,
};
