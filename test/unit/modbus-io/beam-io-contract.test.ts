import type { MemoryLink } from "../../../simulator/links/memory-link.ts";
import type { BeamIo } from "../../../protocols/roles/beam-io.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import { createModbusIo } from "../../../drivers/modbus-io/modbus-io.ts";
import { createModbusIoTwin } from "../../../simulator/modbus-io/modbus-io-twin.ts";
import { createMemoryLink } from "../../../simulator/links/memory-link.ts";
import { beamIoContract, type BeamIoBench } from "../../contract/beam-io.ts";
import { createVirtualTime, type VirtualTime } from "../../contract/contract-bench.ts";
import { createAdamBench, RELAY_MS } from "./adam-bench.ts";
import { createPlainBeam, MAP, type PlainBeam } from "./bench.ts";

interface Parts {
  readonly time: VirtualTime;
  readonly cable: MemoryLink;
  readonly beam: PlainBeam;
  readonly io: BeamIo;
  readonly faults: readonly Fault[];
  readonly filterCount: number;
  readonly watchdogMs: number;
  readonly areInterlocksInSeries: boolean;
  powerCycle(): void;
}

function benchOf(parts: Parts): BeamIoBench {
  const { time, cable, beam, io, faults } = parts;
  const { clock } = time;
  return {
    settle: (work) => time.settle(work),
    pass: (seconds) => time.pass(seconds),
    nowS: time.nowS,
    close: time.close,
    io,
    faults,
    filterCount: parts.filterCount,
    watchdogS: parts.watchdogMs / 1000,
    travelS: 0.02,
    areInterlocksInSeries: parts.areInterlocksInSeries,
    isShutterDriven: () => beam.isDriven,
    drivenSinceS: () => beam.drivenSinceMs / 1000,
    isSafetyShutterRequested: () => beam.safetyShutterOpenSwitch(clock.nowMs()),
    setInterlock(name, holds) {
      beam.interlocks.set(name, holds);
    },
    stickShutter(isStuck) {
      beam.stick(clock.nowMs(), isStuck);
    },
    cut() {
      cable.cut("cut");
    },
    hang(isHung) {
      cable.hang(isHung);
    },
    powerCycle() {
      parts.powerCycle();
    },
  };
}

beamIoContract("modbus-io on a WAGO 750", (options) => {
  const time = createVirtualTime();
  const { clock } = time;
  const cable = createMemoryLink(clock, { name: "io", latencyMs: 0.5 });
  const beam = createPlainBeam();
  const twin = createModbusIoTwin({
    end: cable.end,
    clock,
    beam,
    map: MAP,
    ...(options?.isAnotherDevice === true ? { inputCount: 8 } : {}),
  });
  const io = createModbusIo({ name: "io", openLink: cable.openLink, clock, map: MAP, filterCount: 3, watchdogMs: 500 });
  const faults: Fault[] = [];
  io.onFault((fault) => faults.push(fault));
  return Promise.resolve(
    benchOf({
      time,
      cable,
      beam,
      io,
      faults,
      filterCount: 3,
      watchdogMs: 500,
      areInterlocksInSeries: false,
      powerCycle: () => {
        twin.powerCycle();
      },
    }),
  );
});

for (const model of ["adam-6050", "adam-6060"] as const) {
  beamIoContract(`modbus-io on an ${model}`, (options) => {
    const another = model === "adam-6050" ? "adam-6060" : "adam-6050";
    const made = createAdamBench(model, {}, options?.isAnotherDevice === true ? { model: another } : {});
    return Promise.resolve(
      benchOf({
        time: made,
        cable: made.cable,
        beam: made.beam,
        io: made.io,
        faults: made.faults,
        filterCount: model === "adam-6050" ? 2 : 0,
        watchdogMs: RELAY_MS,
        areInterlocksInSeries: model === "adam-6060",
        powerCycle: () => {
          made.twin.powerCycle();
        },
      }),
    );
  });
}
