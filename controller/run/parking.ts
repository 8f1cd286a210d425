/** Where the stage waits: it goes there like anywhere, only under levels just read, and past the cells into the shadow. */
import { Fault } from "../../protocols/base/fault.ts";
import type { InputLevels, Interlock } from "../../protocols/roles/beam-io.ts";
import type { StagePosition } from "../../protocols/roles/stage.ts";
import type { ParkingPlace } from "../beam/sweeps.ts";
import { motionRefusals } from "../safety/permit-judgement.ts";
import type { CampaignRoles } from "./roles.ts";

export interface ParkingDeps {
  readonly roles: Pick<CampaignRoles, "io" | "stage">;
  readonly nowMs: () => number;
  readonly levelsMaximumAgeMs: number;
  readonly latched: () => readonly Interlock[];
  readonly showLevels: (levels: InputLevels) => void;
  /** Places in turn on the way into the shadow; undefined where the site has none. */
  readonly shadowPath: (from: StagePosition) => readonly StagePosition[] | undefined;
  /** Where it goes from there, to wait; undefined where it waits in the shadow. */
  readonly parkAt: StagePosition | undefined;
  /** Where a cell stands in the beam; undefined for no such place. */
  readonly target: (place: ParkingPlace) => StagePosition | undefined;
  /** The stage sets out for it. */
  readonly noteParking: (place: ParkingPlace) => void;
  /** The stage is there; or, where no way leads, stays where it was and is not sent there again. */
  readonly noteParked: (place: ParkingPlace, isThere: boolean) => void;
}

export interface Parking {
  /** Rejects with `stage.no-permit`, or as the stage does; an aborted signal stops the motion. */
  park(place: ParkingPlace, signal: AbortSignal): Promise<void>;
  /** When the stage was last on a way of this kind; never: -Infinity. */
  movedAtMs(): number;
}

export function createParking(deps: ParkingDeps): Parking {
  const { io, stage } = deps.roles;
  let lastMs = -Infinity;

  async function go(place: ParkingPlace, to: StagePosition, signal: AbortSignal): Promise<void> {
    const levels = await io.readInputs();
    deps.showLevels(levels);
    const { levelsMaximumAgeMs } = deps;
    const reasons = motionRefusals(levels, { nowMs: deps.nowMs(), levelsMaximumAgeMs, latched: deps.latched() });
    if (reasons.length > 0) throw new Fault("stage.no-permit", stage.name, `no motion: ${reasons.join("; ")}`);
    signal.throwIfAborted();
    lastMs = Infinity;
    deps.noteParking(place);
    try {
      await stage.moveTo(to, signal);
    } finally {
      lastMs = deps.nowMs();
    }
  }

  async function park(place: ParkingPlace, signal: AbortSignal): Promise<void> {
    const target = deps.target(place);
    const path = place === "shadow" ? deps.shadowPath(await stage.read()) : target === undefined ? undefined : [target];
    for (const point of path ?? []) await go(place, point, signal);
    if (place === "shadow" && path !== undefined && deps.parkAt !== undefined) await go(place, deps.parkAt, signal);
    deps.noteParked(place, path !== undefined);
  }

  return { park, movedAtMs: () => lastMs };
}
