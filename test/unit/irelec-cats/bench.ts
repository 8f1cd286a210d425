/** A changer driver, its simulated robot and the cells, on two virtual cables. */
import { setImmediate } from "node:timers/promises";
import { createCatsChanger, type CatsChangerDeps } from "../../../drivers/irelec-cats/cats-changer.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import type { SampleChanger } from "../../../protocols/roles/sample-changer.ts";
import { createChance } from "../../../simulator/chance/chance.ts";
import { createChangerPlant, type ChangerPlant } from "../../../simulator/changer/changer-plant.ts";
import { isSamePlace, type Place } from "../../../simulator/changer/place.ts";
import { createVirtualClock, type VirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { createCatsTwin, type CatsTwin, type CatsTwinDeps } from "../../../simulator/irelec-cats/cats-twin.ts";
import { createMemoryLink, type MemoryLink } from "../../../simulator/links/memory-link.ts";
import type { DeviceEnd } from "../../../simulator/plant/plant.ts";
import type { SampleChangerBench, TruePlace } from "../../contract/sample-changer.ts";

export interface CatsBench extends SampleChangerBench {
  readonly clock: VirtualClock;
  readonly operate: MemoryLink;
  readonly monitor: MemoryLink;
  readonly plant: ChangerPlant;
  readonly twin: CatsTwin;
  readonly faults: Fault[];
}

export interface CatsBenchOptions {
  readonly changer?: Partial<CatsChangerDeps>;
  readonly twin?: Partial<CatsTwinDeps>;
  /** Changes what the monitor socket says; undefined keeps it from the host. */
  readonly alter?: (said: string) => string | undefined;
  /** The same of answers to orders. */
  readonly alterAnswer?: (said: string) => string;
}

export const PATH_WORDS = /^(put|get|getput|put_bcrd|getput_bcrd|home|pick|back)\(/;

function altered(end: DeviceEnd, alter: (said: string) => string | undefined): DeviceEnd {
  return {
    ...end,
    send(chunk) {
      const said = alter(Buffer.from(chunk).toString("latin1"));
      if (said !== undefined) end.send(Buffer.from(said, "latin1"));
    },
  };
}

export function createCatsBench(options: CatsBenchOptions = {}): CatsBench {
  const clock = createVirtualClock(0, { drain: () => setImmediate() });
  const operate = createMemoryLink(clock, { name: "changer operate", latencyMs: 1 });
  const monitor = createMemoryLink(clock, { name: "changer monitor", latencyMs: 1 });
  const slot = (index: number): Place => ({ kind: "tray", tray: 1, slot: index });
  const plant = createChangerPlant({
    cells: [
      { id: "one", code: "R-0001", place: slot(1) },
      { id: "two", code: "R-0002", place: slot(2) },
    ],
    chance: createChance(1),
  });
  let positionIndex = 0;
  let loses: "answer" | "swallow" | undefined;
  const handover = (): Place => ({ kind: "rack", positionIndex });
  const operateEnd: DeviceEnd = {
    ...altered(operate.end, (said) => {
      if (loses !== "answer" || !PATH_WORDS.test(`${said.trim()}(`)) return options.alterAnswer?.(said) ?? said;
      loses = undefined;
      return undefined;
    }),
    onData(handler) {
      operate.end.onData((chunk) => {
        if (loses === "swallow" && PATH_WORDS.test(Buffer.from(chunk).toString("latin1"))) {
          loses = undefined;
          return;
        }
        handler(chunk);
      });
    },
  };
  const twin = createCatsTwin({
    operate: operateEnd,
    monitor: altered(monitor.end, options.alter ?? ((said) => said)),
    clock,
    changer: plant,
    handover,
    ...options.twin,
  });
  const changer: SampleChanger = createCatsChanger({
    name: "changer",
    openOperate: operate.openLink,
    openMonitor: monitor.openLink,
    clock,
    model: "CATS",
    trayCount: 3,
    slotsPerTray: 16,
    tool: 5,
    ...options.changer,
  });
  const faults: Fault[] = [];
  changer.onFault((fault) => faults.push(fault));
  return {
    clock,
    operate,
    monitor,
    plant,
    twin,
    changer,
    faults,
    async finish(work) {
      const settled = work.then(
        () => undefined,
        () => undefined,
      );
      void settled.then(() => {
        clock.stop();
      });
      await clock.run(clock.nowMs() + 3_600_000);
      return work;
    },
    pass: (ms) => clock.run(clock.nowMs() + ms),
    nowMs: () => clock.nowMs(),
    whereIs(cell): TruePlace {
      const place = plant.placeOf(clock.nowMs(), cell === 1 ? "one" : "two");
      if (place?.kind === "tray") return { tray: place.tray, slot: place.slot };
      return place !== undefined && isSamePlace(place, handover()) ? "handover" : "elsewhere";
    },
    pathsBegun: () => twin.orders.filter((order) => PATH_WORDS.test(order)).length,
    moveRackOn() {
      positionIndex += 1;
    },
    dropNext() {
      plant.dropNext();
    },
    stickSensor(says) {
      plant.stickPresence(handover(), says);
    },
    openDoor(isOpen) {
      twin.openDoors(isOpen);
    },
    hang(isHung) {
      operate.hang(isHung);
      monitor.hang(isHung);
    },
    loseNextAnswer(how) {
      loses = how;
    },
    cut() {
      operate.cut("unplugged");
      monitor.cut("unplugged");
    },
  };
}
