/** `beamrack integrate` in the list of commands. */
import type { CommandEntry } from "./command-list.ts";

export const INTEGRATE_COMMAND: CommandEntry = {
  name: "integrate",
  usage:
    "IMAGE.cbf --geometry FILE.poni|--calibrations FILE.yaml [--mask|--dark|--flat FILE.cbf] [--csv FILE] [--calibrant CeO2|LaB6], or --listen HOST:PORT|--broker URL --topic T [--frames DIR]",
  summary: "an image of the detector to a powder pattern, or a program that does it for a site's integrator",
  details: [
    "A simple integrator for detectors that stand upright to the beam; docs/frames.md says what it corrects and what not.",
    "--json has the pattern with the checksums of image and geometry. Exit 2 when image or geometry is refused.",
    "",
    "  --geometry FILE      where the detector stands, in the PONI form that pyFAI writes",
    "  --mask FILE          an image of the same detector, not 0 where a pixel is left out",
    "  --dark FILE          an image with the shutter closed: taken off, by its exposure time",
    "  --flat FILE          an image evenly lit: each pixel is divided by its share of it",
    "  --calibrations FILE  geometry, mask, dark and flat as the site's calibrations name them last; exit 2 where one has",
    "                       expired or is another file than was calibrated",
    "  --csv FILE           the pattern as two columns: two_theta_deg, counts",
    "  --calibrant NAME     of an image of CeO2 or LaB6: how far its rings lie from where they belong; exit 3 where by more",
    "                       than --tolerance SHARE of their radius (default 0.0005)",
    "  --listen HOST:PORT   answer beamrack's questions there until Ctrl-C, as docs/instruments/json-integrator.md has them",
    "  --broker URL --topic T   the same over MQTT: questions on T/ask, answers on T/answer; --credentials FILE as for tui",
    "  --frames DIR         look for images there by their names, whatever folder the detector names; a broker's questions",
    "                       need it",
  ],
  load: async () => (await import("./commands/integrate.ts")).integrateCommand,
};
