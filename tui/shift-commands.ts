/** Of the commands, those for who comes and goes while a campaign runs, and for changes of mind. */
import { CLIENT_HELP } from "./bus/client-help.ts";
import type { CommandEntry } from "./command-list.ts";

export const SHIFT_COMMANDS: readonly CommandEntry[] = [
  {
    name: "amend",
    usage:
      "DIR CAMPAIGN.yaml [--preview] [--name NAME --reason TEXT] [--from OLD.yaml] [--site SITE.yaml] [--broker URL]",
    summary: "change a campaign under way: what changes, what would come of it, and on record by name",
    details: [
      "DIR is the folder of a run on real links. A controller that runs there is given the amendment over its bus and puts it",
      "into force between two exposures; without one it goes on record, and run CAMPAIGN.yaml --data DIR goes on under it.",
      "docs/amendments.md says what may change.",
      "Exit 2 when it is refused, each reason with its place and what would be right; then nothing is changed.",
      "",
      "  --preview, --check   tell changes and forecasts, put nothing on record",
      "  --name NAME          who answers for it",
      "  --reason TEXT        why, for those who read the log",
      "  --from OLD.yaml      the campaign in force, where the folder has lost its campaign.json",
      "  --site SITE.yaml     the hardware; otherwise the one the campaign names",
      "  --take-over          tell whoever is in control and take it after the notice; then give the order again (exit 2)",
      ...CLIENT_HELP,
    ],
    load: async () => (await import("./commands/amend.ts")).amendCommand,
  },
  {
    name: "swap",
    usage:
      "begin|end POSITION|rack, or aim rack [--cell CODE | --left-out] [--cells A1=CODE,.. | --cells-from FILE] [--reason TEXT] [--take-over] [--broker URL] ...",
    summary: "a person's access to one cell while the others cycle: beam and stage wait, the cell is proven off",
    details: [
      "begin: the exposure under way ends, the channel is read back off, shutter and stage are read, the stage is locked; go",
      "in once the beam waits for the access to be given back. end does: the cell is proven by its code, its voltage and a",
      "small current before it goes on; where it is not, it stays off and the access open.",
      "rack: every cell is proven off, and the rack is taken out as it is; one that lies the wrong way round is told.",
      "aim rack: where the site measures its rack's place, nothing is exposed after the rack was out before it was aligned anew",
      "(`beamrack align --rack-only`), or somebody answers for its place by --reason.",
      "What is open stays open when the controller is restarted. docs/access.md has the steps.",
      "",
      "  --cell CODE          of end: the code read on the cell that lies there now",
      "  --cells A1=CODE,..   of the rack's end: codes read at some of its places, or at all",
      "  --cells-from FILE    the same from a sheet (CSV: position, code) or a map in YAML or JSON",
      "  --left-out           of end: the cell does not come back, nothing more is done there",
      "  --reason TEXT        what is to be done there; begin needs it",
      "  --take-over          tell whoever is in control and take it after the notice; then give the order again (exit 2)",
      ...CLIENT_HELP,
    ],
    load: async () => (await import("./commands/swap.ts")).swapCommand,
  },
  {
    name: "handover",
    usage: "DIR [--since 22:00] [--until 06:00] [--timezone ZONE]",
    summary: "what one shift tells the next: what happened, what waits for whom, what to expect",
    details: [
      "Reads a data folder, also while its campaign runs. A time is one of the clock (the last, the next), a moment such",
      "as 2026-03-02T22:00Z, or a duration from the last event on record.",
      "",
      "  --since TIME         what happened from then on (default 8h)",
      "  --until TIME         what to expect up to then (default 8h)",
      "  --timezone ZONE      by whose clock, beside UTC: Europe/Paris; default the campaign's own",
    ],
    load: async () => {
      const { handoverCommand } = await import("./commands/handover.ts");
      return (context, args) => handoverCommand(context, args);
    },
  },
];
