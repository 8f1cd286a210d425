/** What `beamrack device` can do with the stage. */
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { Stage } from "../../protocols/roles/stage.ts";
import type { ActBench } from "./act.ts";
import {
  ASK_MS,
  asking,
  driverActs,
  entry,
  READ,
  STATUS,
  TAKES_OVER,
  withConnected,
  type ActEntry,
} from "./act-entry.ts";
import { stageJson } from "./device-json.ts";
import type { DeviceOptions } from "./device-options.ts";
import { movePermitted } from "./motion-permit.ts";

const MOVE_MS = 120_000;
const HOME_MS = 300_000;

export function stageActs(stage: Stage): readonly ActEntry[] {
  const reading = (bench: ActBench) => withConnected(bench, stage, async () => stageJson(await stage.read()));
  const [identify] = driverActs(stage);
  const motion = { needsConfirmation: true, admitsBeam: false, notBeside: TAKES_OVER };
  const permitWords = (options: DeviceOptions): string =>
    options.isAlone
      ? "Asks nobody whether motion is permitted: somebody stands by the emergency stop."
      : "Reads search, door, emergency stop, enable and shutter first; moves only when all permit it.";

  return [
    ...(identify === undefined ? [] : [identify]),
    entry("status", STATUS, () => asking("status", "Asks where it is and whether it rests.", TAKES_OVER, state)),
    entry("read", READ, () => asking("read", "Asks where it is.", TAKES_OVER, reading)),
    {
      name: "move",
      usage: "move X Y [--home]",
      summary: "to rack coordinates in mm; --home finds the reference first",
      make(args, options) {
        const [xMm, yMm] = coordinates(args);
        return {
          ...motion,
          command: `move ${xMm} ${yMm}`,
          words: [
            permitWords(options),
            ...(options.homesFirst ? ["Finds the reference of the stage."] : []),
            `Moves the stage to x ${xMm} mm, y ${yMm} mm and waits until it rests there.`,
          ],
          timeoutMs: MOVE_MS + (options.homesFirst ? HOME_MS : 0),
          perform: (bench) =>
            withConnected(bench, stage, async () => {
              if (options.homesFirst) await homed(bench, options);
              await movePermitted(bench, stage.name, options.isAlone);
              return stageJson(await stage.moveTo({ xMm, yMm }, bench.signal));
            }),
        };
      },
    },
    entry("home", { usage: "home", summary: "find the reference" }, (options) => ({
      ...motion,
      command: "home",
      words: [permitWords(options), "Drives the stage to its switches."],
      timeoutMs: HOME_MS,
      perform: (bench) =>
        withConnected(bench, stage, async () => {
          await homed(bench, options);
          return stageJson(await stage.read());
        }),
    })),
    entry("halt", { usage: "halt", summary: "stop what moves" }, () => ({
      ...motion,
      needsConfirmation: false,
      command: "halt",
      words: ["Stops the stage in a controlled way."],
      timeoutMs: ASK_MS,
      perform: (bench) =>
        withConnected(bench, stage, async () => {
          await stage.halt();
          return stageJson(await stage.read());
        }),
    })),
  ];

  /** Without a reference it has no place to tell, and that is its status. */
  function state(bench: ActBench) {
    return withConnected(bench, stage, async () => {
      try {
        return { homed: true, ...stageJson(await stage.read()) };
      } catch (error) {
        if (!isFault(error) || error.code !== "stage.not-homed") throw error;
        return { homed: false, x_mm: null, y_mm: null };
      }
    });
  }

  async function homed(bench: ActBench, options: DeviceOptions): Promise<void> {
    await movePermitted(bench, stage.name, options.isAlone);
    const halt = (): void => {
      // What fails here is told by the homing itself, which then does not end well.
      stage.halt().catch(() => undefined);
    };
    bench.signal.addEventListener("abort", halt, { once: true });
    try {
      await stage.home();
    } finally {
      bench.signal.removeEventListener("abort", halt);
    }
  }
}

function coordinates(args: readonly string[]): readonly [number, number] {
  const [x, y] = args.map(Number);
  if (args.length !== 2 || x === undefined || y === undefined || !Number.isFinite(x) || !Number.isFinite(y)) {
    throw new Fault(
      "command.usage",
      "move",
      "takes two numbers, x and y in millimetres; write -- before negative ones",
    );
  }
  return [x, y];
}
