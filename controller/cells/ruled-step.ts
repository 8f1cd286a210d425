/**
 * A step that the campaign's rules divide or let wait: which part of it runs now, what it waits for, and what its end
 * means. A current that holds at a state of charge ends there by the instrument's own clock, for at constant current
 * time is charge; so nothing has to watch its samples. Pure; the part is plain data, so that it can be written down.
 */
import { durationText } from "../../protocols/base/duration-text.ts";
import type { CampaignCell, StepRule, WaitFallback } from "../../protocols/campaign/campaign.ts";
import type { ChannelStep } from "../../protocols/roles/channel.ts";
import type { AskedExposure, FinishedStep, KnownCharge, PartOutcome, StepWait } from "../machines/programme.ts";
import { signalOf } from "./cell-signals.ts";

type HoldRule = Extract<StepRule, { kind: "hold-at-charge" }>;

/** What runs of a step, and what ran of it before. */
export interface StepPart {
  readonly kind: "own" | "hold" | "rest";
  /** The mark at which the cell is held, or was last; -1 before any. Index into the rules of the step. */
  readonly mark: number;
  /** Marks that are behind. */
  readonly done: readonly number[];
  /** Seconds of the step's own current in earlier parts. */
  readonly spentS: number;
  /** Charge of earlier parts, with sign. */
  readonly chargeAh: number;
  readonly doubtAh: number;
  readonly isCut: boolean;
  /** What was known of the cell as this part began. */
  readonly charge: KnownCharge | null;
  readonly voltageV: number | null;
}

export const WHOLE_STEP: StepPart = {
  kind: "own",
  mark: -1,
  done: [],
  spentS: 0,
  chargeAh: 0,
  doubtAh: 0,
  isCut: false,
  charge: null,
  voltageV: null,
};

export interface PlannedPart {
  readonly channelStep: ChannelStep;
  readonly wait: StepWait | null;
  /** The mark at which it ends; null where it runs to the end of the step. */
  readonly markAhead: number | null;
  /** For the record: where it will hold, or why it will not. */
  readonly note: string | null;
  readonly asks: readonly AskedExposure[];
}

/** Of the most charge of a step: so much is always left, so that the instrument has a number above zero. */
export const CHARGE_LEFT_LEAST = 1e-4;

/** A state of charge known worse than this is no place to hold at. */
const UNCERTAINTY_MAX = 0.15;

export function rulesAt(cell: CampaignCell, stepIndex: number): readonly StepRule[] {
  return cell.stepRules.filter((rule) => rule.stepIndex === stepIndex);
}

export function planPart(
  cell: CampaignCell,
  rules: readonly StepRule[],
  whole: ChannelStep,
  part: StepPart,
): PlannedPart {
  const rule = rules[part.mark];
  if (part.kind === "hold" && rule?.kind === "hold-at-charge")
    return planHold(cell, rule, withChargeLeft(whole, part), part);
  if (part.kind === "rest") {
    const restS = fallbackOf(rules, part)?.restS ?? whole.sampleIntervalS;
    return {
      channelStep: restOf(whole, restS),
      wait: null,
      markAhead: null,
      note: "rests after a wait in vain",
      asks: [],
    };
  }
  const leftS = Math.max(whole.sampleIntervalS, whole.untilTimeS - part.spentS);
  const ahead = nextMark(rules, whole, part, leftS);
  const wait = waitOf(rules);
  const asks = part.mark < 0 ? rules.flatMap((item) => asksAt(cell, item, "before")) : [];
  return {
    channelStep: { ...withChargeLeft(whole, part), untilTimeS: ahead.mark === null ? leftS : ahead.afterS },
    wait,
    markAhead: ahead.mark,
    note: ahead.note,
    asks: [...asks, ...(wait?.for === "exposure" ? asksOfWait(cell, rules) : [])],
  };
}

/** What the end of a part means, and the part that follows; null where the step is over. */
export function afterPart(
  cell: CampaignCell,
  rules: readonly StepRule[],
  plan: PlannedPart,
  part: StepPart,
  finished: FinishedStep,
): {
  readonly next: StepPart | "step-over" | "protocol-over";
  readonly outcome: PartOutcome;
  readonly step: FinishedStep;
} {
  const isAwaited = finished.end === "awaited";
  const isByTime = finished.end === "time" || finished.end === "unknown";
  const isByPerson = finished.end === "skipped" || finished.end === "operator";
  const isCurrent = plan.channelStep.kind === "constant-current";
  const step: FinishedStep = {
    ...finished,
    chargeAh: part.chargeAh + finished.chargeAh,
    doubtAh: part.doubtAh + finished.doubtAh,
    // A current that another cell ended says nothing of this one.
    isCut: part.isCut || finished.isCut || (isAwaited && isCurrent),
  };
  const goesOn = (changes: Partial<StepPart>): StepPart => ({
    ...part,
    chargeAh: step.chargeAh,
    doubtAh: step.doubtAh,
    isCut: step.isCut,
    charge: finished.charge,
    voltageV: Number.isFinite(finished.voltageV) ? finished.voltageV : null,
    ...changes,
  });
  const fallback = plan.wait !== null && isByTime ? plan.wait.fallback : null;
  const wait =
    plan.wait === null
      ? null
      : {
          ...plan.wait,
          came: isAwaited ? ("met" as const) : fallback === null ? ("left" as const) : ("in-vain" as const),
        };
  const isOwnOver = part.kind === "own" && !(plan.markAhead !== null && isByTime);
  const next = follow();
  const isStepOver = next === "step-over" || next === "protocol-over";
  const asks = isStepOver ? rules.flatMap((item) => asksAt(cell, item, "after")) : [];
  return { next, outcome: { isStepOver, asks, wait }, step };

  function follow(): StepPart | "step-over" | "protocol-over" {
    if (fallback?.kind === "end-protocol") return "protocol-over";
    if (fallback?.kind === "rest") return goesOn({ kind: "rest" });
    if (part.kind === "own" && isOwnOver) return "step-over";
    if (part.kind === "own" && plan.markAhead !== null) {
      return goesOn({
        kind: "hold",
        mark: plan.markAhead,
        done: [...part.done, plan.markAhead],
        spentS: part.spentS + plan.channelStep.untilTimeS,
      });
    }
    // The rest after a wait of the step itself; or a hold is over, and what is left of the current follows.
    if (part.kind === "rest" && rules[part.mark]?.kind !== "hold-at-charge") return "step-over";
    return isByPerson && part.kind === "own" ? "step-over" : goesOn({ kind: "own" });
  }
}

function planHold(cell: CampaignCell, rule: HoldRule, whole: ChannelStep, part: StepPart): PlannedPart {
  const { limits } = whole;
  const holdV =
    part.voltageV === null ? NaN : Math.min(limits.voltageMaxV, Math.max(limits.voltageMinV, part.voltageV));
  const rest = restOf(whole, rule.maximumS);
  const { chargeMaxAh } = whole;
  const charge = chargeMaxAh === undefined ? {} : { chargeMaxAh };
  return {
    channelStep:
      rule.by === "rest" || !Number.isFinite(holdV)
        ? rest
        : { ...rest, kind: "constant-voltage", voltageV: holdV, untilCurrentA: null, ...charge },
    wait: rule.presetName === null ? null : waitForExposure(rule),
    markAhead: null,
    note: `holds at ${markText(rule)}`,
    asks: rule.presetName === null ? [] : asksFor(cell, rule.presetName, rule.maximumS, `hold at ${markText(rule)}`),
  };
}

/**
 * The most charge of a step is that of all its parts together. Where a part's is not known, what its current moves in
 * its time stands for it.
 */
function withChargeLeft(whole: ChannelStep, part: StepPart): ChannelStep {
  const { chargeMaxAh } = whole;
  if (chargeMaxAh === undefined) return whole;
  const orderedAh = whole.kind === "constant-current" ? (Math.abs(whole.currentA) * part.spentS) / 3600 : 0;
  const flowedAh = Number.isFinite(part.chargeAh) ? Math.abs(part.chargeAh) : orderedAh;
  return { ...whole, chargeMaxAh: Math.max(CHARGE_LEFT_LEAST * chargeMaxAh, chargeMaxAh - flowedAh) };
}

function restOf({ limits, sampleIntervalS }: ChannelStep, untilTimeS: number): ChannelStep {
  return { kind: "rest", untilTimeS, sampleIntervalS, limits };
}

/** The nearest mark that lies ahead, by the time the current takes to get there. */
function nextMark(
  rules: readonly StepRule[],
  whole: ChannelStep,
  part: StepPart,
  leftS: number,
): { readonly mark: number | null; readonly afterS: number; readonly note: string | null } {
  const none = { mark: null, afterS: leftS };
  const marks = rules.flatMap((rule, mark) =>
    rule.kind === "hold-at-charge" && !part.done.includes(mark) ? [{ rule, mark }] : [],
  );
  if (marks.length === 0 || whole.kind !== "constant-current" || whole.currentA === 0) return { ...none, note: null };
  const { currentA } = whole;
  const notes: string[] = [];
  const ahead = marks.flatMap(({ rule, mark }) => {
    const chargeAh = chargeTo(rule, part, currentA);
    if (typeof chargeAh === "string") {
      notes.push(`no hold at ${markText(rule)}: ${chargeAh}`);
      return [];
    }
    const afterS = (3600 * chargeAh) / Math.abs(currentA);
    return afterS < leftS ? [{ rule, mark, afterS }] : [];
  });
  const nearest = ahead.reduce<(typeof ahead)[number] | null>(
    (best, one) => (best === null || one.afterS < best.afterS ? one : best),
    null,
  );
  if (nearest === null) return { ...none, note: notes.length === 0 ? null : notes.join("; ") };
  // To a hundredth of a second: finer is no instrument's clock.
  const afterS = Math.round(100 * nearest.afterS) / 100;
  notes.push(`will hold at ${markText(nearest.rule)} after ${durationText(afterS)}`);
  return { mark: nearest.mark, afterS, note: notes.join("; ") };
}

/** A h that have to flow the current's way; or why the cell cannot be held there. */
function chargeTo(rule: HoldRule, part: StepPart, currentA: number): number | string {
  const direction = Math.sign(currentA);
  const leastAh = 1e-4 * Math.abs(currentA);
  if ("chargeMah" in rule.at) {
    const chargeAh = rule.at.chargeMah / 1000 - direction * part.chargeAh;
    if (!Number.isFinite(chargeAh)) return "the charge of the step is not known";
    return chargeAh > leastAh ? chargeAh : "it is behind already";
  }
  const { charge } = part;
  if (charge === null || charge.uncertainty > UNCERTAINTY_MAX) return "the state of charge is not known";
  const chargeAh = direction * (rule.at.stateOfCharge - charge.stateOfCharge) * charge.capacityAh;
  return chargeAh > leastAh ? chargeAh : "it is behind already";
}

function markText(rule: HoldRule): string {
  return "chargeMah" in rule.at ? `${rule.at.chargeMah} mAh` : `state of charge ${rule.at.stateOfCharge}`;
}

function waitOf(rules: readonly StepRule[]): StepWait | null {
  const rule = rules.find((item) => item.kind === "wait-for-exposure" || item.kind === "end-on-cell");
  if (rule?.kind === "wait-for-exposure") return waitForExposure(rule);
  if (rule?.kind !== "end-on-cell") return null;
  const { position, otherStepIndex, maximumS, fallback } = rule;
  return {
    for: signalOf(position, otherStepIndex),
    text: otherStepIndex === null ? `${position} to be over` : `${position} to end its step ${otherStepIndex + 1}`,
    who: `cell ${position}`,
    maximumS,
    fallback,
  };
}

function waitForExposure(rule: { readonly maximumS: number; readonly fallback: WaitFallback }): StepWait {
  return {
    for: "exposure",
    text: "its next exposure",
    who: "beam",
    maximumS: rule.maximumS,
    fallback: rule.fallback,
  };
}

function fallbackOf(rules: readonly StepRule[], part: StepPart): { readonly restS: number } | undefined {
  const own = rules[part.mark];
  const rule =
    own?.kind === "hold-at-charge"
      ? own
      : rules.find((item) => item.kind === "wait-for-exposure" || item.kind === "end-on-cell");
  return rule !== undefined && rule.fallback.kind === "rest" ? rule.fallback : undefined;
}

function asksOfWait(cell: CampaignCell, rules: readonly StepRule[]): readonly AskedExposure[] {
  return rules.flatMap((rule) =>
    rule.kind === "wait-for-exposure"
      ? asksFor(cell, rule.presetName, rule.maximumS, `step ${rule.stepIndex + 1} waits for it`)
      : [],
  );
}

function asksAt(cell: CampaignCell, rule: StepRule, edge: "before" | "after"): readonly AskedExposure[] {
  if (rule.kind !== "ask-exposure" || rule.edge !== edge) return [];
  return asksFor(cell, rule.presetName, rule.withinS, `${edge} step ${rule.stepIndex + 1}`);
}

/** A control cell asks for nothing. */
function asksFor(cell: CampaignCell, presetName: string, withinS: number, reason: string): readonly AskedExposure[] {
  return cell.role === "exposed" ? [{ presetName, withinS, reason }] : [];
}
