/** After an input of the rack told of trouble: what its response names has come to rest in time, and does not begin again. */
import type { WorldClock } from "../plant/plant.ts";
import type { ObservedBeamPlant } from "../plant/beam-plant.ts";
import type { CellObserver } from "./cell-observer.ts";
import type { Ledger } from "./world-truth.ts";

/** The invariant, by the name used in `checks`; of a world with such inputs only. */
export const HAZARD_INVARIANT = "hazard-answered";

export interface WatchedInput {
  readonly name: string;
  /** The hutch's condition that it is, where it has no contact of its own. */
  readonly condition: string | null;
  readonly stopsBeam: boolean;
  readonly stopsCells: boolean;
  /** From the trouble's begin until all that is at rest. */
  readonly withinMs: number;
}

export interface HazardJudgeDeps {
  readonly clock: WorldClock;
  readonly inputs: readonly WatchedInput[];
  readonly beam: Pick<ObservedBeamPlant, "shutterFraction" | "safetyShutterFraction">;
  /** By position. */
  readonly cells: ReadonlyMap<number, CellObserver>;
  /** Their channels may have heard nothing. */
  readonly faultyPositions: ReadonlySet<number>;
  readonly ledger: Pick<Ledger, "check">;
  /** One that stops the beam has had its time to be answered. */
  readonly onLapsed?: (name: string) => void;
}

export interface HazardJudge {
  /** Of an input's own contact, or of a condition of the hutch. Not `isHeard`: nobody could hear of it. */
  readonly noted: (name: string, isTrouble: boolean, atMs: number, isHeard: boolean) => void;
  /** The shutter opens. */
  opened(atMs: number): void;
  /** There has been trouble that stops cells. */
  readonly hasStoppedCells: boolean;
}

/** It is looked at again so often while the trouble lasts. */
const LOOK_MS = 10_000;

export function createHazardJudge(deps: HazardJudgeDeps): HazardJudge {
  const { clock, beam, cells, ledger } = deps;
  const active = new Set<WatchedInput>();
  /** Whose time to be answered is over. */
  const lapsed = new Set<WatchedInput>();
  let hasStoppedCells = false;

  function judge(input: WatchedInput): void {
    if (!active.has(input)) return;
    lapsed.add(input);
    if (input.stopsBeam) deps.onLapsed?.(input.name);
    const atMs = clock.nowMs();
    const driven = !input.stopsCells
      ? []
      : [...cells].flatMap(([index, cell]) => (cell.isDriven && !deps.faultyPositions.has(index) ? index : []));
    const isLit = input.stopsBeam && beam.shutterFraction(atMs) > 0 && beam.safetyShutterFraction(atMs) > 0;
    const what = isLit ? "the shutter is open" : `cells ${driven.join(", ")} are driven`;
    ledger.check(
      HAZARD_INVARIANT,
      !isLit && driven.length === 0,
      atMs,
      () => `${input.name} tells of trouble, and ${what}`,
    );
    clock.at(atMs + LOOK_MS, () => {
      judge(input);
    });
  }

  const meant = (name: string): readonly WatchedInput[] =>
    deps.inputs.filter((input) => name === (input.condition ?? input.name));

  function began(name: string, atMs: number): void {
    for (const input of meant(name)) {
      active.add(input);
      hasStoppedCells ||= input.stopsCells;
      clock.at(atMs + input.withinMs, () => {
        judge(input);
      });
    }
  }

  return {
    noted(name, isTrouble, atMs, isHeard) {
      if (isTrouble && isHeard) began(name, atMs);
      if (isTrouble) return;
      for (const input of meant(name)) {
        active.delete(input);
        lapsed.delete(input);
      }
    },
    opened(atMs) {
      const why = [...lapsed].find((input) => active.has(input) && input.stopsBeam)?.name;
      ledger.check(
        HAZARD_INVARIANT,
        why === undefined,
        atMs,
        () => `the shutter opened while ${String(why)} tells of trouble`,
      );
    },
    get hasStoppedCells() {
      return hasStoppedCells;
    },
  };
}
