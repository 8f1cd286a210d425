/** `beamrack calibrate` in the list of commands. */
import type { CommandEntry } from "./command-list.ts";

export const CALIBRATE_COMMAND: CommandEntry = {
  name: "calibrate",
  usage:
    "SITE.yaml flux|filters --data DIR --by NAME [--yes] ..., or SITE.yaml geometry|dark|flat|mask FILE --by NAME, or SITE.yaml dark|flat --take 10s --frames DIR --by NAME, or SITE.yaml calibrant|empty WHAT X Y --by NAME",
  summary:
    "measure flux and filters with the diode behind an opening, or note a file or a place, into the calibrations",
  details: [
    "flux and filters are measured behind the first opening of the aligned rack; every exposure is booked in DIR.",
    "The others are noted: files with their hash and detector, places in stage coordinates. docs/alignment.md has them all.",
    "Exit 1 when an instrument failed, 2 when refused; then nothing is written.",
    "",
    "  --data DIR           where the dose is booked",
    "  --by NAME            who measures",
    "  --uncertainty SHARE  of the diode's own calibration (default 0.03)",
    "  --detector NAME      of a file: the detector it belongs to, by name or serial number (default the site's)",
    "  --take DURATION      of dark: an image of so long an exposure is taken, with a shutter read closed before and after;",
    "                       of flat: at the place that the site has for it (calibrations.frames.flat), with --data",
    "  --frames DIR         where this computer finds what the detector writes (with --take)",
    "  --out FILE           the calibrations; otherwise the file that the site names",
    "  --valid DURATION     how long it counts (default 48h for the flux, 30d for the others)",
    "  --yes                do not ask before the stage moves and the shutter opens",
    "  --capture DIR        write the traffic of each link into DIR, as JSON lines",
    "  --rehearse CAMPAIGN  on simulated instruments (--seed N); books nothing, writes only with --out",
  ],
  load: async () => (await import("./commands/calibrate.ts")).calibrateCommand,
};
