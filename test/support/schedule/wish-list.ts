/** A case for a scheduler: what is wanted of which cells, the way between them, and what becomes of the beam. */
import type { BeamRequest, KnownStop, ScheduleState } from "../../../controller/schedule/schedule-state.ts";
import type { Travel } from "../../../controller/schedule/travel.ts";

export interface Wish extends BeamRequest {
  /** From then on it is known, by its trigger or by the cell's forecast. */
  readonly knownAtMs: number;
  /** What the forecast is off, as a part of the time ahead; 0 for what a clock tells. */
  readonly forecastOff: number;
}

/** The beam is gone without warning. */
export interface Dump {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface WishList {
  readonly travel: Travel;
  readonly startPlace: number;
  readonly wishes: readonly Wish[];
  readonly dumps: readonly Dump[];
  readonly stops: readonly KnownStop[];
  /** What the machine's statistics say of dumps. */
  readonly losses: ScheduleState["beam"]["losses"];
  /** Exposures that each cell's dose allows. */
  readonly exposuresPerCell: number;
  readonly shares: ReadonlyMap<string, number>;
  /** State of charge per second of the cells, for the error of the wanted state of charge; 0 where none is wanted. */
  readonly ratePerS: number;
}

/** When there is beam, in order. */
export function beamTimes({ dumps, stops }: WishList): readonly Dump[] {
  const gone = [...dumps, ...stops].sort((a, b) => a.fromMs - b.fromMs);
  const times: Dump[] = [];
  let fromMs = 0;
  for (const away of gone) {
    if (away.fromMs > fromMs) times.push({ fromMs, toMs: away.fromMs });
    fromMs = Math.max(fromMs, away.toMs);
  }
  times.push({ fromMs, toMs: Infinity });
  return times;
}
