/** `beamrack align` in the list of commands. */
import type { CommandEntry } from "./command-list.ts";

export const ALIGN_COMMAND: CommandEntry = {
  name: "align",
  usage:
    "SITE.yaml --data DIR --by NAME [--positions A1..H12] [--rack-only] [--out FILE] [--valid DURATION] [--yes] [--guided], or --rehearse CAMPAIGN.yaml",
  summary: "find the rack, the beam's size and each cell by transmission, into the site's calibrations",
  details: [
    "Every exposure is booked in DIR, a data folder of a campaign that was begun with this site; docs/alignment.md",
    "tells what is measured and how well. While a campaign runs its controller measures the rack's place by itself: with --by and",
    "--rack-only this is an order to it, answered when the beam goes on; --data is not needed then. Exit 1 when an instrument",
    "failed, 2 when refused, 3 when a cell was not found.",
    "",
    "  --data DIR           where the dose is booked",
    "  --by NAME            who measures",
    "  --positions LIST     these cells alone, such as A1..A12,C3; the others keep what was measured of them before",
    "  --rack-only          openings and beam alone",
    "  --out FILE           the calibrations; otherwise the file that the site names",
    "  --valid DURATION     how long it counts (default 30d)",
    "  --yes                do not ask before the stage moves and the shutter opens",
    "  --guided             on a screen: cells are chosen there, and rack, cells and what is kept are agreed to one by one",
    "  --reason TEXT        for the log of a campaign that runs; --take-over, --broker, --credentials, --rack as for its other orders",
    "  --capture DIR        write the traffic of each link into DIR, as JSON lines",
    "  --rehearse CAMPAIGN  on simulated instruments before a rack put down a little wrong (--seed N); books nothing,",
    "                       writes only with --out, and tells how far off it was",
  ],
  load: async () => (await import("./commands/align.ts")).alignCommand,
};
