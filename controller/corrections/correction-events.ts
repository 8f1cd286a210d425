/** What the log says of correction frames: begun, with the bound that was booked; ended; looked at. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import {
  CORRECTION_KINDS,
  type CorrectionFrame,
  type CorrectionKind,
} from "../../protocols/calibration/correction-frames.ts";

export const BEGUN_EVENT = "correction-begun";
export const ENDED_EVENT = "correction-ended";
export const JUDGED_EVENT = "correction-judged";
export const UNREAD_EVENT = "correction-unread";

/** `C-0012-dark`. */
export function frameId(number: number, kind: CorrectionKind): string {
  return `C-${String(number).padStart(4, "0")}-${kind}`;
}

export function aboutJson(id: string, { kind, what }: Pick<CorrectionFrame, "kind" | "what">) {
  return { frame_id: id, kind, what } satisfies Readonly<Record<string, Json>>;
}

export interface RecordedCorrection {
  readonly id: string;
  readonly kind: CorrectionKind;
  readonly what: string;
  readonly begunMs: number;
  readonly exposureS: number;
  /** Null of a dark. */
  readonly boundPhotons: number | null;
  readonly ended: {
    readonly atMs: number;
    readonly outcome: string;
    /** Between these the shutter may have been open; null where it was never asked to. */
    readonly lit: { readonly fromMs: number; readonly toMs: number } | null;
    readonly data: Readonly<Record<string, Json>>;
  } | null;
  /** Of the look at it; null where nobody looked. */
  readonly judged: Readonly<Record<string, Json>> | null;
}

export interface CorrectionFold {
  event(type: string, atMs: number, data: Readonly<Record<string, Json>>): void;
  /** In the order in which they were begun. */
  readonly corrections: readonly RecordedCorrection[];
}

export function createCorrectionFold(): CorrectionFold {
  const byId = new Map<string, RecordedCorrection>();
  return {
    event(type, atMs, data) {
      const id = data["frame_id"];
      if (typeof id !== "string") return;
      if (type === BEGUN_EVENT) {
        const kind = CORRECTION_KINDS.find((known) => known === data["kind"]);
        if (kind === undefined) return;
        const what = typeof data["what"] === "string" ? data["what"] : "";
        const boundPhotons = numberOf(data["photons_max"]);
        const exposureS = numberOf(data["exposure_s"]) ?? 0;
        byId.set(id, { id, kind, what, begunMs: atMs, exposureS, boundPhotons, ended: null, judged: null });
        return;
      }
      const known = byId.get(id);
      if (known === undefined) return;
      if (type === ENDED_EVENT) {
        const fromMs = numberOf(data["open_asked_at_ms"]);
        const toMs = numberOf(data["closed_seen_at_ms"]) ?? numberOf(data["lit_until_ms"]) ?? atMs;
        const lit = fromMs === null ? null : { fromMs, toMs };
        const outcome = typeof data["outcome"] === "string" ? data["outcome"] : "";
        byId.set(id, { ...known, ended: { atMs, outcome, lit, data } });
      } else if (type === JUDGED_EVENT) byId.set(id, { ...known, judged: data });
    },
    get corrections() {
      return [...byId.values()];
    },
  };
}

function numberOf(value: Json | undefined): number | null {
  return typeof value === "number" ? value : null;
}
