/** What `beamrack device` can do with the input/output unit: shutters, filters, its watchdog. */
import { sleep } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { parsePosition } from "../../protocols/base/position.ts";
import type { BeamIo } from "../../protocols/roles/beam-io.ts";
import type { Act, ActBench } from "./act.ts";
import { entry, lookActs, type ActEntry } from "./act-entry.ts";
import { openBeam } from "./beam-opening.ts";
import { levelsJson } from "./device-json.ts";
import type { DeviceOptions } from "./device-options.ts";
import { IO_LOOK } from "./looks.ts";

const ACT_MS = 30_000;
const FILTERS_MS = 5000;
const LOOK_EVERY_MS = 50;
const TAKES_OVER = "the controller holds the shutter's permit, and connecting takes it back";
const SHUTTERS = ["shutter", "safety-shutter"] as const;
type Shutter = (typeof SHUTTERS)[number];

export function ioActs(io: BeamIo): readonly ActEntry[] {
  const acting = { needsConfirmation: true, admitsBeam: false, notBeside: TAKES_OVER, timeoutMs: ACT_MS };

  async function connected(bench: ActBench, work: () => Promise<unknown>) {
    try {
      await io.connect();
      bench.signal.throwIfAborted();
      await work();
      return levelsJson(await io.readInputs());
    } finally {
      io.disconnect();
    }
  }

  /** Until the switches say so. */
  async function moved({ clock, signal }: ActBench, asked: readonly boolean[]): Promise<void> {
    await io.setFilters(asked);
    const untilMs = clock.monoMs() + FILTERS_MS;
    for (;;) {
      const { filtersIn } = await io.readInputs();
      if (asked.every((isIn, index) => filtersIn[index] === isIn)) return;
      if (clock.monoMs() > untilMs) {
        const words = filtersIn.map((isIn) => (isIn ? "in" : "out")).join(",");
        throw new Fault("attenuator.not-in-place", io.name, `the filters read ${words} after ${FILTERS_MS / 1000} s`);
      }
      await sleep(clock, LOOK_EVERY_MS, signal);
    }
  }

  return [
    ...lookActs(IO_LOOK),
    {
      name: "open",
      usage: "open [shutter|safety-shutter] POSITION --for DURATION --data DIR",
      summary: "let the beam in for a time, booked for the cell at POSITION before and settled after",
      make: (args, options) => opening(args, options),
    },
    {
      name: "close",
      usage: "close [shutter|safety-shutter]",
      summary: "close, whatever opened it",
      make(args) {
        const [what, ...rest] = shutterOf(args);
        if (rest.length > 0)
          throw new Fault("command.usage", "close", `takes shutter or safety-shutter, not ${rest.join(" ")}`);
        return {
          ...acting,
          needsConfirmation: false,
          command: `close ${what}`,
          words: [
            `Takes the shutter's permit and request back${what === "shutter" ? "" : ", and closes the safety shutter"}.`,
          ],
          perform: (bench) =>
            connected(bench, () => (what === "shutter" ? io.requestShutterClosed() : io.requestSafetyShutter(false))),
        };
      },
    },
    {
      name: "filters",
      usage: "filters IN,OUT,...",
      summary: "one word for each filter of the site, in its order: in or out",
      make(args, { site }) {
        const words = args.flatMap((text) => text.split(","));
        if (words.length !== site.filters.length || !words.every((word) => word === "in" || word === "out")) {
          const names = site.filters.map((filter) => filter.name).join(", ");
          throw new Fault(
            "command.usage",
            "filters",
            `takes in or out for each of ${site.filters.length} filters: ${names}`,
          );
        }
        return {
          ...acting,
          command: `filters ${words.join(",")}`,
          words: [
            `Moves the filters: ${site.filters.map((filter, index) => `${filter.name} ${words[index] ?? ""}`).join(", ")}.`,
          ],
          perform: (bench) =>
            connected(bench, () =>
              moved(
                bench,
                words.map((word) => word === "in"),
              ),
            ),
        };
      },
    },
    entry("rearm", { usage: "rearm", summary: "start the output watchdog again after a trip" }, () => ({
      ...acting,
      command: "rearm",
      words: ["Starts the output watchdog again, if the shutter reads closed and every output is off."],
      perform: (bench) => connected(bench, () => io.permit.rearmWatchdog()),
    })),
    {
      name: "write-register",
      usage: "write-register ADDRESS VALUE",
      summary: "refused on this unit: any of its registers may be an output of the shutter",
      make() {
        const what = "every register of this unit may hold an output of the shutter; use open, close, filters or rearm";
        throw new Fault("device.unbooked", io.name, `write-register is refused: ${what}`);
      },
    },
  ];
}

function opening(args: readonly string[], options: DeviceOptions): Act {
  const [what, positionText, ...more] = shutterOf(args);
  const position = parsePosition(positionText ?? "");
  if (position === undefined || more.length > 0) {
    throw new Fault(
      "command.usage",
      "open",
      "takes the position whose cell stands in the beam: open shutter A1 --for 2s --data DIR",
    );
  }
  const { forS } = options;
  if (forS === undefined) throw new Fault("command.usage", "open", "takes --for, the time to stay open: --for 2s");
  const spot = options.spot ?? 1;
  return {
    command: `open ${what} ${position} --for ${forS}s`,
    words: [
      `Books the longest that the beam can then be on spot ${spot} of ${position}, with the highest flux, in ${options.dataFolder ?? "the data folder"}.`,
      what === "shutter"
        ? `Opens the safety shutter if it is closed, then the shutter for ${forS} s under a permit renewed at every look.`
        : `Opens the safety shutter for ${forS} s; the shutter stays closed.`,
      "Closes what it opened, and settles the booking.",
    ],
    needsConfirmation: true,
    admitsBeam: true,
    notBeside: TAKES_OVER,
    timeoutMs: ACT_MS + forS * 1000,
    perform: (bench) => openBeam(bench, { what, position, spotIndex: spot - 1, forS, tables: options.tables }),
  };
}

/** The shutter named first, or the fast one; and what follows. */
function shutterOf(args: readonly string[]): readonly [Shutter, ...string[]] {
  const [first, ...rest] = args;
  const named = SHUTTERS.find((name) => name === first);
  return named === undefined ? ["shutter", ...args] : [named, ...rest];
}
