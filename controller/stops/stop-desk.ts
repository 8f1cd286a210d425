/**
 * Where every stop is carried out, whoever ordered it: a key, the bus, a shell, an input of the hutch, the end of the
 * process. All devices are told at once and none waits for another; each is timed, and what does not confirm within the
 * bound is named. The machines hear of it in the same moment, so that nothing is begun again.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { within, type Clock } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import type { StopClass } from "../../protocols/bus/commands.ts";
import type { CampaignEvent } from "../machines/campaign-news.ts";
import type { Recorder } from "../machines/recorder.ts";
import type { Alarms } from "../run/alarms.ts";
import { stopDevices, STOPS_BEAM, type StopDevice, type StopDevicesDeps } from "./stop-devices.ts";
import { nameOf, reportJson, type StoppedDevice, type StopReport } from "./stop-report.ts";

export interface StopOrder {
  readonly stopClass: StopClass;
  readonly author: string;
  readonly reason: string;
  /** Of `step` and `open-circuit`: these cells only. Left out: all. */
  readonly positions?: readonly string[];
}

export interface StopUnderWay {
  /** As far as it has come. */
  readonly report: () => StopReport;
  /** Resolves when it is over; never rejects, and never later than the bound. */
  readonly over: Promise<void>;
}

export interface StopDesk {
  /** Carries it out. Never throws, never waits. The same again while one is under way is that one, unless something was resumed since. */
  order(order: StopOrder): StopUnderWay;
  /** Told of every event that is written. */
  heard(type: string, data: Readonly<Record<string, Json>>): void;
  readonly isUnderWay: boolean;
}

export interface StopDeskDeps extends StopDevicesDeps {
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly alarms: Pick<Alarms, "raise" | "clear">;
  readonly send: (event: CampaignEvent) => void;
  /** The instruments are still asked who they are: the machines take no stop of cells yet. */
  readonly isConnecting: () => boolean;
  /** Calls back once they have been asked. */
  readonly onceConnected: (act: () => void) => void;
  /** Cells of which a step can be held. */
  readonly mayHold: (position: string) => boolean;
}

/** Longest that a stop is waited for, whatever hangs. */
export const STOP_BOUND_MS = 10_000;

export function createStopDesk(deps: StopDeskDeps): StopDesk {
  const { clock, recorder, alarms, send } = deps;
  /** All that are not over, and of them, by what was ordered, those that the same order again would be. */
  const notOver = new Set<object>();
  const underWay = new Map<string, StopUnderWay>();
  let count = 0;

  function tellMachines({ stopClass, author, reason, positions }: StopOrder): void {
    if (STOPS_BEAM.includes(stopClass)) send({ type: "STOP_EXPOSING", author, reason });
    if (stopClass === "step") {
      for (const position of deps.positions) {
        if (positions?.includes(position) === false || !deps.mayHold(position)) continue;
        send({ type: "CELL_ORDERED", position, event: { type: "HOLD_CELL", author, reason } });
      }
    }
    if (stopClass !== "open-circuit" && stopClass !== "emergency") return;
    send({ type: "STOP_CELLS", author, reason, ...(positions === undefined ? {} : { positions }) });
  }

  function alarm({ name, byHand, position }: StopDevice, stopClass: StopClass, what: string): void {
    alarms.raise({
      code: "stop.not-confirmed",
      where: name,
      what: `stop ${stopClass}: ${nameOf({ name, position })} did not confirm it: ${what}; ${byHand}`,
      advice: FAULT_CATALOGUE["stop.not-confirmed"].advice,
    });
  }

  function begin(key: string, order: StopOrder): StopUnderWay {
    const { stopClass, author, reason, positions } = order;
    const orderedAtMs = clock.monoMs();
    const isMeant = (position: string): boolean => positions?.includes(position) ?? true;
    const devices = stopDevices(deps, stopClass, isMeant);
    const number = (count += 1);
    const heard: StoppedDevice[] = devices.map(({ name, position, byHand }) => ({
      ...{ name, position, byHand, toldMs: null, confirmedMs: null, trouble: null },
    }));
    let isOver = devices.length === 0;
    const note = (index: number, change: Partial<StoppedDevice>): void => {
      const before = heard[index];
      if (before !== undefined) heard[index] = { ...before, ...change };
    };
    const sinceMs = (): number => clock.monoMs() - orderedAtMs;
    const self = {};
    const report = (): StopReport => ({
      number,
      stopClass,
      author,
      boundMs: STOP_BOUND_MS,
      isOver,
      devices: [...heard],
    });

    async function stopOne(device: StopDevice, index: number): Promise<void> {
      const { name, position } = device;
      const told = (): void => {
        if (heard[index]?.toldMs === null) note(index, { toldMs: sinceMs() });
      };
      const obeyed = device.stop(told).then(() => {
        alarms.clear("stop.not-confirmed", name);
      });
      try {
        await within(clock, STOP_BOUND_MS, obeyed, () => lateFault(device));
        // One that rests already has nothing to be told.
        told();
        note(index, { confirmedMs: sinceMs() });
      } catch (error) {
        const what = isFault(error) || error instanceof Error ? error.message : String(error);
        note(index, { trouble: what });
        alarm({ ...device, position }, stopClass, what);
      }
    }

    recorder.record("stop-ordered", {
      ...{ stop: number, class: stopClass, author, reason },
      ...(positions === undefined ? {} : { positions: [...positions] }),
    });
    notOver.add(self);
    const all = devices.map(stopOne);
    tellMachines(order);
    const over = Promise.all(all).then(() => {
      isOver = true;
      notOver.delete(self);
      if (underWay.get(key) === running) underWay.delete(key);
      recorder.record("stop-ended", reportJson(report()));
    });
    const running: StopUnderWay = { report, over };
    return running;
  }

  function order(asked: StopOrder): StopUnderWay {
    const key = `${asked.stopClass} ${(asked.positions ?? ["all"]).join(" ")}`;
    const before = underWay.get(key);
    if (before !== undefined) return before;
    const running = begin(key, asked);
    if (!running.report().isOver) underWay.set(key, running);
    // Devices that answer already have been told; the machines of the cells are once they listen.
    if (deps.isConnecting()) {
      deps.onceConnected(() => {
        tellMachines(asked);
      });
    }
    return running;
  }

  return {
    order,
    heard(type, data) {
      // What goes on again was not meant by the answers of before.
      if (type === "exposing-resumed" || (type === "cell-act" && data["act"] === "resume")) underWay.clear();
    },
    get isUnderWay() {
      return notOver.size > 0;
    },
  };
}

function lateFault({ name }: StopDevice): Fault {
  return new Fault("stop.not-confirmed", name, `no answer within ${String(STOP_BOUND_MS / 1000)} s`);
}
