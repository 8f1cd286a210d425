/** The commands of `beamrack`, as `--help` shows them. Each is loaded only when it is called. */
import { CLIENT_HELP } from "./bus/client-help.ts";
import type { Command } from "./command-context.ts";
import { MAIL_IN_COMMANDS } from "./mail-in-commands.ts";

export interface CommandEntry {
  readonly name: string;
  /** What follows the name. */
  readonly usage: string;
  /** One line for the overview. */
  readonly summary: string;
  /** What `beamrack NAME --help` says beside the usage. */
  readonly details: readonly string[];
  readonly load: () => Promise<Command>;
}

const ORDER_HELP: readonly string[] = [
  "  --reason TEXT        for those who read the log",
  "  --take-over          tell whoever is in control, and take it after the notice",
  ...CLIENT_HELP,
];

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "simulate",
    usage:
      "CAMPAIGN.yaml [--site SITE.yaml] [--seed N] [--faults none|light|heavy|FILE] [--data DIR] [--until DURATION] [--frames DIR] [--physics-report DIR|FILE.html [--cells A1,B2]] [--paced N] [--broker-port PORT] [--rehearsal]",
    summary: "run a campaign in the virtual world, as fast as the processor allows",
    details: [
      "The whole controller, its drivers and every byte, against a seeded world whose truth judges the run.",
      "Exit 2 when a file is refused, 3 when an invariant was broken. Ctrl-C leaves a folder that --data takes up again.",
      "",
      "  --site SITE.yaml     the hardware; otherwise the one the campaign names",
      "  --seed N             another seed, another world (default 1)",
      "  --faults WHAT        none (default), light, heavy, or a JSON file of timed faults",
      "  --data DIR           where the record goes (default data/CAMPAIGN-seedN-TIME)",
      "  --until DURATION     stop there: 90s, 15min, 24h, 7d",
      "  --frames DIR         write every frame, as the simulated detector counted it, as NeXus/HDF5",
      "  --physics-report DIR or FILE.html",
      "                       figures of the true physics: voltage, patterns, lithium in the beam, dose maps",
      "  --cells A1,B2        the cells they show (default: the first of each chemistry)",
      "  --paced N            N seconds of the campaign in one of the day, for people who watch",
      "  --broker-port PORT   show the run on the bus, on this port of this machine; 0 for any free one",
      "  --rehearsal          with the shutter locked shut, as run --rehearsal does it",
    ],
    load: async () => (await import("./commands/simulate.ts")).simulateCommand,
  },
  {
    name: "explore",
    usage: "[CAMPAIGN.yaml] [--site SITE.yaml] [--seeds A..B] [--faults heavy|light|none|FILE] [--jobs N]",
    summary: "search for what faults can break: short campaigns, each seed with faults of its own",
    details: [
      "Prints each seed in which an invariant was broken, and the command that repeats it. Exit 3 when there is one,",
      "or when too few of the feasible requests were met.",
      "",
      "  --seeds A..B         both ends included (default 1..20)",
      "  --faults WHAT        heavy (default), light, none, or a JSON file of timed faults",
      "  --jobs N             processes side by side (default: one for each processor)",
      "  CAMPAIGN.yaml        another campaign than the one made for it, fault-search",
    ],
    load: async () => (await import("./commands/explore.ts")).exploreCommand,
  },
  {
    name: "run",
    usage:
      "CAMPAIGN.yaml [--site SITE.yaml] [--data DIR] [--until DURATION] [--headless] [--capture DIR] [--go-anyway] [--resumed-by NAME] [--no-bus] [--rehearsal]",
    summary: "run a campaign on real links: at a beamline, or on a bench (see instruments)",
    details: [
      "Takes the site's lock: one controller at a time. Every instrument says who it is before anything moves.",
      "Ctrl-C closes the shutter and leaves the cells on their own limits.",
      "Exit 2 when a file, the site or the folder is refused, 1 when it was stopped or failed.",
      "",
      "  --site SITE.yaml     the hardware; otherwise the one the campaign names",
      "  --data DIR           where the record goes (default data/CAMPAIGN-TIME); a folder",
      "                       with a run in it is gone on with where its record stands",
      "  --until DURATION     stop there, counted from the begin: 90s, 15min, 24h, 7d",
      "  --headless           plain lines instead of a live display",
      "  --capture DIR        keep all that is said on the links",
      "  --go-anyway          begin although an instrument does not answer; it is tried again",
      "  --resumed-by NAME    going on: NAME lets go on what was held, and re-arms interlocks",
      "  --no-bus             no broker: no screens and no commands but this terminal's",
      "  --rehearsal          the whole campaign with the shutter locked shut, in a folder of its own: cells, stage,",
      "                       filters and detector as usual, no permit, no dose",
    ],
    load: async () => (await import("./commands/run.ts")).runCommand,
  },
  {
    name: "start",
    usage: "[CAMPAIGN.yaml] [--faults none|light|heavy] [--pace N] [--seed N] [--data DIR]",
    summary: "see a living rack now: formation-day on the screens, 600 times as fast as the day",
    details: [
      "Simulates the campaign with light faults in a process of its own and attaches the screens to it; leaving them",
      "ends it. Where there is no terminal it runs without screens and as fast as it can, a line every tenth of the way.",
      "",
      "  --faults WHAT        what goes wrong (default light on the screens, none without them)",
      "  --pace N             seconds of the campaign for one of the day (default 600)",
      "  --seed N             another seed, another world (default 1)",
      "  --data DIR           where the record goes (default data/formation-day-seedN-TIME)",
    ],
    load: async () => (await import("./commands/start.ts")).startCommand,
  },
  {
    name: "tui",
    usage: "[--broker URL] [--credentials FILE] [--rack NAME]",
    summary: "the screens of a running controller: rack, cells, beam, alarms, log; more than one may look",
    details: [
      "Leaving it leaves the rack as it is. Every key is on the screen that ? shows; see docs/terminal.md.",
      "",
      ...CLIENT_HELP,
    ],
    load: async () => (await import("./commands/tui.ts")).tuiCommand,
  },
  {
    name: "status",
    usage: "[--broker URL] [--credentials FILE] [--rack NAME]",
    summary: "how a running campaign stands: cells, beam, alarms, who is in control",
    details: ["Asks the bus once. --json gives the whole document.", "", ...CLIENT_HELP],
    load: async () => (await import("./commands/status.ts")).statusCommand,
  },
  {
    name: "hold",
    usage: "[POSITION] [--reason TEXT] [--take-over] [--broker URL] [--credentials FILE] [--rack NAME]",
    summary: "expose nothing more until somebody resumes; or switch one cell off for a while",
    details: [
      "The exposure under way is ended and accounted for; cells go on. With a position that cell is switched off, and",
      "its step goes on later with the time it has left.",
      "",
      ...ORDER_HELP,
    ],
    load: async () => (await import("./commands/orders.ts")).holdCommand,
  },
  {
    name: "resume",
    usage: "[POSITION] [--re-arm] [--reason TEXT] [--take-over] [--broker URL] [--credentials FILE] [--rack NAME]",
    summary: "let exposing, or one cell, go on",
    details: ["", "  --re-arm             re-arm interlocks that broke, once the hutch is in order", ...ORDER_HELP],
    load: async () => (await import("./commands/orders.ts")).resumeCommand,
  },
  {
    name: "skip-step",
    usage: "POSITION [--reason TEXT] [--take-over] [--broker URL] ...",
    summary: "a cell's step counts as not done, and the next begins",
    details: ["For one that can be repeated or done without; end-step takes it as done.", "", ...ORDER_HELP],
    load: async () => (await import("./commands/orders.ts")).skipStepCommand,
  },
  {
    name: "end-step",
    usage: "POSITION [--reason TEXT] [--take-over] [--broker URL] ...",
    summary: "a cell's step has done enough, and the next begins",
    details: [...ORDER_HELP],
    load: async () => (await import("./commands/orders.ts")).endStepCommand,
  },
  {
    name: "note",
    usage: "POSITION TEXT [--broker URL] ...",
    summary: "write a word about a cell into the log, for whoever looks next",
    details: ["TEXT stands in quotes. It needs no control.", "", ...CLIENT_HELP],
    load: async () => (await import("./commands/orders.ts")).noteCommand,
  },
  {
    name: "control",
    usage: "take|release [--reason TEXT] [--broker URL] ...",
    summary: "take or give back control for more than one order",
    details: [
      "The commands above take it for their one order where nobody has it. Taken like this it is kept until it is",
      "released, taken over, or not used for 15 minutes. Where somebody has it they are told, and it passes after the",
      "notice.",
      "",
      "  --reason TEXT        for those who read the log",
      ...CLIENT_HELP,
    ],
    load: async () => (await import("./commands/orders.ts")).controlCommand,
  },
  {
    name: "stop",
    usage: "exposing|motion|step|open-circuit|emergency [--reason TEXT] [--take-over] [--broker URL] ...",
    summary: "stop one class of things: there is no one stop for all",
    details: [
      "  exposing             the shutter closes, nothing more is exposed until somebody resumes",
      "  motion               the same, and the stage is halted",
      "  step                 every cell's step stops; each waits to be resumed",
      "  open-circuit         every cell is switched off for good",
      "  emergency            exposing, motion and open-circuit at once; needs no control",
      "",
      ...ORDER_HELP,
    ],
    load: async () => (await import("./commands/orders.ts")).stopCommand,
  },
  {
    name: "ack",
    usage: "ALARM ... [--shelve DURATION] [--reason TEXT] [--take-over] [--broker URL] ...",
    summary: "say that alarms were seen, by their numbers: 7, or 3..5,9",
    details: [
      "It stays open until its cause is gone. An instrument that was given up is tried again.",
      "",
      "  --shelve DURATION    put it aside for so long instead: 15min, 2h; 12h at the most",
      ...ORDER_HELP,
    ],
    load: async () => (await import("./commands/orders.ts")).ackCommand,
  },
  {
    name: "expose",
    usage: "POSITION [--within DURATION] [--reason TEXT] [--take-over] [--broker URL] ...",
    summary: "ask for one exposure of a cell beside the sweeps",
    details: [
      "It is made when the beam is free, if the dose ledger allows it.",
      "",
      "  --within DURATION    after that it is missed (default 1h)",
      ...ORDER_HELP,
    ],
    load: async () => (await import("./commands/orders.ts")).exposeCommand,
  },
  {
    name: "users",
    usage: "FILE add NAME --role ROLE [--group G] | remove NAME | list | mosquitto [--rack NAME] [--campaign FILE]",
    summary: "users of the bus, their roles and passwords",
    details: [
      "ROLE is observer, group-user, operator or beamline-scientist. The password is asked for at the terminal, or taken",
      "from $BEAMRACK_PASSWORD; the file holds its scrypt hash only. mosquitto prints an access list for that broker.",
    ],
    load: async () => (await import("./commands/users.ts")).usersCommand,
  },
  {
    name: "notify",
    usage: "run|check|test [FILE.yaml] [--rule NAME] [--broker URL] [--credentials FILE] [--rack NAME]",
    summary: "tell people of alarms and milestones, by e-mail, webhook or MQTT",
    details: [
      "A client of the bus beside the controller, until Ctrl-C; docs/notifications.md has the file and a unit for",
      "systemd. FILE is notify.yaml, or what $BEAMRACK_NOTIFY names.",
      "",
      "  run                  listen, and send what the rules ask for",
      "  check                read the file and every secret it names; exit 2 where they will not do",
      "  test                 one notice by each route now; exit 1 where one could not be sent",
      "  --rule NAME          with test: the routes of this rule alone",
      ...CLIENT_HELP,
    ],
    load: async () => (await import("./commands/notify.ts")).notifyCommand,
  },
  {
    name: "instruments",
    usage: "SITE.yaml [--campaign CAMPAIGN.yaml] [--speed N] [--seed N] [--folder DIR] [--write-site FILE.yaml]",
    summary: "simulated instruments on real links of this computer, until Ctrl-C",
    details: [
      "Serial ports are pseudo-terminals; everything listens on this computer only, with one simulated world behind it.",
      "Faults are ordered over the broker (docs/bench.md). --json prints a line for each place, then one when all stand.",
      "",
      "  --campaign FILE      the cells of this campaign; otherwise new cells of one design at every position",
      "  --speed N            cells live N times as fast as the clock on the wall, 1 to 1000 (default 1)",
      "  --seed N             another seed, another world (default 1)",
      "  --folder DIR         where serial ports stand that the site has under /dev (default /tmp/beamrack-bench)",
      "  --write-site FILE    the site with the places where everything listens, for beamrack run --site FILE",
    ],
    load: async () => (await import("./commands/instruments.ts")).instrumentsCommand,
  },
  {
    name: "check",
    usage: "CAMPAIGN.yaml [--site SITE.yaml]",
    summary: "everything that can be known before: limits, wiring, dose forecast, timetable",
    details: [
      "Moves nothing. Exit 2 when a file is refused (every error is listed), 3 when the plan does not hold.",
      "",
      "  --site SITE.yaml     the hardware; otherwise the one the campaign names",
    ],
    load: async () => (await import("./commands/check.ts")).checkCommand,
  },
  ...MAIL_IN_COMMANDS,
  {
    name: "verify",
    usage: "DIR",
    summary: "audit a data folder: hash chain, ledger against exposures, gaps, limits, replay",
    details: ["Only reads. Exit 3 when anything does not hold; what is damaged is named, the rest is still audited."],
    load: async () => {
      const { verifyCommand } = await import("./commands/verify.ts");
      return (context, args) => verifyCommand(context, args);
    },
  },
  {
    name: "timetable",
    usage: "DIR [--position A7] [--lines N]",
    summary: "who is next in the beam, when and why, and what became of what was asked",
    details: [
      "Reads a data folder, also while its campaign runs. Ahead: what was asked with a window, as it was planned last.",
      "Behind: met, late, missed or withdrawn, and why.",
      "",
      "  --position A7        of this cell alone",
      "  --lines N            so many lines each way (default 20); --json has them all",
    ],
    load: async () => (await import("./commands/timetable.ts")).timetableCommand,
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
  {
    name: "data",
    usage:
      "DIR cells|cycles|exposures|notes [POSITION ...] | plot voltage|current|capacity|dqdv|patterns POSITION | plot dose [--svg FILE] [--png FILE] [--dark] [--frames DIR] [--group G]",
    summary: "what stands in a data folder, listed, drawn in the terminal or as a picture",
    details: [
      "Only reads, also while the campaign runs. --json has rows or points; export has all in other people's forms.",
      "",
      "  --svg FILE           draw into a file, with units and legend; --png FILE too or instead",
      "  --dark               on dark paper",
      "  --frames DIR         with patterns: where the powder patterns stand (default DIR/frames)",
      "  --group G            the cells of this group alone",
    ],
    load: async () => (await import("./commands/data.ts")).dataCommand,
  },
  {
    name: "export",
    usage:
      "DIR --as bdf|nexus|bluesky|battinfo|rocrate|csv --out OUT [--group G] [--tables csv,parquet] [--frames DIR] [--copy-frames] [--author NAME] [--license NAME]",
    summary: "a campaign's data in a form that other people's tools read",
    details: [
      "Only reads DIR; OUT is new, or nothing is done. docs/export.md says what stands in each form.",
      "Exit 2 when refused, 1 when broken off: the same command goes on behind the cells that are finished.",
      "",
      "  --as FORM            bdf: Battery Data Format, a table for each cell",
      "                       nexus: NeXus/HDF5, a file for each cell and one that leads to them all",
      "                       bluesky: one run of the Bluesky event model, cycling beside it as bdf",
      "                       battinfo: cells, tests and data as linked data (JSON-LD)",
      "                       rocrate: bdf, nexus, battinfo and csv in one RO-Crate",
      "                       csv: cells, cycles, exposures and dose by spot, for people",
      "  --out OUT            the folder to make",
      "  --group G            the cells of this group alone",
      "  --tables FORMS       of bdf: csv, parquet, or both as csv,parquet (default)",
      "  --frames DIR         where frames stand (default DIR/frames): their checksums, and with nexus their patterns,",
      "                       go into the export; one that is missing is told",
      "  --copy-frames        frames stay where they are without it; with it the export has a copy of each",
      "  --author NAME        who is to be named; as often as needed",
      "  --license NAME       the terms, such as CC-BY-4.0",
    ],
    load: async () => (await import("./commands/export.ts")).exportCommand,
  },
  {
    name: "repair",
    usage: "DIR --out DIR",
    summary: "what can be read of a damaged data folder, in a new one",
    details: [
      "Only reads DIR. What was lost is told and stands in the new log; the new folder is for audit, export and report,",
      "and no run goes on in it, for what was lost may have been dose.",
    ],
    load: async () => {
      const { repairCommand } = await import("./commands/repair.ts");
      return (context, args) => repairCommand(context, args);
    },
  },
  {
    name: "device",
    usage: "SITE.yaml [NAME COMMAND [ARGS]] [--dry-run] [--yes] [--capture DIR] [--timeout DURATION]",
    summary: "talk to one instrument: identify, status, read, move, open, ... for commissioning",
    details: [
      "Without a name: every instrument of the site and what it can be asked. Takes the site's lock; beside a running",
      "controller only what changes nothing is done. What each command does stands in docs/commissioning.md.",
      "Exit 2 when refused, 1 when the instrument failed.",
      "",
      "  --dry-run            say what would be done and sent, as the simulated instrument answers; open nothing",
      "  --yes                do not ask before it moves, energises or ends something",
      "  --capture DIR        write the traffic of each link into DIR, as JSON lines",
      "  --timeout DURATION   give up after that; each command has a time of its own",
      "  --ports              with the list: the serial ports of this machine",
      "  --home               with move: find the reference first",
      "  --alone              move without reading the interlocks: somebody stands by the emergency stop",
      "  --for DURATION --data DIR [--spot N]",
      "                       with open: how long, and the data folder of the campaign where the dose is booked",
    ],
    load: async () => (await import("./commands/device.ts")).deviceCommand,
  },
  {
    name: "dose",
    usage: "CASE.json",
    summary: "X-ray dose of a layer stack, for one exposure or a sequence with limits",
    details: ["The case file and the answer are described in docs/operator.md."],
    load: async () => (await import("./commands/dose.ts")).doseCommand,
  },
  {
    name: "cell",
    usage: "CASE.json",
    summary: "one simulated cell through a protocol, or its impedance",
    details: ["The case file and the answer are described in docs/cell.md."],
    load: async () => (await import("./commands/cell.ts")).cellCommand,
  },
  {
    name: "protocol",
    usage:
      "check|show|convert FILE|library:NAME [--to FORM] [--out OUT] [--capacity-mAh N] [--sample NAME] [--set NAME=VALUE] [--plot [FILE.svg]], or list",
    summary: "a cycling protocol: is it sound, what does it say, the same in another form",
    details: [
      "FILE is in the aurora-unicycler form (JSON or YAML), a Neware step file, BioLogic EC-Lab settings, a tomato 0.2",
      "payload, a BattINFO workflow, or PyBaMM experiment strings (a JSON list, or .txt lines): told from what it holds.",
      "library:NAME is a protocol that comes with beamrack; list names them all, show tells their parameters.",
      "Exit 2 when the file is refused; every error is listed with its line.",
      "",
      "  --to FORM            what convert writes: unicycler (default), unicycler-yaml, neware, pybamm, battinfo, biologic,",
      "                       tomato, methodscript; what the form cannot say is told on stderr",
      "  --out OUT            where to; standard output without it",
      "  --capacity-mAh N     what a C-rate means, where the file does not say",
      "  --sample NAME        the sample's name in the converted file",
      "  --set NAME=VALUE     a parameter of a library protocol; as often as needed",
      "  --plot [FILE.svg]    with show: the forecast, voltage and current over time, in the terminal or in a file;",
      "                       --chemistry ID (default lno-graphite) says of which cell",
      "",
      "With --to methodscript (segments OUT.1.mscr, OUT.2.mscr where one script would be too long):",
      "  --model NAME         mes4hr (default), es4hr or nexus",
      "  --chemistry ID       limits of voltage in the script: the chemistry's; a safety block or --limits may be tighter",
      "  --limits WINDOWS     such as 2.4..4.3V,-5..5mA (write --limits=-5..5mA where a sign comes first)",
      "  --script-bytes N     longest script the instrument takes (default 15000)",
      "  --without-add-meas   for firmware without add_meas: holds then record the set voltage",
    ],
    load: async () => (await import("./commands/protocol.ts")).protocolCommand,
  },
  {
    name: "broker",
    usage: "",
    summary: "the embedded broker's process; run and simulate start it themselves",
    details: ["What it is to do comes on its standard input; when that ends, it ends three seconds later."],
    load: async () => (await import("./commands/broker.ts")).brokerCommand,
  },
];
