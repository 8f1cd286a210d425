/** How this world differs from the plainest one: its machine, its instruments, and what the observer is to expect. */
import type { DetectorTrouble } from "./frame-world.ts";
import type { WatchedInput } from "./hazard-judge.ts";
import type { PersonHands } from "./person-hands.ts";
import type { WorldSetup } from "./rack-setup.ts";
import type { RobotOptions } from "./robot-truth.ts";
import type { WorldStandard } from "./standards.ts";

export interface WorldOptions {
  readonly ringLifetimeH?: number;
  readonly topUpEveryS?: number;
  readonly monitorNoise?: number;
  readonly filterTravelS?: number;
  /** Within this long of an interlock's fall the fast shutter must be closed. */
  readonly interlockReactionS?: number;
  /** Within this long after a failed shutter was ordered shut the beam must be off by other means. */
  readonly shutterFailureS?: number;
  readonly sideReactions?: boolean;
  /** The shortest interval at which the slowest instrument of the site is let look at its cell. */
  readonly looksEveryS?: number;
  /** Between two looks at the hutch's levels while nothing is exposed; 1000 when left out. */
  readonly hutchLooksEveryMs?: number;
  /** Both motors of a table together, home at the far end (default), or each axis by itself, home at 0. */
  readonly stageAxes?: "together" | "independent";
  /** When the campaign's time is over: from then on cells may be ordered off at any instant. */
  readonly endAtMs?: number;
  /** By position: where the leads of the channel's voltage lie instead, or that those of its current are turned. */
  readonly lyingLeads?: ReadonlyMap<number, number | "current-turned">;
  /** Positions in which another cell lies than the campaign has there, or one that nobody can know: they must get neither current nor beam. */
  readonly displaced?: ReadonlySet<number>;
  /** The rack is touched by people while the campaign runs; left out costs nothing. */
  readonly hands?: PersonHands;
  /** By position: until when nothing lies there; it must get neither current nor beam before. */
  readonly absentUntilMs?: ReadonlyMap<number, number>;
  /**
   * By position: cells whose own protocol ends a step that drives a current once the cell has been exposed, or whenever
   * another cell has come to something; and those whose channel has no programme, so that every step ends by an order.
   * All others are stopped by nothing that the beam does.
   */
  readonly protocolStops?: ReadonlyMap<number, "once-exposed" | "any-time">;
  /** So too when the air over the rack is as bad as this. */
  readonly rackStop?: { readonly temperatureC?: number; readonly gasPpm?: number };
  /** Inputs that tell of trouble at the rack, and what must come to rest then. */
  readonly safetyInputs?: readonly WatchedInput[];
  /** The stage holds one cell, which a robot brings there. */
  readonly robot?: RobotOptions;
  /** What stands beside the cells, and may be exposed there. */
  readonly standards?: readonly WorldStandard[];
  readonly detector?: DetectorTrouble;
  /** The diode sees what comes through the cells. */
  readonly isDiodeBehindRack?: boolean;
  /** The rack is not where the site has it, and the diode stands behind it. */
  readonly setup?: WorldSetup;
}
