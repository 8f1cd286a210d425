/**
 * Has exposures asked for by the campaign's triggers: for each cell it knows where its protocol stands, works out what
 * its triggers want of it as forecasts have it, and asks ahead. It looks again when something happens to the cell, and
 * beside that seldom where all is certain, often where a moment is near that is not; never once per sample. The same
 * moment has the same key however often it is worked out, also after a restart.
 */
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { Campaign, CampaignCell } from "../../protocols/campaign/campaign.ts";
import type { CampaignTrigger, TriggerCell } from "../../protocols/campaign/trigger.ts";
import { DROP_AT_1C_V } from "../../protocols/echem/forecast/nameplate.ts";
import { curveOf } from "../../protocols/echem/forecast/open-circuit-curve.ts";
import type { ExposureWish, WithdrawnWish } from "../beam/wanted.ts";
import type { SampleIntake } from "../cells/sample-intake.ts";
import type { CellForecast } from "../forecast/cell-forecast.ts";
import type { LeftCell } from "../machines/cell-news.ts";
import { isMade } from "../machines/exposure-order.ts";
import type { ActorViews } from "../run/actor-views.ts";
import { createAskedMoments, type AskedMoments } from "./asked-moments.ts";
import { GUARD_MS, WORST_STATE_OF_CHARGE, type CellFacts, type KnownCharge, type Moment } from "./cell-facts.ts";
import { commandedWish, type CommandedWish, type ExposeCommand } from "./commanded.ts";
import { followStep, techniqueAt, type FollowedStep } from "./followed-step.ts";
import { momentsOf } from "./moments.ts";
import { createSampleTriggers } from "./sample-triggers.ts";

export interface TriggerDesk {
  /** What was just written into the log. */
  heard(type: string, data: { readonly [key: string]: Json }): void;
  /** Asks for what the clock alone says; once, when the campaign begins or goes on. */
  start(): void;
  /** A voltage that was watched for was passed. */
  passed(cellIndex: number, voltageV: number): void;
  /** Asks where the campaign lets it be asked. */
  expose(command: ExposeCommand): CommandedWish;
  /** The campaign has other triggers, or its cells other tails, from here on. */
  amended(): void;
}

export interface TriggerDeskDeps {
  readonly campaign: Pick<Campaign, "cells" | "triggers" | "sweeps" | "presets">;
  readonly clock: Clock;
  readonly wishes: {
    ask(wishes: readonly ExposureWish[]): void;
    withdraw(wishes: readonly WithdrawnWish[]): void;
  };
  readonly samples: Pick<SampleIntake, "lastVoltageV" | "lastCurrentA" | "lastAtMs" | "chargeAh" | "watch">;
  readonly views: Pick<ActorViews, "charge" | "halfCycleChargeAh">;
  readonly forecast: (cellIndex: number) => CellForecast | null;
  /** No exposure is wanted from here on. */
  readonly endAtMs: number;
  /** After a restart: each cell as the record has it. */
  readonly left?: readonly LeftCell[];
}

interface OwnTrigger {
  readonly trigger: CampaignTrigger;
  readonly cell: TriggerCell;
}

interface Watched {
  readonly cellIndex: number;
  readonly cell: CampaignCell;
  triggers: readonly OwnTrigger[];
  readonly followed: FollowedStep;
  asked: AskedMoments;
  lookAtMs: number;
  /** A voltage some looks ago, for its slope; NaN where there is none of this step. */
  slopeFrom: { readonly atMs: number; readonly voltageV: number } | null;
  slopeVS: number;
}

/** Looks at a cell are never further apart, nor closer, than this. */
const LOOK_MAX_MS = 60_000;
const LOOK_MIN_MS = 2000;
/** The next look at what is not certain comes after this part of the time until then. */
const LOOK_SHARE = 0.3;
const SLOPE_OVER_MS = 20_000;

export function createTriggerDesk(deps: TriggerDeskDeps): TriggerDesk {
  const { campaign, clock, wishes, samples, endAtMs } = deps;
  const watched = new Map<number, Watched>();
  const byPosition = new Map<string, Watched>();
  begin();
  let isAnyWatched = isWatching(campaign);
  const keyOfRequest = new Map<number, string>();
  let timer: TimerHandle = null;
  let timerAtMs = Infinity;

  const sampleTriggers = createSampleTriggers({
    samples,
    tell(cellIndex, trigger, moment) {
      const one = watched.get(cellIndex);
      if (one === undefined || moment.atMs >= endAtMs) return;
      const wish = one.asked.come(trigger.name, moment, wishOf(one, trigger, moment));
      if (wish !== null) wishes.ask([wish]);
    },
  });

  /** Of the cells that are not watched yet. */
  function begin(): void {
    for (const [cellIndex, cell] of campaign.cells.entries()) {
      if (watched.has(cellIndex)) continue;
      const triggers = triggersOf(campaign, cellIndex);
      // A cell that no trigger watches may be watched after an amendment: where it stands is followed all the same.
      const one: Watched = {
        ...{ cellIndex, cell, triggers, followed: followStep(cell, deps.left?.[cellIndex]), lookAtMs: Infinity },
        asked: createAskedMoments(),
        ...{ slopeFrom: null, slopeVS: NaN },
      };
      watched.set(cellIndex, one);
      byPosition.set(cell.position, one);
    }
  }

  function wishOf(one: Watched, trigger: CampaignTrigger, moment: Moment): ExposureWish {
    const { mark, earliestMs, wantedMs, latestMs, what } = moment;
    return {
      key: `${trigger.name} ${one.cell.position} ${mark}`,
      ...{ trigger: trigger.name, cellIndex: one.cellIndex, earliestMs, wantedMs, latestMs },
      ...{ presetName: trigger.preset.name, weight: trigger.weight, owner: trigger.owner, reason: what },
    };
  }

  function factsOf(one: Watched, nowMs: number): CellFacts {
    const { cell, cellIndex, followed } = one;
    const voltageV = samples.lastVoltageV[cellIndex] ?? NaN;
    const { step } = followed;
    const known = deps.views.charge(cellIndex);
    const atMs = samples.lastAtMs[cellIndex] ?? nowMs;
    const charge: KnownCharge | null =
      known === null || !(known.uncertainty <= WORST_STATE_OF_CHARGE) ? null : { ...known, atMs };
    const direction = followed.half?.direction ?? null;
    const movedAh = direction === null ? null : deps.views.halfCycleChargeAh(cellIndex, direction);
    const nominalAh = cell.nominalCapacityMah / 1000;
    return {
      ...{ position: cell.position, nowMs, step, passed: followed.passed, isOver: followed.isOver },
      stepOf: (stepIndex) => techniqueAt(cell, stepIndex),
      stepRules: cell.stepRules,
      half: direction === null || movedAh === null ? null : { direction, movedAh, atMs },
      ...{ nominalAh, isMeasured: known?.capacityFrom === "measured" },
      ...{ charge, voltageV, currentA: samples.lastCurrentA[cellIndex] ?? NaN, slopeVS: one.slopeVS },
      forecast: deps.forecast(cellIndex),
      curveS(fromV, toV) {
        if (step === null || !(Math.abs(step.orderedA) > 0)) return NaN;
        const curve = curveOf(cell.chemistry);
        const dropV = (step.orderedA * DROP_AT_1C_V.mean) / nominalAh;
        const share = curve.shareAt(toV - dropV) - curve.shareAt(fromV - dropV);
        return (share * 3600 * nominalAh) / step.orderedA;
      },
    };
  }

  function noteSlope(one: Watched, nowMs: number): void {
    const { cellIndex, followed, slopeFrom } = one;
    const voltageV = samples.lastVoltageV[cellIndex] ?? NaN;
    const atMs = samples.lastAtMs[cellIndex] ?? NaN;
    if (followed.step === null || followed.step.isPaused || !(atMs > followed.step.runsSinceMs)) {
      one.slopeFrom = null;
      one.slopeVS = NaN;
      return;
    }
    if (slopeFrom === null) one.slopeFrom = { atMs, voltageV };
    else if (nowMs - slopeFrom.atMs >= SLOPE_OVER_MS && atMs > slopeFrom.atMs) {
      one.slopeVS = (1000 * (voltageV - slopeFrom.voltageV)) / (atMs - slopeFrom.atMs);
      one.slopeFrom = { atMs, voltageV };
    }
  }

  /** What is to be said of a cell now, and when it is looked at again. */
  function look(one: Watched, nowMs: number, asked: ExposureWish[], withdrawn: WithdrawnWish[]): void {
    noteSlope(one, nowMs);
    const facts = factsOf(one, nowMs);
    let nextMs = nowMs + LOOK_MAX_MS;
    for (const { trigger, cell } of one.triggers) {
      const moments = momentsOf(trigger, cell, facts).filter(({ atMs }) => atMs < endAtMs);
      const about = { trigger: trigger.name, facts, followed: one.followed };
      const said = one.asked.say(moments, about, (moment) => wishOf(one, trigger, moment));
      asked.push(...said.asked);
      withdrawn.push(...said.withdrawn);
      nextMs = Math.min(nextMs, Math.max(nowMs + LOOK_MIN_MS, said.againMs));
      for (const { atMs, earliestMs, isGuess } of moments) {
        if (!isGuess || atMs < nowMs) continue;
        const aheadMs = Math.max(0, earliestMs - nowMs - GUARD_MS / 2);
        nextMs = Math.min(nextMs, nowMs + Math.max(LOOK_MIN_MS, LOOK_SHARE * aheadMs));
      }
    }
    sampleTriggers.set(one.cellIndex, one.triggers, facts);
    one.lookAtMs = one.followed.isOver ? Infinity : nextMs;
  }

  function lookAround(): void {
    timer = null;
    timerAtMs = Infinity;
    const nowMs = clock.monoMs();
    if (nowMs >= endAtMs) return;
    const asked: ExposureWish[] = [];
    const withdrawn: WithdrawnWish[] = [];
    for (const one of watched.values()) if (one.lookAtMs <= nowMs) look(one, nowMs, asked, withdrawn);
    wake();
    if (withdrawn.length > 0) wishes.withdraw(withdrawn);
    if (asked.length > 0) wishes.ask(asked);
  }

  function wake(): void {
    let nextMs = Infinity;
    for (const { lookAtMs } of watched.values()) nextMs = Math.min(nextMs, lookAtMs);
    if (nextMs >= timerAtMs || !Number.isFinite(nextMs)) return;
    if (timer !== null) clock.clearTimeout(timer);
    timerAtMs = nextMs;
    timer = clock.setTimeout(lookAround, Math.max(0, nextMs - clock.monoMs()));
  }

  function lookSoon(one: Watched): void {
    // Not at once: the machines are in the middle of what they write down.
    one.lookAtMs = clock.monoMs();
    wake();
  }

  function close(one: Watched, request: number | undefined): void {
    const key = keyOfRequest.get(request ?? 0);
    keyOfRequest.delete(request ?? 0);
    if (key !== undefined) one.asked.close(key);
  }

  function lookAtAll(): void {
    for (const one of watched.values()) if (one.triggers.length > 0) one.lookAtMs = clock.monoMs();
    if (isAnyWatched) wake();
  }

  return {
    start() {
      lookAtAll();
    },
    heard(type, data) {
      const { position, request } = data;
      const one = typeof position === "string" ? byPosition.get(position) : undefined;
      if (one === undefined) return;
      if (one.followed.heard(type, data, clock.monoMs()) && one.triggers.length > 0) lookSoon(one);
      if (type === "exposure-ended" && isMade(data["outcome"])) close(one, requestNumber(data["request_id"]));
      if (typeof request !== "number") return;
      if (type === "exposure-wanted" && typeof data["key"] === "string") keyOfRequest.set(request, data["key"]);
      else if (CLOSED_BY.has(type)) close(one, request);
    },
    passed(cellIndex, voltageV) {
      const one = watched.get(cellIndex);
      if (one === undefined) return;
      sampleTriggers.passed(cellIndex, voltageV, one.triggers, factsOf(one, clock.monoMs()));
    },
    expose(command) {
      const commanded = commandedWish(campaign, command, clock.monoMs());
      if (commanded.ok) wishes.ask([commanded.wish]);
      return commanded;
    },
    amended() {
      begin();
      // As after a restart: what was asked is known by its key, and what was worked out is worked out anew.
      for (const one of watched.values()) {
        one.triggers = triggersOf(campaign, one.cellIndex);
        one.asked = createAskedMoments();
        if (one.triggers.length === 0) one.lookAtMs = Infinity;
      }
      isAnyWatched = isWatching(campaign);
      sampleTriggers.amended();
      lookAtAll();
    },
  };
}

function triggersOf({ triggers }: Pick<Campaign, "triggers">, cellIndex: number): readonly OwnTrigger[] {
  return (triggers ?? []).flatMap((trigger): readonly OwnTrigger[] => {
    const own = trigger.cells.find((one) => one.cellIndex === cellIndex);
    return own === undefined ? [] : [{ trigger, cell: own }];
  });
}

function isWatching({ triggers }: Pick<Campaign, "triggers">): boolean {
  return (triggers ?? []).some(({ cells }) => cells.length > 0);
}

const CLOSED_BY: ReadonlySet<string> = new Set([
  "request-answered",
  "request-missed",
  "request-withdrawn",
  "exposure-refused",
]);

/** `R0012-A3`: what was asked for beside the sweeps. */
function requestNumber(id: Json | undefined): number | undefined {
  const [, number] = /^R(\d+)-/.exec(typeof id === "string" ? id : "") ?? [];
  return number === undefined ? undefined : Number(number);
}
