/**
 * Whether the cell in a slot is the one that the campaign has there: by the code that was read at the slot, and by its
 * voltage at rest and its resistance, against what its group measured or what was seen of it last. Pure. A doubt is never
 * a yes: what cannot be proven is unknown, and gets neither current nor beam.
 */

/** What is known of a cell from before. */
export interface Fingerprint {
  /** At rest; null where it is not known, or the cell has been cycled since. */
  readonly openCircuitV: number | null;
  /** By a proof of wiring like the one that it is held against. */
  readonly resistanceOhm: number | null;
  /** At 1 kHz: what a resistance to a current of seconds cannot lie below. */
  readonly impedanceOhm: number | null;
  /** How long ago; at most what the drift below is reckoned for. */
  readonly ageS: number;
}

export interface OtherCell {
  readonly barcode: string;
  /** Of the same group as the cell that is judged: what is said of that one is read by its group, which is told of no other's. */
  readonly isOwn: boolean;
  readonly fingerprint: Fingerprint;
}

export interface IdentityEvidence {
  /** The cell that the campaign has there. */
  readonly barcode: string;
  /** What was read at the slot; null where nothing could be read, or nobody scanned it. */
  readonly scanned: string | null;
  readonly fingerprint: Fingerprint;
  /** What was read belongs at the opposite place, half a turn away. */
  readonly isTurned?: boolean;
  /** Cells whose place is not known by their code: any of them may lie here instead. */
  readonly candidates: readonly OtherCell[];
  /** All others, to name the one that an exchanged cell looks like. */
  readonly others: readonly OtherCell[];
  /** What custody has against the cell; empty for nothing. */
  readonly against: readonly string[];
}

/** What custody says of a run's cells, by their index, as of now. */
export interface IdentitySource {
  evidence(cellIndex: number): IdentityEvidence;
  /** For what a cell is waited that does not lie in its slot yet; null for one that does, or is thought to. */
  awaited(cellIndex: number): string | null;
  /** Called when the ledger may say something new; one handler. */
  onChange(handler: () => void): void;
}

export interface SeenCell {
  readonly openCircuitV: number;
  /** Null before any current. */
  readonly resistanceOhm: number | null;
}

export type IdentityVerdict = { readonly kind: "confirmed"; readonly by: "code" | "fingerprint" } | NotProven;

export interface NotProven {
  readonly kind: "wrong" | "unknown";
  readonly what: string;
}

/** Offset of a channel (volts, one standard deviation; chosen). */
const CHANNEL_V = 0.005;
/** A meter held by hand, and a rest that was short (chosen). */
const METER_V = 0.01;
/** What a cell drifts in the post: self-discharge, temperature, wetting (chosen), and the most it comes to. */
const DRIFT_V_DAY = 0.003;
const DRIFT_MAX_V = 0.1;
/** Of a resistance seen twice: contacts, temperature, growth of films (chosen). */
const RESISTANCE_SHARE = 0.25;
const RESISTANCE_OHM = 2;
/** Standard deviations from which on a cell is another one. */
const OTHER_FROM = 5;
/** So many must lie between a cell and every other that it could be, when no code says which it is. */
const APART = 6;
const DAY_S = 86_400;

export function judgeIdentity(evidence: IdentityEvidence, seen: SeenCell): IdentityVerdict {
  const { barcode, scanned, fingerprint } = evidence;
  if (!Number.isFinite(seen.openCircuitV)) return unknown("its voltage could not be read");
  const objection = objectionTo(evidence);
  if (objection !== null) return objection;
  const misfit = misfitOf(fingerprint, seen);
  if (scanned !== null) {
    if (misfit === null) return { kind: "confirmed", by: "code" };
    const like = likest(evidence, seen);
    return wrong(
      `its code says ${barcode}, but ${misfit}${like === null ? "" : `; it is as ${like} was`}: cells or labels are exchanged`,
    );
  }
  if (misfit !== null) return unknown(`no code was read, and it is not as ${barcode} was: ${misfit}`);
  if (fingerprint.openCircuitV === null) {
    return unknown(`no code was read, and the voltage of ${barcode} is not known from before`);
  }
  const twin = evidence.candidates.find((other) => !isApart(fingerprint, other.fingerprint));
  if (twin !== undefined) return unknown(`no code was read, and it could as well be ${nameOf(evidence, twin.barcode)}`);
  return { kind: "confirmed", by: "fingerprint" };
}

/** What the ledger alone has against it, whatever is measured; null for nothing. Of a cell that was proven before, this is asked again. */
export function objectionTo(evidence: IdentityEvidence): NotProven | null {
  const { barcode, scanned, against, isTurned } = evidence;
  if (scanned !== null && scanned !== barcode) {
    const hint = isTurned === true ? "; it belongs half a turn away: the rack may lie the wrong way round" : "";
    return wrong(`the code read at this slot is ${nameOf(evidence, scanned)}; the campaign has ${barcode} here${hint}`);
  }
  return against.length > 0 ? unknown(`custody holds ${barcode} back: ${against.join("; ")}`) : null;
}

/** Volts, one standard deviation, of a voltage seen now against one from before. */
export function voltageSpreadV({ ageS }: Pick<Fingerprint, "ageS">): number {
  const driftV = Math.min(DRIFT_MAX_V, (DRIFT_V_DAY * Math.max(0, ageS)) / DAY_S);
  return Math.hypot(CHANNEL_V, METER_V, driftV);
}

/** In what a cell does not agree with what is known of it; null where it does. */
function misfitOf(before: Fingerprint, seen: SeenCell): string | null {
  if (before.openCircuitV !== null) {
    const spreadV = voltageSpreadV(before);
    // NaN is no agreement.
    if (!(Math.abs(seen.openCircuitV - before.openCircuitV) <= OTHER_FROM * spreadV)) {
      return `it has ${volts(seen.openCircuitV)} where ${volts(before.openCircuitV)} ± ${volts(OTHER_FROM * spreadV)} were to be expected`;
    }
  }
  const { resistanceOhm } = seen;
  if (resistanceOhm === null) return null;
  if (before.resistanceOhm !== null) {
    const spreadOhm = Math.hypot(RESISTANCE_SHARE * before.resistanceOhm, RESISTANCE_OHM);
    if (!(Math.abs(resistanceOhm - before.resistanceOhm) <= OTHER_FROM * spreadOhm)) {
      return `it has ${ohms(resistanceOhm)} where it had ${ohms(before.resistanceOhm)}`;
    }
  }
  if (before.impedanceOhm !== null) {
    const spreadOhm = Math.hypot(RESISTANCE_SHARE * before.impedanceOhm, RESISTANCE_OHM) / 2;
    if (!(resistanceOhm >= before.impedanceOhm - OTHER_FROM * spreadOhm)) {
      return `it has ${ohms(resistanceOhm)}, less than the ${ohms(before.impedanceOhm)} at 1 kHz that it had`;
    }
  }
  return null;
}

/** No drift can make the one look like the other. */
function isApart(one: Fingerprint, other: Fingerprint): boolean {
  if (one.openCircuitV === null || other.openCircuitV === null) return false;
  const spreadV = Math.hypot(voltageSpreadV(one), voltageSpreadV(other));
  return Math.abs(one.openCircuitV - other.openCircuitV) >= APART * spreadV;
}

/** The other cell that this one agrees with best; null where it agrees with none. */
function likest({ others }: IdentityEvidence, seen: SeenCell): string | null {
  let best: OtherCell | null = null;
  let bestV = Infinity;
  for (const other of others) {
    const beforeV = other.fingerprint.openCircuitV;
    if (beforeV === null || misfitOf(other.fingerprint, seen) !== null) continue;
    const apartV = Math.abs(seen.openCircuitV - beforeV);
    if (apartV >= bestV) continue;
    best = other;
    bestV = apartV;
  }
  return best === null ? null : nameOf({ others }, best.barcode);
}

/** A cell's code where it is of the same group; a code that is nobody's is told as well. */
function nameOf({ others }: Pick<IdentityEvidence, "others">, barcode: string): string {
  const other = others.find((one) => one.barcode === barcode);
  return other === undefined || other.isOwn ? barcode : "a cell of another group";
}

function wrong(what: string): NotProven {
  return { kind: "wrong", what };
}

function unknown(what: string): NotProven {
  return { kind: "unknown", what };
}

function volts(value: number): string {
  return `${value.toFixed(3)} V`;
}

function ohms(value: number): string {
  return `${Number(value.toPrecision(3))} ohm`;
}
