/**
 * Where a cell stands, and what it holds: charge counted from cut-offs whose place on the open-circuit curve is known.
 * Before the first of them it stands where its nameplate and its first voltage put it.
 */
import { BINDING_SHARE } from "../../protocols/echem/forecast/cell-model.ts";
import {
  CAPACITY_OF_NOMINAL,
  DROP_AT_1C_V,
  scaled,
  type CellNameplate,
  type Guess,
} from "../../protocols/echem/forecast/nameplate.ts";
import { curveOf } from "../../protocols/echem/forecast/open-circuit-curve.ts";
import { startGuess } from "../../protocols/echem/forecast/start-guess.ts";

export interface CutOff {
  readonly voltageV: number;
  readonly currentA: number;
  readonly resistanceOhm: number;
  readonly isResistanceMeasured: boolean;
  /** How far the surface runs ahead. */
  readonly lag: number;
  readonly isByVoltage: boolean;
  /** By how much the count has moved since the same step ended before, A h; 0 where it had not run. */
  readonly movedAh: number;
}

export interface ChargeAnchors {
  /** Net charge since the start, A h. */
  readonly countAh: number;
  /** Filled and emptied once, from one cut-off to another. */
  readonly isMeasured: boolean;
  /** Was full or empty once. */
  readonly isAnchored: boolean;
  readonly capacityAh: Guess;
  readonly share: Guess;
  readonly firstLoss: Guess;
  count(chargeAh: number): void;
  reached(cutOff: CutOff): void;
}

/** A change of the state of charge smaller than this says little of the capacity. */
const ANCHORS_APART = 0.4;
/** Weight of the newest value of what is measured again and again. */
const NEWEST = 0.5;
/** Standard deviations of what was learned, relative. */
const CAPACITY_SD = 0.01;
const SHARE_SD = 0.01;
/** Of a resistance that was measured, for a cut-off. */
const RESISTANCE_SD = 0.2;
/** Cut-offs at up to this many times the slowest current seen so far say what the cell holds. */
const SLOW_ENOUGH = 1.5;

export function createChargeAnchors(nameplate: CellNameplate): ChargeAnchors {
  const curve = curveOf(nameplate.chemistry);
  const nominalAh = nameplate.nominalCapacityMah / 1000;
  const start = startGuess(nameplate);
  let anchor: { readonly countAh: number; readonly share: number; readonly sd: number } | null = null;
  let emptyCountAh: number | null = null;
  let capacityAh = CAPACITY_OF_NOMINAL.mean * nominalAh;
  let slowestA = Infinity;
  let countAh = 0;
  /** All charge that went in, whatever came out again. */
  let chargedAh = 0;

  /** Of the first loss, by the model that forecasts go by: half of what goes in is bound until all of it is. */
  const boundOf = (loss: number): number => Math.min(Math.max(0, loss), (BINDING_SHARE * chargedAh) / capacityAh);

  function firstLoss(): Guess {
    if (anchor !== null && chargedAh > ANCHORS_APART * capacityAh) return { mean: 0, sd: 0 };
    const { mean, sd } = start.firstLoss;
    const left = (loss: number): number => Math.max(0, loss) - boundOf(loss);
    return { mean: left(mean), sd: (left(mean + sd) - left(mean - sd)) / 2 };
  }

  function share(): Guess {
    if (emptyCountAh !== null) return { mean: (countAh - emptyCountAh) / capacityAh, sd: SHARE_SD };
    const countSd = (sinceAh: number): number => (CAPACITY_OF_NOMINAL.sd * sinceAh) / capacityAh;
    if (anchor !== null) {
      const sinceAh = countAh - anchor.countAh;
      return { mean: anchor.share + sinceAh / capacityAh, sd: Math.hypot(anchor.sd, countSd(sinceAh)) };
    }
    const { mean, sd } = start.firstLoss;
    const boundSd = (boundOf(mean + sd) - boundOf(mean - sd)) / 2;
    return {
      mean: start.share.mean + countAh / capacityAh - boundOf(mean),
      sd: Math.hypot(start.share.sd, boundSd, countSd(countAh)),
    };
  }

  return {
    get countAh() {
      return countAh;
    },
    get isMeasured() {
      return emptyCountAh !== null;
    },
    get isAnchored() {
      return anchor !== null;
    },
    get capacityAh() {
      return emptyCountAh === null
        ? scaled(CAPACITY_OF_NOMINAL, nominalAh)
        : { mean: capacityAh, sd: CAPACITY_SD * capacityAh };
    },
    get share() {
      return share();
    },
    get firstLoss() {
      return firstLoss();
    },
    count(chargeAh) {
      countAh += chargeAh;
      chargedAh += Math.max(0, chargeAh);
    },
    reached({ voltageV, currentA, resistanceOhm, isResistanceMeasured, lag, isByVoltage, movedAh }) {
      if (!Number.isFinite(voltageV) || !Number.isFinite(currentA)) return;
      const sizeA = Math.abs(currentA);
      if (sizeA > SLOW_ENOUGH * slowestA) {
        // Too fast for the curve; but what its cut-off moves by, the empty end moves by.
        if (emptyCountAh !== null && currentA < 0) emptyCountAh += movedAh;
        return;
      }
      if (isByVoltage) slowestA = Math.min(slowestA, sizeA);
      const restV = voltageV - currentA * resistanceOhm;
      const reachedShare = curve.shareAt(restV) - lag;
      if (anchor !== null && Math.abs(reachedShare - anchor.share) >= ANCHORS_APART) {
        const seenAh = (countAh - anchor.countAh) / (reachedShare - anchor.share);
        // The first charge of a fresh cell binds lithium; a discharge does not.
        if (seenAh > 0 && (reachedShare < anchor.share || emptyCountAh !== null)) {
          capacityAh = emptyCountAh === null ? seenAh : capacityAh + NEWEST * (seenAh - capacityAh);
          emptyCountAh = countAh - reachedShare * capacityAh;
        }
      } else if (emptyCountAh !== null) {
        emptyCountAh = countAh - reachedShare * capacityAh;
      }
      const ohmSd = isResistanceMeasured ? RESISTANCE_SD * resistanceOhm : DROP_AT_1C_V.sd / nominalAh;
      const sd = Math.hypot(SHARE_SD, (sizeA * ohmSd) / Math.max(curve.slopeAt(reachedShare), sizeA * ohmSd));
      anchor = { countAh, share: reachedShare, sd };
    },
  };
}
