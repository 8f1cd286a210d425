/** The simulated world as its makers and judges see it: plants for the instruments, the truth for the observer. */
import type { FaultEffects } from "./fault-effects.ts";
import type { ObservedBeamPlant } from "../plant/beam-plant.ts";
import type { ObservedFramePlant } from "../plant/frame-plant.ts";
import type { CellPlant } from "../plant/plant.ts";
import type { RackSensors } from "../plant/rack-sensors.ts";
import type { TwoAxisStagePlant } from "../plant/stage-axes.ts";
import type { ObservedStagePlant } from "../plant/stage-plant.ts";
import type { BeamlineTrouble } from "./beamline-trouble.ts";
import type { CellObserver } from "./cell-observer.ts";
import type { DoseTruth } from "./dose-truth.ts";
import type { Opening } from "./shutter-truth.ts";
import type { FrameWorld } from "./frame-world.ts";
import type { WorldMonitors } from "./world-monitors.ts";
import type { WorldRobot } from "./robot-truth.ts";
import type { FaultTargets } from "./fault-schedule.ts";
import type { WorldFault } from "./world-faults.ts";
import type { ControllerClaims, WorldFindings } from "./world-truth.ts";

export interface World {
  readonly stage: ObservedStagePlant;
  /** Of a stage whose axes are moved each by itself. */
  readonly stageAxes: TwoAxisStagePlant["axes"] | undefined;
  readonly beam: ObservedBeamPlant;
  readonly frames: ObservedFramePlant;
  /** Undefined unless the world was given the tables for it. */
  readonly frameWorld: FrameWorld | undefined;
  /** The truth of a cell, for a look beside the run; undefined without one. */
  cellObserver(positionIndex: number): CellObserver | undefined;
  /** The cell at a position; open terminals where there is none. */
  cellPlant(positionIndex: number): CellPlant;
  /** What hangs over the rack; cells in order do not show there. */
  readonly rackSensors: RackSensors;
  /** What chamber and diode in the beam give, without any error. */
  readonly monitors: WorldMonitors;
  readonly trouble: BeamlineTrouble;
  /** Of a site whose cells are brought to the beam. */
  readonly robot: WorldRobot | undefined;
  readonly dose: DoseTruth;
  readonly openings: readonly Opening[];
  readonly effects: FaultEffects;
  /** A person re-arms after a break of the hutch. */
  personRearms(): void;
  /** A person tells the controller to do something with the cell at a position. */
  personOrders(positionIndex: number): void;
  /** A person ends the cell at a position for good. */
  personEnds(positionIndex: number): void;
  /** Puts the faults on the clock. */
  schedule(faults: readonly WorldFault[], targets: FaultTargets): void;
  /** Ends the observation at the clock's now. */
  finish(claims: ControllerClaims): WorldFindings;
}
