/** What `beamrack device` can do with gate generators, sample changers, barcode readers and sensors on their own cable. */
import { sleep } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { PowderPattern } from "../../protocols/diffraction/powder-pattern.ts";
import type { BarcodeReader } from "../../protocols/roles/barcode-reader.ts";
import type { Instrument } from "../../protocols/roles/instrument.ts";
import type { Integrator } from "../../protocols/roles/integrator.ts";
import type { ChangerReading, SampleChanger, TraySlot } from "../../protocols/roles/sample-changer.ts";
import type { Sensor } from "../../protocols/roles/sensor.ts";
import { trainLengthS, type GateTrain, type Trigger } from "../../protocols/roles/trigger.ts";
import type { Act, ActBench } from "./act.ts";
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
import { sensorJson, type JsonObject } from "./device-json.ts";
import { movePermitted } from "./motion-permit.ts";

const LOOK_EVERY_MS = 50;
const READ_CODE_MS = 20_000;
const ROBOT_MS = 300_000;

/** A sensor that is asked by its driver, not heard through a broker. */
export function sensorActs(sensor: Sensor): readonly ActEntry[] {
  const reading = (bench: ActBench) =>
    withConnected(bench, sensor, async () => {
      const { clock, signal } = bench;
      const untilMs = clock.monoMs() + sensor.maximumAgeS * 1000;
      while (sensor.fresh() === undefined && clock.monoMs() < untilMs) await sleep(clock, LOOK_EVERY_MS, signal);
      return sensorJson(sensor, sensor.fresh(), clock.monoMs());
    });
  const [identify] = driverActs(sensor);
  return [
    ...(identify === undefined ? [] : [identify]),
    entry("status", STATUS, () => asking("status", "Connects and waits for a reading.", TAKES_OVER, reading)),
    entry("read", READ, () => asking("read", "Connects and waits for a reading.", TAKES_OVER, reading)),
  ];
}

export function readerActs(reader: BarcodeReader): readonly ActEntry[] {
  return [
    ...driverActs(reader),
    entry("read", { usage: "read", summary: "the code before the reader, or shown to it within 20 s" }, () =>
      asking("read", "Waits for one code.", TAKES_OVER, (bench) =>
        withConnected(bench, reader, async () => ({ code: (await reader.readCode(READ_CODE_MS, bench.signal)).code })),
      ),
    ),
  ];
}

export function integratorActs(integrator: Integrator & Instrument): readonly ActEntry[] {
  return [
    ...driverActs(integrator),
    {
      name: "read",
      usage: "read FRAME",
      summary: "the pattern of a frame, by its path on the detector's disk",
      make(args) {
        const [frame, ...more] = args;
        if (frame === undefined || more.length > 0) {
          throw new Fault("command.usage", "read", "takes one path: read FRAME");
        }
        return asking(`read ${frame}`, "Has one frame integrated.", TAKES_OVER, (bench) =>
          withConnected(bench, integrator, async () => patternJson(await integrator.read(frame))),
        );
      },
    },
  ];
}

function patternJson(pattern: PowderPattern | undefined): JsonObject {
  if (pattern === undefined) return { pattern: null };
  const { counts, twoThetaDeg, wavelengthA } = pattern;
  let sum = 0;
  let most = 0;
  for (let point = 0; point < counts.length; point += 1) {
    sum += counts[point] ?? 0;
    most = Math.max(most, counts[point] ?? 0);
  }
  const range = { from_deg: twoThetaDeg[0] ?? null, to_deg: twoThetaDeg[counts.length - 1] ?? null };
  return {
    pattern: { points: counts.length, ...range, wavelength_A: wavelengthA, counts: sum, most_in_one_bin: most },
  };
}

/** A gate at a shutter's input opens it only under the permit, which nothing here gives. */
export function triggerActs(trigger: Trigger): readonly ActEntry[] {
  return [
    ...driverActs(trigger),
    gateEntry("arm", "set gates and read them back; nothing fires", async (train) => {
      const armed = await trigger.arm(train);
      await trigger.abort();
      return trainJson(armed);
    }),
    gateEntry("trigger", "set gates and fire them once", async (train, bench) => {
      const armed = await trigger.arm(train);
      const stop = (): void => {
        // Told by the train itself, which then does not end well.
        trigger.abort().catch(() => undefined);
      };
      bench.signal.addEventListener("abort", stop, { once: true });
      const { finished } = await trigger.fire();
      const { gateCount } = await finished;
      return { ...trainJson(armed), gates_given: gateCount };
    }),
    entry("abort", { usage: "abort", summary: "end what runs; the output at rest" }, () => ({
      ...asking("abort", "Ends what runs and disarms.", TAKES_OVER, (bench) =>
        withConnected(bench, trigger, async () => {
          await trigger.abort();
          return { state: "at rest" };
        }),
      ),
    })),
  ];

  function gateEntry(
    name: "arm" | "trigger",
    summary: string,
    act: (train: GateTrain, bench: ActBench) => Promise<JsonObject>,
  ): ActEntry {
    return {
      name,
      usage: `${name} WIDTH_S [DELAY_S [COUNT PERIOD_S]]`,
      summary,
      make(args) {
        const train = trainOf(name, args);
        const gates = train.count === 1 ? "one gate" : `${train.count} gates every ${train.periodS} s`;
        return {
          command: [name, ...args].join(" "),
          words: [`Sets ${gates} of ${train.widthS} s after ${train.delayS} s${name === "arm" ? "" : ", and fires"}.`],
          needsConfirmation: name === "trigger",
          admitsBeam: false,
          notBeside: TAKES_OVER,
          timeoutMs: ASK_MS + trainLengthS(train) * 1000,
          perform: (bench) => withConnected(bench, trigger, () => act(train, bench)),
        };
      },
    };
  }
}

function trainOf(name: string, args: readonly string[]): GateTrain {
  const [widthS, delayS = 0, count = 1, periodS = 0, ...more] = args.map(Number);
  const isGood = [widthS, delayS, count, periodS].every((value) => value !== undefined && Number.isFinite(value));
  if (widthS === undefined || !isGood || more.length > 0 || args.length === 3) {
    throw new Fault("command.usage", name, `takes seconds: ${name} WIDTH_S [DELAY_S [COUNT PERIOD_S]]`);
  }
  return { widthS, delayS, count, periodS };
}

function trainJson({ widthS, delayS, count, periodS }: GateTrain): JsonObject {
  return { width_s: widthS, delay_s: delayS, count, period_s: periodS };
}

/** The arm moves only under the motion permit, as the stage does. */
export function changerActs(changer: SampleChanger): readonly ActEntry[] {
  const reading = (bench: ActBench) => withConnected(bench, changer, async () => changerJson(await changer.read()));
  const [identify] = driverActs(changer);
  const moving = (
    command: string,
    words: string,
    work: (bench: ActBench) => Promise<JsonObject>,
    isAlone: boolean,
  ): Act => ({
    command,
    words: [
      isAlone
        ? "Asks nobody whether motion is permitted."
        : "Moves only when search, door, emergency stop and enable permit it.",
      words,
    ],
    needsConfirmation: true,
    admitsBeam: false,
    notBeside: TAKES_OVER,
    timeoutMs: ROBOT_MS,
    perform: (bench) =>
      withConnected(bench, changer, async () => {
        await movePermitted(bench, changer.name, isAlone);
        const stop = (): void => {
          changer.abort().catch(() => undefined);
        };
        bench.signal.addEventListener("abort", stop, { once: true });
        return work(bench);
      }),
  });
  return [
    ...(identify === undefined ? [] : [identify]),
    entry("status", STATUS, () => asking("status", "Asks what the arm does and holds.", TAKES_OVER, reading)),
    entry("read", READ, () => asking("read", "Asks what the arm does and holds.", TAKES_OVER, reading)),
    entry("home", { usage: "home", summary: "bring the empty arm to its rest" }, ({ isAlone }) =>
      moving("home", "Brings the empty arm to its rest.", () => atRest(() => changer.home()), isAlone),
    ),
    transfer("load", "from a tray to the handover place", (slot, bench) => changer.load(slot, bench.signal)),
    transfer("unload", "from the handover place to a tray", (slot, bench) => changer.unload(slot, bench.signal)),
    entry("abort", { usage: "abort", summary: "stop the arm where it is" }, () =>
      asking("abort", "Stops the arm.", TAKES_OVER, (bench) =>
        withConnected(bench, changer, () => atRest(() => changer.abort())),
      ),
    ),
  ];

  async function atRest(work: () => Promise<void>): Promise<JsonObject> {
    await work();
    return changerJson(await changer.read());
  }

  function transfer(
    name: "load" | "unload",
    summary: string,
    act: (slot: TraySlot, bench: ActBench) => Promise<{ readonly code: string | null }>,
  ): ActEntry {
    return {
      name,
      usage: `${name} TRAY SLOT`,
      summary,
      make(args, { isAlone }) {
        const [tray, slot] = args.map(Number);
        if (args.length !== 2 || tray === undefined || slot === undefined || !isNumber(tray) || !isNumber(slot)) {
          throw new Fault("command.usage", name, "takes a tray and a slot, counted from 1");
        }
        const words = `Carries the cell ${summary}: tray ${tray}, slot ${slot}.`;
        return moving(
          `${name} ${tray} ${slot}`,
          words,
          async (bench) => ({ code: (await act({ tray, slot }, bench)).code }),
          isAlone,
        );
      },
    };
  }
}

function isNumber(value: number): boolean {
  return Number.isInteger(value) && value >= 1;
}

function changerJson(reading: ChangerReading): JsonObject {
  const slotJson = (slot: TraySlot | null) => (slot === null ? null : { tray: slot.tray, slot: slot.slot });
  return {
    powered: reading.isPowered,
    remote: reading.isRemote,
    fault: reading.hasFault,
    path: reading.path,
    held: slotJson(reading.held),
    delivered: slotJson(reading.delivered),
    cell_at_handover: reading.isPresent,
    arm_at_rack: reading.isArmAtRack,
    at_home: reading.isAtHome,
    trays_present: [...reading.traysPresent],
    code: reading.code,
    message: reading.message,
  };
}
