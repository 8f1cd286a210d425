import { createCatsChanger } from "../../../drivers/irelec-cats/cats-changer.ts";
import { createSerialLineReader } from "../../../drivers/serial-line/serial-line-reader.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import { createChance } from "../../../simulator/chance/chance.ts";
import { createChangerPlant } from "../../../simulator/changer/changer-plant.ts";
import { isSamePlace, type Place } from "../../../simulator/changer/place.ts";
import { createCatsTwin } from "../../../simulator/irelec-cats/cats-twin.ts";
import type { DeviceEnd } from "../../../simulator/plant/plant.ts";
import { createSerialLineTwin } from "../../../simulator/serial-line/serial-line-twin.ts";
import { barcodeReaderContract } from "../../contract/barcode-reader.ts";
import { sampleChangerContract, type TruePlace } from "../../contract/sample-changer.ts";
import { createRealWorld, REAL_CLOCK } from "../../support/real-cable.ts";

/** Faster than a robot: what is tested here are links, not motion. */
const PACE = 0.15;
const PATH_WORDS = /^(put|get|home)(\(|\r)/;

sampleChangerContract(
  "irelec-cats on real TCP links",
  async ({ device }) => {
    const world = createRealWorld();
    const operate = await world.cable("tcp", "operate");
    const monitor = await world.cable("tcp", "monitor");
    const slot = (index: number): Place => ({ kind: "tray", tray: 1, slot: index });
    const plant = createChangerPlant({
      cells: [
        { id: "one", code: "R-0001", place: slot(1) },
        { id: "two", code: "R-0002", place: slot(2) },
      ],
      chance: createChance(1),
      moveS: 3 * PACE,
      gripS: 0.5 * PACE,
    });
    let positionIndex = 0;
    let loses: "answer" | "swallow" | undefined;
    const handover = (): Place => ({ kind: "rack", positionIndex });
    const isLost = (how: "answer" | "swallow", chunk: Uint8Array): boolean => {
      if (loses !== how || !PATH_WORDS.test(Buffer.from(chunk).toString("latin1"))) return false;
      loses = undefined;
      return true;
    };
    const operateEnd: DeviceEnd = {
      ...operate.end,
      onData(handler) {
        operate.end.onData((chunk) => {
          if (!isLost("swallow", chunk)) handler(chunk);
        });
      },
      send(chunk) {
        if (!isLost("answer", chunk)) operate.end.send(chunk);
      },
    };
    const twin = createCatsTwin({
      operate: operateEnd,
      monitor:
        device === "wrong"
          ? {
              ...monitor.end,
              send: () => {
                monitor.end.send(Buffer.from("error:2\r\n"));
              },
            }
          : monitor.end,
      clock: world.clock,
      changer: plant,
      handover,
      beginMs: 400 * PACE,
      returnMs: 1500 * PACE,
    });
    const changer = createCatsChanger({
      name: "changer",
      openOperate: operate.openLink,
      openMonitor: monitor.openLink,
      clock: REAL_CLOCK,
      model: "CATS",
      trayCount: 3,
      slotsPerTray: 16,
      tool: 5,
      replyDeadlineMs: 1000,
      beginDeadlineMs: 3000,
    });
    const faults: Fault[] = [];
    changer.onFault((fault) => faults.push(fault));
    return {
      changer,
      faults,
      finish: (work) => work,
      pass: world.pass,
      nowMs: () => world.clock.nowMs(),
      whereIs(cell): TruePlace {
        const place = plant.placeOf(world.clock.nowMs(), cell === 1 ? "one" : "two");
        if (place?.kind === "tray") return { tray: place.tray, slot: place.slot };
        return place !== undefined && isSamePlace(place, handover()) ? "handover" : "elsewhere";
      },
      pathsBegun: () => twin.orders.filter((order) => PATH_WORDS.test(`${order}\r`)).length,
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
      async cut() {
        await Promise.all([operate.cut(), monitor.cut()]);
      },
      close: world.close,
    };
  },
  { isConcurrent: true, pace: PACE },
);

const TRIGGER = { on: "\u0016T\r", off: "\u0016U\r" };

barcodeReaderContract(
  "serial-line on a real serial link",
  { isIdentified: true },
  async ({ device }) => {
    const world = createRealWorld();
    const cable = await world.cable("serial", "reader");
    let codes: readonly string[] = [];
    const twin = createSerialLineTwin({
      end: cable.end,
      clock: world.clock,
      look: () => codes,
      trigger: TRIGGER,
      noRead: device === "wrong" ? "error: 2" : "NOREAD",
    });
    const reader = createSerialLineReader({
      name: "reader",
      openLink: cable.openLink,
      clock: REAL_CLOCK,
      trigger: { ...TRIGGER, lookMs: 300 },
      rules: { noRead: "NOREAD" },
    });
    const faults: Fault[] = [];
    reader.onFault((fault) => faults.push(fault));
    return {
      reader,
      faults,
      finish: (work) => work,
      pass: world.pass,
      nowMs: () => world.clock.nowMs(),
      show(...shown) {
        codes = shown;
      },
      pullTrigger: () => undefined,
      printNext(text, isCut) {
        twin.printNext(text, isCut);
      },
      hang: cable.hang,
      cut: cable.cut,
      close: world.close,
    };
  },
  { isConcurrent: true },
);
