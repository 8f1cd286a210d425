/**
 * The simulated world as the bench's instruments see it: cells may live faster than the wall clock, and an instrument
 * that was told to lie reads something else than what is there. What it does to the world stays true.
 */
import type { BeamPlant, CellPlant } from "../../simulator/plant/plant.ts";
import type { TwinWorld } from "../rig/twins.ts";

/** How far a lying channel's voltage is off, volts: inside any cell's window, far outside any noise. */
const LIE_V = 0.3;
/** How far a lying stage's place is off, mm: more than any tolerance, less than a cell. */
const LIE_MM = 0.5;

export type Liar = { readonly kind: "cell"; readonly positionIndex: number } | { readonly kind: "stage" | "shutter" };

export interface LyingWorld {
  readonly world: TwinWorld;
  readonly lie: (liar: Liar, isLying: boolean) => void;
}

/** `speed` is how many seconds of a cell's life pass in one of the wall's; instruments, stage and beam keep wall time. */
export function createLyingWorld(world: TwinWorld, startMs: number, speed: number): LyingWorld {
  const lyingCells = new Set<number>();
  const lying = { stage: false, shutter: false };

  function cellOf(positionIndex: number): CellPlant {
    const inner = world.cellPlant(positionIndex);
    const at = (atMs: number): number => startMs + (atMs - startMs) * speed;
    return {
      disconnect(atMs) {
        inner.disconnect(at(atMs));
      },
      applyCurrent(atMs, currentA) {
        inner.applyCurrent(at(atMs), currentA);
      },
      applyVoltage(atMs, voltageV) {
        inner.applyVoltage(at(atMs), voltageV);
      },
      applyVoltageWithin(atMs, voltageV, leastA, mostA) {
        inner.applyVoltageWithin(at(atMs), voltageV, leastA, mostA);
      },
      read(atMs) {
        inner.read(at(atMs));
      },
      get voltageV() {
        return inner.voltageV + (lyingCells.has(positionIndex) ? LIE_V : 0);
      },
      get currentA() {
        return inner.currentA;
      },
    };
  }

  const { stage, beam } = world;
  return {
    world: {
      cellPlant: cellOf,
      stage: {
        moveTo: (atMs, xMm, yMm) => stage.moveTo(atMs, xMm, yMm),
        home: (atMs) => stage.home(atMs),
        halt: (atMs) => stage.halt(atMs),
        xMm: (atMs) => stage.xMm(atMs) + (lying.stage ? LIE_MM : 0),
        yMm: (atMs) => stage.yMm(atMs),
        isMoving: (atMs) => stage.isMoving(atMs),
        get isHomed() {
          return stage.isHomed;
        },
        onLimitAhead: (handler) => {
          stage.onLimitAhead(handler);
        },
      },
      stageAxes: lyingAxes(world.stageAxes, () => lying.stage),
      beam: {
        ...delegated(beam),
        shutterOpenSwitch: (atMs) => !lying.shutter && beam.shutterOpenSwitch(atMs),
        shutterClosedSwitch: (atMs) => lying.shutter || beam.shutterClosedSwitch(atMs),
      },
      frames: world.frames,
      rackSensors: world.rackSensors,
      monitors: world.monitors,
      robot: world.robot,
      frameWorld: world.frameWorld,
    },
    lie(liar, isLying) {
      if (liar.kind !== "cell") lying[liar.kind] = isLying;
      else if (isLying) lyingCells.add(liar.positionIndex);
      else lyingCells.delete(liar.positionIndex);
    },
  };
}

function lyingAxes(axes: TwinWorld["stageAxes"], isLying: () => boolean): TwinWorld["stageAxes"] {
  if (axes === undefined) return undefined;
  const { x } = axes;
  return {
    ...axes,
    x: { ...x, mm: (atMs) => x.mm(atMs) + (isLying() ? LIE_MM : 0) },
  };
}

function delegated(beam: BeamPlant): BeamPlant {
  return {
    ringCurrentMa: (atMs) => beam.ringCurrentMa(atMs),
    fluxPhS: (atMs) => beam.fluxPhS(atMs),
    monitorFluxPhS: (atMs) => beam.monitorFluxPhS(atMs),
    driveShutter: (atMs, open) => {
      beam.driveShutter(atMs, open);
    },
    shutterOpenSwitch: (atMs) => beam.shutterOpenSwitch(atMs),
    shutterClosedSwitch: (atMs) => beam.shutterClosedSwitch(atMs),
    driveSafetyShutter: (atMs, open) => {
      beam.driveSafetyShutter(atMs, open);
    },
    safetyShutterOpenSwitch: (atMs) => beam.safetyShutterOpenSwitch(atMs),
    safetyShutterClosedSwitch: (atMs) => beam.safetyShutterClosedSwitch(atMs),
    driveFilter: (atMs, index, inBeam) => {
      beam.driveFilter(atMs, index, inBeam);
    },
    filterInSwitch: (atMs, index) => beam.filterInSwitch(atMs, index),
    interlock: (atMs, name) => beam.interlock(atMs, name),
  };
}
