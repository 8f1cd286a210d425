/** Simulated instruments of the beamline: stage, inputs and outputs, detector, by the family that the site names. */
import { assert } from "../../protocols/base/assert.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Site, SiteStage } from "../../protocols/site/site.ts";
import { createCamserverTwin } from "../../simulator/dectris-camserver/camserver-twin.ts";
import { createSimplonTwin } from "../../simulator/dectris-simplon/simplon-twin.ts";
import { createGrblTwin } from "../../simulator/grbl/grbl-twin.ts";
import { createAdamTwin } from "../../simulator/modbus-io/adam-twin.ts";
import { createModbusIoTwin } from "../../simulator/modbus-io/modbus-io-twin.ts";
import type { GateLine } from "../../simulator/plant/gate-line.ts";
import { createZaberTwin } from "../../simulator/zaber-ascii/zaber-twin.ts";
import type { TwinDeps } from "./twins.ts";

/** `gate`: the trigger's output in the shutter's drive line, where the site has one there. */
export function createBeamlineTwins(site: Site, deps: TwinDeps, gate?: GateLine): void {
  createStageTwin(site, deps);
  createIoTwin(site, deps, gate);
  createDetectorTwin(site, deps);
}

function createStageTwin(site: Site, { clock, endOf, world }: TwinDeps): void {
  const { stage } = site;
  switch (stage.driver) {
    case "grbl": {
      const board = createGrblTwin({
        end: endOf(stage.name),
        clock,
        stage: world.stage,
        settings: grblSettings(stage),
      });
      world.stage.onLimitAhead((atMs) => {
        clock.at(atMs, () => {
          board.hitLimitSwitch();
        });
      });
      world.trouble?.onTrip(() => {
        board.hitLimitSwitch();
      });
      return;
    }
    case "zaber-ascii": {
      const { x, y } = stage.axes;
      assert(world.stageAxes !== undefined, "the world's stage has no axes of their own");
      if (x.isReversed || y.isReversed || x.microstepUm !== y.microstepUm || x.originMm !== 0 || y.originMm !== 0) {
        throw new Fault(
          "site.invalid",
          stage.name,
          "the simulated stage has two like axes, neither reversed nor shifted against the rack",
        );
      }
      createZaberTwin({
        end: endOf(stage.name),
        clock,
        axes: world.stageAxes,
        travelMm: { x: stage.travelXMm, y: stage.travelYMm },
        motion: { speedMmS: stage.speedMmS, accelerationMmS2: stage.accelerationMmS2 },
        wiring: x.device === y.device ? "one-device" : "two-devices",
        microstepUm: x.microstepUm,
        ...(x.serialNumber === null ? {} : { serialNumber: x.serialNumber }),
      });
    }
  }
}

function createIoTwin({ io, shutter }: Site, { clock, endOf, world }: TwinDeps, gate: GateLine | undefined): void {
  const wired = {
    ...{ end: endOf(io.name), clock, beam: world.beam, map: io.map },
    ...(gate === undefined ? {} : { gate }),
  };
  if (io.adam === undefined) createModbusIoTwin(wired);
  else createAdamTwin({ ...wired, model: io.adam.model, relayMs: shutter.watchdogMs });
}

function createDetectorTwin({ detector }: Site, deps: TwinDeps): void {
  const { clock, world } = deps;
  const { readOutS } = detector;
  switch (detector.driver) {
    case "dectris-camserver": {
      const { faults } = createCamserverTwin({
        end: deps.endOf(detector.name),
        clock,
        frames: world.frames,
        readOutS,
        startWallMs: deps.startWallMs,
      });
      world.trouble?.onDetector((trouble, felt) => {
        faults.felt = felt;
        faults.isSilent = trouble?.how === "dead";
        faults.refuseAfterStart = trouble?.how === "refuses" ? "the detector has lost its images" : null;
        faults.reportsLateMs = trouble?.how === "late" ? trouble.lateMs : 0;
      });
      return;
    }
    case "dectris-simplon":
      createSimplonTwin({ end: deps.httpEndOf(detector.name), clock, frames: world.frames, readOutS });
  }
}

/** The board set up for this stage: rates in mm/min, acceleration in mm/s2, travel in mm, homing on. */
function grblSettings(stage: SiteStage): Readonly<Record<number, number>> {
  const { speedMmS, accelerationMmS2, travelXMm, travelYMm } = stage;
  return {
    20: 1,
    22: 1,
    110: speedMmS * 60,
    111: speedMmS * 60,
    120: accelerationMmS2,
    121: accelerationMmS2,
    130: travelXMm,
    131: travelYMm,
  };
}
