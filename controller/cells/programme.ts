/**
 * A cell's protocol as the sequence of steps its machine runs: divided, delayed and ended as the campaign says, with
 * rates by the capacity they refer to.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { CampaignCell } from "../../protocols/campaign/campaign.ts";
import { MEASURED_SHARE } from "../../protocols/campaign/resolve-rates.ts";
import { stepNames } from "../../protocols/campaign/step-names.ts";
import { channelStep, TECHNIQUE_NAMES } from "../../protocols/echem/channel-step.ts";
import { firstStep, nextStep, stepAt, type ProtocolCursor } from "../../protocols/echem/cursor.ts";
import { CAPACITY_DOUBT_SHARE } from "../../protocols/echem/counting.ts";
import type { Protocol } from "../../protocols/echem/protocol.ts";
import type { ChannelStep } from "../../protocols/roles/channel.ts";
import type { FinishedStep, KnownCharge, ProgrammeCursor } from "../machines/programme.ts";
import { parsePlace, placeJson, type Capacities, type ProgrammePlace } from "./programme-place.ts";
import { afterPart, planPart, rulesAt, WHOLE_STEP } from "./ruled-step.ts";

/** The first step, or null for a protocol without one. Throws Fault `protocol.invalid` for a technique the channel lacks. */
export function firstProgrammeStep(cell: CampaignCell, sampleIntervalMinS: number): ProgrammeCursor | null {
  const cursor = firstStep(cell.protocol);
  if (cursor === undefined) return null;
  return createProgramme(cell, sampleIntervalMinS).at({ cursor, references: {}, measured: {}, part: WHOLE_STEP });
}

/** The place that a record names; undefined where it is none of this protocol. Throws as `firstProgrammeStep`. */
export function programmeStepAt(
  cell: CampaignCell,
  sampleIntervalMinS: number,
  place: Json | undefined,
): ProgrammeCursor | undefined {
  const found = parsePlace(place);
  const kind = cell.protocol.steps[found?.cursor.stepIndex ?? -1]?.kind;
  if (found === undefined || kind === undefined || kind === "tag" || kind === "loop") return undefined;
  return createProgramme(cell, sampleIntervalMinS).at(found);
}

/** What comes behind a step is looked up as it is over: the protocol may have been amended meanwhile. */
function createProgramme(cell: CampaignCell, sampleIntervalMinS: number) {
  function at(place: ProgrammePlace): ProgrammeCursor {
    const { cursor, references, measured, part } = place;
    const { stepIndex } = cursor;
    const { protocol } = cell;
    const names = namesOf(protocol);
    const step = stepAt(protocol, cursor);
    const result = channelStep(protocol, step, {
      nominalCapacityMah: cell.nominalCapacityMah,
      limits: cell.limits,
      sampleIntervalMinS,
    });
    if (result.kind === "not-here") {
      throw new Fault("protocol.invalid", `${protocol.name} step ${stepIndex + 1}`, result.why);
    }
    const rated = withMeasuredRate(cell, stepIndex, result.step, measured);
    const rules = rulesAt(cell, stepIndex);
    const plan = rules.length === 0 ? null : planPart(cell, rules, rated.step, part);
    const name = step.id ?? names.find((item) => item.stepIndex === stepIndex)?.name ?? null;

    function after(finished: FinishedStep): ProgrammeCursor | null {
      const known = capacitiesAfter(cell, stepIndex, finished, measured);
      // A charge that is not the cell's own doing is no reference and ends nothing.
      if (name === null || finished.isCut) return toNext(known, references, finished.charge);
      const isNamed = (stepId: string): boolean =>
        names.some((item) => item.stepIndex === stepIndex && item.name === stepId);
      if (isOver(cell, isNamed, finished, references[name])) return null;
      const capacityAh = Math.abs(finished.chargeAh);
      const isFirst = references[name] === undefined && capacityAh > 0 && isCertain(finished);
      return toNext(known, isFirst ? { ...references, [name]: capacityAh } : references, finished.charge);
    }

    function toNext(nowMeasured: Capacities, nowReferences: Capacities, charge: KnownCharge | null) {
      const next: ProtocolCursor | undefined = nextStep(cell.protocol, cursor);
      if (next === undefined) return null;
      // Only a step with rules has to know how full the cell is as it begins.
      const nextPart = rulesAt(cell, next.stepIndex).length === 0 ? WHOLE_STEP : { ...WHOLE_STEP, charge };
      return at({ cursor: next, references: nowReferences, measured: nowMeasured, part: nextPart });
    }

    const notes = [...(rated.note === null ? [] : [rated.note]), ...(plan?.note == null ? [] : [plan.note])];
    return {
      step: {
        stepNumber: stepIndex + 1,
        cycleNumber: cursor.cycle,
        label: step.id ?? TECHNIQUE_NAMES[step.kind],
        channelStep: plan?.channelStep ?? rated.step,
        ...(plan === null ? {} : { wait: plan.wait, asks: plan.asks }),
        ...(notes.length === 0 ? {} : { note: notes.join("; ") }),
      },
      next(finished) {
        if (plan === null) return after(finished);
        const came = afterPart(cell, rules, plan, part, finished);
        if (came.next === "protocol-over") return null;
        if (came.next === "step-over") return after(came.step);
        return at({ ...place, part: came.next });
      },
      outcome: (finished) => (plan === null ? null : afterPart(cell, rules, plan, part, finished).outcome),
      place: placeJson(place),
    };
  }

  return { at };
}

const NAMES = new WeakMap<Protocol, ReturnType<typeof stepNames>>();

function namesOf(protocol: Protocol): ReturnType<typeof stepNames> {
  const known = NAMES.get(protocol);
  if (known !== undefined) return known;
  const names = stepNames(protocol);
  NAMES.set(protocol, names);
  return names;
}

/** A rate that refers to what an earlier step measured, once it has; by the fallback until then. */
function withMeasuredRate(
  cell: CampaignCell,
  stepIndex: number,
  step: ChannelStep,
  measured: Capacities,
): { readonly step: ChannelStep; readonly note: string | null } {
  const rate = cell.measuredRates.find((item) => item.stepIndexes.includes(stepIndex));
  if (rate === undefined) return { step, note: null };
  const capacityAh = measured[String(rate.measuredInIndex)];
  const capacityMah = capacityAh === undefined ? rate.fallbackMah : 1000 * capacityAh;
  const factor = capacityMah / rate.fallbackMah;
  const from = capacityAh === undefined ? "nothing is measured yet" : `step ${rate.measuredInIndex + 1} measured it`;
  const note = `rate of ${Number(capacityMah.toPrecision(6))} mAh: ${from}`;
  if (step.kind === "constant-current") return { step: { ...step, currentA: exact(step.currentA * factor) }, note };
  if (step.kind !== "constant-voltage" || step.untilCurrentA === null) return { step, note };
  return { step: { ...step, untilCurrentA: exact(step.untilCurrentA * factor) }, note };
}

/** What this step measured, where rates refer to it and it can be believed. */
function capacitiesAfter(
  cell: CampaignCell,
  stepIndex: number,
  finished: FinishedStep,
  measured: Capacities,
): Capacities {
  if (finished.isCut || !isCertain(finished)) return measured;
  if (!cell.measuredRates.some((rate) => rate.measuredInIndex === stepIndex)) return measured;
  const capacityAh = Math.abs(finished.chargeAh);
  const share = (1000 * capacityAh) / cell.nominalCapacityMah;
  const isLikely = share >= MEASURED_SHARE.min && share <= MEASURED_SHARE.max;
  return isLikely ? { ...measured, [String(stepIndex)]: capacityAh } : measured;
}

function exact(currentA: number): number {
  return Number(currentA.toPrecision(12));
}

/** Not known, or with too much doubt in it, a capacity is nothing to compare others with. */
function isCertain({ chargeAh, doubtAh }: FinishedStep): boolean {
  return doubtAh <= CAPACITY_DOUBT_SHARE * Math.abs(chargeAh);
}

/**
 * State of health: the step's capacity over that of its first run, or over the nominal one. With what is in doubt
 * counted in the cell's favour, since an end cannot be taken back.
 */
function isOver(
  cell: CampaignCell,
  isNamed: (stepId: string) => boolean,
  finished: FinishedStep,
  firstAh: number | undefined,
): boolean {
  const capacityAh = Math.abs(finished.chargeAh) + finished.doubtAh;
  return cell.endConditions.some((condition) => {
    if (!isNamed(condition.stepId)) return false;
    const referenceAh = condition.relativeTo === "nominal" ? cell.nominalCapacityMah / 1000 : firstAh;
    return referenceAh !== undefined && capacityAh / referenceAh < condition.fraction;
  });
}
