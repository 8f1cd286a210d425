/** A reader's driver, a simulated reader and what lies before its glass, on one virtual cable. */
import { setImmediate } from "node:timers/promises";
import { createSerialLineReader, type SerialLineDeps } from "../../../drivers/serial-line/serial-line-reader.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { createMemoryLink, type MemoryLink } from "../../../simulator/links/memory-link.ts";
import {
  createSerialLineTwin,
  type SerialLineTwin,
  type SerialLineTwinDeps,
} from "../../../simulator/serial-line/serial-line-twin.ts";
import type { BarcodeReaderBench } from "../../contract/barcode-reader.ts";

export interface SerialLineBench extends BarcodeReaderBench {
  readonly cable: MemoryLink;
  readonly twin: SerialLineTwin;
}

export function createSerialLineBench(
  driver: Partial<SerialLineDeps>,
  twinOptions: Partial<SerialLineTwinDeps>,
): SerialLineBench {
  const clock = createVirtualClock(0, { drain: () => setImmediate() });
  const cable = createMemoryLink(clock, { name: "reader", latencyMs: 1 });
  let codes: readonly string[] = [];
  const twin = createSerialLineTwin({ end: cable.end, clock, look: () => codes, ...twinOptions });
  const reader = createSerialLineReader({ name: "reader", openLink: cable.openLink, clock, ...driver });
  const faults: Fault[] = [];
  reader.onFault((fault) => faults.push(fault));
  return {
    cable,
    twin,
    reader,
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
    show(...shown) {
      codes = shown;
    },
    pullTrigger() {
      if (!reader.readsOnCommand) twin.pullTrigger();
    },
    printNext(text, isCut) {
      twin.printNext(text, isCut);
    },
    hang(isHung) {
      cable.hang(isHung);
    },
    cut() {
      cable.cut("unplugged");
    },
  };
}
