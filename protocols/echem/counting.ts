/**
 * State of charge by counting: charge from raw samples since a cell was last certainly full or empty, over its
 * capacity. Pure; a count is plain JSON. It says how far it may be off: by the meter, by the capacity, by what the
 * cut-off itself is worth, and by whatever flowed while nobody listened.
 */

/**
 * Sums over all samples of a cell since its first current. What is in doubt never falls; the others do where a guess gives way
 * to samples that come late.
 */
export interface ChargeTotals {
  readonly chargedAh: number;
  readonly dischargedAh: number;
  /** Half-width of what is not known: charge in gaps, up to their steps' currents. */
  readonly doubtAh: number;
}

export const NO_CHARGE: ChargeTotals = { chargedAh: 0, dischargedAh: 0, doubtAh: 0 };

/** A cut-off that says where the cell stands. */
export type Mark = "full" | "empty";

export interface Anchor {
  readonly mark: Mark;
  readonly at: ChargeTotals;
  /** How far from truly full or empty the cell may have been there, as a fraction of its capacity. */
  readonly uncertainty: number;
}

export interface ChargeCount {
  /** Null as long as the cell was neither full nor empty under our eyes. */
  readonly anchor: Anchor | null;
  readonly capacityAh: number;
  readonly capacityFrom: "nominal" | "measured";
}

export interface StateOfCharge {
  /** 1 full, 0 empty; a little beyond them is possible, and says that capacity or count is off. */
  readonly value: number;
  /** Half-width, in the same unit. */
  readonly uncertainty: number;
}

/** Gain and offset of a calibrated channel, as a share of the charge it counted (chosen). */
export const METER_SHARE = 0.002;
/** Cells of one batch differ from their nameplate by about this share (chosen). */
const NOMINAL_SHARE = 0.05;
const MEASURED_SHARE = 0.01;
/** Even a slow cut-off is not quite the end (chosen). */
const CUT_OFF_UNCERTAINTY = 0.005;
/** What a cut-off under current is short of the end: a cell cut off at 1C has a tenth of its charge left (chosen). */
const CUT_OFF_PER_RATE = 0.1;
/** Anchors worse than this do not measure a capacity. */
const CAPACITY_ANCHOR_MAX = 0.03;
/** A capacity with more doubt than this share in it is not taken. */
export const CAPACITY_DOUBT_SHARE = 0.01;

export function startCount(nominalCapacityAh: number): ChargeCount {
  return { anchor: null, capacityAh: nominalCapacityAh, capacityFrom: "nominal" };
}

/** Half-width of the capacity that a count goes by. */
export function capacityUncertaintyAh({ capacityAh, capacityFrom }: Omit<ChargeCount, "anchor">): number {
  return capacityAh * (capacityFrom === "measured" ? MEASURED_SHARE : NOMINAL_SHARE);
}

/** What a cut-off is worth as an anchor: the faster the current at its end, the less. */
export function anchorUncertainty(endCurrentA: number, capacityAh: number): number {
  return CUT_OFF_UNCERTAINTY + CUT_OFF_PER_RATE * (Math.abs(endCurrentA) / capacityAh);
}

/** Null before the first anchor. */
export function stateOfCharge(count: ChargeCount, now: ChargeTotals): StateOfCharge | null {
  const { anchor, capacityAh } = count;
  if (anchor === null) return null;
  const since = difference(now, anchor.at);
  const moved = (since.chargedAh - since.dischargedAh) / capacityAh;
  const throughput = (since.chargedAh + since.dischargedAh) / capacityAh;
  const capacityShare = count.capacityFrom === "measured" ? MEASURED_SHARE : NOMINAL_SHARE;
  return {
    value: (anchor.mark === "full" ? 1 : 0) + moved,
    uncertainty:
      anchor.uncertainty + METER_SHARE * throughput + capacityShare * Math.abs(moved) + since.doubtAh / capacityAh,
  };
}

/**
 * The cell reached a cut-off. The count begins anew there unless it is better than the cut-off; and between full and
 * empty, both reached slowly, lies a measured capacity.
 */
export function reach(count: ChargeCount, mark: Mark, uncertainty: number, now: ChargeTotals): ChargeCount {
  const measuredAh = measuredCapacityAh(count, mark, uncertainty, now);
  const counted = stateOfCharge(count, now);
  const isBetter = counted === null || measuredAh !== null || uncertainty <= counted.uncertainty;
  return {
    anchor: isBetter ? { mark, at: now, uncertainty } : count.anchor,
    capacityAh: measuredAh ?? count.capacityAh,
    capacityFrom: measuredAh === null ? count.capacityFrom : "measured",
  };
}

function measuredCapacityAh(count: ChargeCount, mark: Mark, uncertainty: number, now: ChargeTotals): number | null {
  const { anchor } = count;
  if (anchor === null || anchor.mark === mark) return null;
  if (Math.max(anchor.uncertainty, uncertainty) > CAPACITY_ANCHOR_MAX) return null;
  const since = difference(now, anchor.at);
  const capacityAh = Math.abs(since.chargedAh - since.dischargedAh);
  return since.doubtAh > CAPACITY_DOUBT_SHARE * capacityAh || capacityAh === 0 ? null : capacityAh;
}

export function difference(later: ChargeTotals, earlier: ChargeTotals): ChargeTotals {
  return {
    chargedAh: later.chargedAh - earlier.chargedAh,
    dischargedAh: later.dischargedAh - earlier.dischargedAh,
    doubtAh: later.doubtAh - earlier.doubtAh,
  };
}
