import { createModbusIo } from "../../../drivers/modbus-io/modbus-io.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import { createAdamTwin } from "../../../simulator/modbus-io/adam-twin.ts";
import { createModbusIoTwin } from "../../../simulator/modbus-io/modbus-io-twin.ts";
import { beamIoContract, type BeamIoBench } from "../../contract/beam-io.ts";
import { createRealWorld, REAL_CLOCK } from "../../support/real-cable.ts";
import { ADAM_6050_MAP } from "../../unit/modbus-io/adam-bench.ts";
import { createPlainBeam, MAP } from "../../unit/modbus-io/bench.ts";

const WATCHDOG_MS = 900;

for (const kind of ["wago-750", "adam-6050"] as const) {
  beamIoContract(
    `modbus-io on a real TCP link to a ${kind}`,
    async (options) => {
      const world = createRealWorld();
      const cable = await world.cable("tcp", "io");
      const beam = createPlainBeam();
      const isAdam = kind === "adam-6050";
      const isAnother = options?.isAnotherDevice === true;
      const wired = { end: cable.end, clock: world.clock, beam };
      const twin = isAdam
        ? createAdamTwin({
            ...wired,
            map: ADAM_6050_MAP,
            relayMs: WATCHDOG_MS,
            ...(isAnother ? { model: "adam-6060" } : {}),
          })
        : createModbusIoTwin({ ...wired, map: MAP, ...(isAnother ? { inputCount: 8 } : {}) });
      const filterCount = isAdam ? 2 : 3;
      const io = createModbusIo({
        name: "io",
        openLink: cable.openLink,
        clock: REAL_CLOCK,
        map: isAdam ? ADAM_6050_MAP : MAP,
        unit: { kind },
        filterCount,
        watchdogMs: WATCHDOG_MS,
      });
      const faults: Fault[] = [];
      io.onFault((fault) => faults.push(fault));
      const bench: BeamIoBench = {
        settle: (work) => work,
        pass: (seconds) => world.pass(seconds * 1000),
        nowS: () => world.clock.nowMs() / 1000,
        close() {
          io.disconnect();
          return world.close();
        },
        io,
        faults,
        filterCount,
        watchdogS: WATCHDOG_MS / 1000,
        travelS: 0.02,
        areInterlocksInSeries: false,
        isShutterDriven: () => beam.isDriven,
        drivenSinceS: () => beam.drivenSinceMs / 1000,
        isSafetyShutterRequested: () => beam.safetyShutterOpenSwitch(world.clock.nowMs()),
        setInterlock(name, holds) {
          beam.interlocks.set(name, holds);
        },
        stickShutter(isStuck) {
          beam.stick(world.clock.nowMs(), isStuck);
        },
        cut: cable.cut,
        hang: cable.hang,
        powerCycle() {
          twin.powerCycle();
        },
      };
      return bench;
    },
    { isRealTime: true },
  );
}
