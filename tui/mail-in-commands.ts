/** The commands for cells that are sent in, as `--help` shows them. */
import type { CommandEntry } from "./command-list.ts";

export const MAIL_IN_COMMANDS: readonly CommandEntry[] = [
  {
    name: "manifest",
    usage: "check FILE | template [--csv | --json]",
    summary: "a box of cells that a group sends in: check its list before it is packed",
    details: [
      "Needs no site. FILE is CSV, as spreadsheets write it, or JSON; each error has its line and column. Exit 2 when",
      "the list is refused. docs/mail-in.md has every column.",
      "",
      "  template             a list to begin with, with what each column means (--csv, or --json)",
    ],
    load: async () => {
      const { manifestCommand } = await import("./commands/manifest.ts");
      return (context, args) => manifestCommand(context, args);
    },
  },
  {
    name: "receive",
    usage: "FOLDER [BARCODE ...] [--manifest FILE ...] [--from FILE] [--inspected] [--closed BOX] [--by NAME]",
    summary: "a box is opened: its cells are scanned, and held against the list that announced them",
    details: [
      "Codes come as arguments, from a file, or line by line from a scanner that types, until Ctrl-D. A line damaged",
      "behind a code says that this cell is. What is missing, extra, damaged or twice holds back that cell alone.",
      "Exit 2 when something was refused, 3 when such a thing was found.",
      "",
      "  --manifest FILE      announce the cells of a manifest; a box is announced once",
      "  --from FILE          codes from a file, one in a line",
      "  --inspected          each cell was looked at and is sound; only such a cell is loaded",
      "  --closed BOX         the box is empty: what was not scanned is missing",
      "  --by NAME            who does it (default: who is logged in)",
    ],
    load: async () => (await import("./commands/receive.ts")).receiveCommand,
  },
  {
    name: "load",
    usage: "FOLDER [POSITION=BARCODE ...] [--campaign FILE] [--from FILE] [--by NAME]",
    summary: "cells go into their slots: slot and cell are scanned one after the other",
    details: [
      "Slot and code in either order, in one line or in two, as arguments, from a file or from a scanner; ? for a code",
      "that cannot be read. Exit 2 when something was refused, 3 when a cell lies wrong or cannot be read.",
      "",
      "  --campaign FILE      where each cell belongs: another slot is told at once",
      "  --site SITE.yaml     the hardware; otherwise the one the campaign names",
      "  --from FILE          from a file, one slot and code in a line",
      "  --by NAME            who does it (default: who is logged in)",
    ],
    load: async () => (await import("./commands/load.ts")).loadCommand,
  },
  {
    name: "unload",
    usage:
      "FOLDER [BARCODE[=VOLTAGE[=tight|leaks]] ...] [--ready --labelled [--tight] | --returned | --disposed] [--from FILE] [--by NAME]",
    summary: "cells leave their slots, are made ready to travel, and leave",
    details: [
      "Without an option a cell is taken out of its slot; a slot in place of a code empties one of unknown code.",
      "",
      "  --ready              at rest at VOLTAGE, and looked at for leaks: LNO-001=3.02=tight, or =leaks where it does",
      "  --tight              looked at too, all of them: none leaks but those that say so",
      "  --labelled           its hazard label is on; without it no cell is ready",
      "  --returned           on its way back to its group",
      "  --disposed           disposed of",
      "  --from FILE          from a file, one cell in a line",
      "  --by NAME            who does it (default: who is logged in)",
    ],
    load: async () => (await import("./commands/unload.ts")).unloadCommand,
  },
  {
    name: "custody",
    usage: "FOLDER [--data DIR] [--settle BARCODE --reason TEXT] [--by NAME]",
    summary: "where every cell is and how it came there",
    details: [
      "Checks the ledger's chain. Exit 3 when it is broken, or when something is still to be settled.",
      "",
      "  --data DIR           take over what a run has proven, cycled and completed",
      "  --settle BARCODE     what stands against this cell was looked into (needs --reason)",
      "  --reason TEXT        what was found",
      "  --by NAME            who does it (default: who is logged in)",
    ],
    load: async () => (await import("./commands/custody.ts")).custodyCommand,
  },
  {
    name: "plan",
    usage: "MANIFEST ... --site SITE.yaml [--out CAMPAIGN.yaml] [--custody DIR] [--name NAME] [--start UTC] ...",
    summary: "boxes of several groups in one rack: slots, campaign, what each group gets, and what if",
    details: [
      "Puts each cell where channel, temperature and neighbours suit it, writes a campaign that check passes, and says",
      "what beam, dose and time each group comes to. Without --out nothing is written: look first.",
      "Exit 2 when a manifest or the site is refused, 3 when a cell has no slot or check has something against the plan.",
      "",
      "  --site SITE.yaml     the hardware",
      "  --out CAMPAIGN.yaml  where the campaign goes; never over another",
      "  --custody DIR        the custody folder: no cell gets current before it is proven to be itself",
      "  --name NAME          of the campaign (default mail-in)",
      "  --start UTC          when it begins (default: the next full hour)",
      "  --hours N            how long it lasts (default: what the longest protocol takes, and 5 %)",
      "  --exposure SECONDS   of each exposure (default 6)",
      "  --filter NAME        a filter of the site in the beam; may be given more than once",
      "  --zone A1..D12=45    slots that are kept at so many degrees; the others are at 25",
    ],
    load: async () => {
      const { planCommand } = await import("./commands/plan.ts");
      return (context, args) => planCommand(context, args);
    },
  },
];
