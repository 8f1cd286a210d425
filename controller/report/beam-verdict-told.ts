/** The last look at whether the beam changes what it measures, as the log has it, for the cells of a report alone. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { VerdictKind } from "../../protocols/verdict/beam-verdict.ts";
import { numberOrNull, textOrNull, type EventData } from "../export/event-fields.ts";
import { isList, isRecord } from "../record/ledger-row.ts";

/** Of lithium, or of the logarithm of a line's width; the interval is that of 95 % for this line alone. */
export interface ToldEffect {
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly pairs: number;
}

export interface ToldJudgement {
  /** A position, or a material. */
  readonly name: string;
  readonly verdict: VerdictKind;
  /** Chance with which an effect that matters would have been found by now. */
  readonly power: number | null;
  readonly lag: ToldEffect | null;
  readonly width: ToldEffect | null;
}

export interface ToldVerdict {
  /** The worst of what is told here. */
  readonly verdict: VerdictKind;
  readonly look: number;
  readonly atMs: number;
  readonly materials: readonly ToldJudgement[];
  readonly cells: readonly ToldJudgement[];
}

const KINDS: readonly VerdictKind[] = ["none-seen", "cannot-tell", "suspected", "found"];

/**
 * Undefined where the data tell none. `ownMaterials`: those whose every cell the report is about; a mean over others'
 * cells too is not told.
 */
export function toldVerdict(
  data: EventData,
  atMs: number,
  positions: ReadonlySet<string>,
  ownMaterials: ReadonlySet<string>,
): ToldVerdict | undefined {
  const look = numberOrNull(data["look"]);
  const { materials, cells } = data;
  if (look === null || !isList(materials) || !isList(cells)) return undefined;
  const ofMaterials = judgements(materials, "material").filter(({ name }) => ownMaterials.has(name));
  const ofCells = judgements(cells, "position").filter(({ name }) => positions.has(name));
  const all = [...ofMaterials, ...ofCells].map(({ verdict }) => verdict);
  if (all.length === 0) return undefined;
  const verdict = all.reduce((worst, one) => (KINDS.indexOf(one) > KINDS.indexOf(worst) ? one : worst));
  return { verdict, look, atMs, materials: ofMaterials, cells: ofCells };
}

function judgements(items: readonly Json[], key: string): readonly ToldJudgement[] {
  return items.flatMap((item): readonly ToldJudgement[] => {
    if (!isRecord(item)) return [];
    const name = textOrNull(item[key]);
    const verdict = KINDS.find((kind) => kind === item["verdict"]);
    if (name === null || verdict === undefined) return [];
    const effects = { lag: effectOf(item["lag"]), width: effectOf(item["log_width"]) };
    return [{ name, verdict, power: numberOrNull(item["power"]), ...effects }];
  });
}

function effectOf(data: Json | undefined): ToldEffect | null {
  if (!isRecord(data)) return null;
  const mean = numberOrNull(data["mean"]);
  if (mean === null) return null;
  const [low, high] = [numberOrNull(data["low"]), numberOrNull(data["high"])];
  return { mean, low, high, pairs: numberOrNull(data["pairs"]) ?? 0 };
}
