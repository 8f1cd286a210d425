/**
 * What each cell is expected to do next. It hears the event log as it is written (proofs, steps that begin and end,
 * pauses, ends) and looks at samples only when something of that happens; a forecast is made anew when a step begins,
 * when one does not end within its spread, and when one goes on after a pause. What matters of it goes into the log.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import type { CampaignCell } from "../../protocols/campaign/campaign.ts";
import { firstStep, nextStep, stepAt, type ProtocolCursor } from "../../protocols/echem/cursor.ts";
import { forecastProtocol } from "../../protocols/echem/forecast/forecast-protocol.ts";
import type { CellNameplate } from "../../protocols/echem/forecast/nameplate.ts";
import type { SampleIntake } from "../cells/sample-intake.ts";
import type { Recorder } from "../machines/recorder.ts";
import { forecastData, forecastFrom, isNews, movedTo, type CellForecast } from "./cell-forecast.ts";
import { createCellLearner, type CellLearner, type EndedStep } from "./cell-learner.ts";
import { timeLeftS } from "./time-left.ts";

export interface ForecastDesk {
  /** What was just written into the log. */
  heard(type: string, data: { readonly [key: string]: Json }): void;
  /** Null before a cell's first step, and when its part is over. */
  of(cellIndex: number): CellForecast | null;
}

export interface ForecastDeskDeps {
  readonly cells: readonly CampaignCell[];
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly samples: Pick<
    SampleIntake,
    "firstVoltageV" | "firstCurrentA" | "firstTimeS" | "lastVoltageV" | "lastCurrentA" | "stepChargeAh"
  >;
}

/** Steps ahead: enough for a cycle of most protocols, and a millisecond of work. */
const STEPS_AHEAD = 24;
/** A step that is late is looked at again after this time at the earliest. */
const LATE_AGAIN_S = 60;
/** What its last sample says of a late step is worth this part of the time left. */
const LATE_SHARE = 0.5;

/** As the log names it. */
interface Place {
  readonly stepNumber: number;
  readonly cycle: number;
}

interface Followed {
  nameplate: CellNameplate;
  learner: CellLearner;
  /** The step that runs or is paused; null between steps. */
  cursor: ProtocolCursor | null;
  /** The last step that ran. */
  lastCursor: ProtocolCursor | undefined;
  startedAtMs: number;
  /** Ran before its last break. */
  elapsedS: number;
  wasBroken: boolean;
  forecast: CellForecast | null;
  told: CellForecast | null;
  /** Null when none is set. */
  timer: TimerHandle;
}

export function createForecastDesk({ cells, clock, recorder, samples }: ForecastDeskDeps): ForecastDesk {
  const indexOf = new Map<string, number>(cells.map(({ position }, index) => [position, index]));
  const followed = cells.map((cell) => follow(cell, null));

  function follow(cell: CampaignCell, startVoltageV: number | null): Followed {
    const nameplate = nameplateOf(cell, startVoltageV);
    return {
      nameplate,
      learner: createCellLearner(nameplate, cell.protocol),
      ...{ cursor: null, lastCursor: undefined, startedAtMs: 0, elapsedS: 0, wasBroken: false },
      ...{ forecast: null, told: null, timer: null },
    };
  }

  function show(index: number, one: Followed, forecast: CellForecast | null): void {
    if (one.timer !== null) clock.clearTimeout(one.timer);
    one.timer = null;
    one.forecast = forecast;
    if (forecast === null) return;
    const [edge] = forecast.edges;
    if (edge !== undefined && edge.endedBy !== "time" && forecast.pausedAtMs === null) {
      const waitMs = edge.endsAtMs + 1000 * edge.spreadS - clock.monoMs();
      one.timer = clock.setTimeout(
        () => {
          one.timer = null;
          stepIsLate(index, one);
        },
        Math.max(1000 * LATE_AGAIN_S, waitMs),
      );
    }
    const position = cells[index]?.position;
    if (position === undefined || !isNews(one.told, forecast)) return;
    one.told = forecast;
    recorder.record("cell-forecast", forecastData(position, forecast));
  }

  function stepStarted(index: number, one: Followed, cell: CampaignCell, place: Place, elapsedS: number): void {
    const nowMs = clock.monoMs();
    const paused = one.forecast?.pausedAtMs ?? null;
    one.startedAtMs = nowMs;
    one.elapsedS = elapsedS;
    if (elapsedS > 0 && one.cursor?.stepIndex === place.stepNumber - 1 && one.forecast !== null) {
      one.wasBroken = true;
      const [edge] = one.forecast.edges;
      if (edge === undefined) return;
      const endsAtMs = edge.endsAtMs + (paused === null ? 0 : nowMs - paused);
      show(index, one, movedTo(one.forecast, endsAtMs, edge.spreadS, { madeAtMs: nowMs, because: "resumed" }));
      return;
    }
    // Left by a person, or over while nobody heard of it.
    if (one.cursor !== null) stepEnded(index, one, "cut");
    const cursor = arrive(cell, one.lastCursor, place);
    one.cursor = cursor ?? null;
    one.lastCursor = cursor;
    one.wasBroken = elapsedS > 0;
    if (cursor === undefined) {
      show(index, one, null);
      return;
    }
    const { learner, nameplate } = one;
    const { learned } = learner;
    const forecast = forecastProtocol(cell.protocol, nameplate, learned, {
      from: { cursor, previousIndex: learner.previousIndex },
      stepsMax: STEPS_AHEAD,
    });
    learner.stepStarted(cursor);
    const about = { madeAtMs: nowMs, because: "step", isMeasured: learned.isMeasured } as const;
    show(index, one, forecastFrom(forecast, nowMs - 1000 * elapsedS, about));
  }

  function stepEnded(index: number, one: Followed, endedBy: EndedStep["endedBy"], ranS = ranSoFarS(one)): void {
    const { learner } = one;
    if (one.cursor === null) return;
    const at = (values: Float64Array): number => values[index] ?? NaN;
    if (!one.wasBroken && Number.isFinite(at(samples.firstTimeS))) {
      learner.firstSample(at(samples.firstTimeS), at(samples.firstVoltageV), at(samples.firstCurrentA));
    }
    learner.stepEnded({
      durationS: ranS,
      // A hold that was broken took another time than it would have; a cut-off is where it is.
      endedBy: one.wasBroken && endedBy !== "voltage" ? "cut" : endedBy,
      chargeAh: at(samples.stepChargeAh),
      voltageV: at(samples.lastVoltageV),
      currentA: at(samples.lastCurrentA),
    });
    one.cursor = null;
    if (one.timer !== null) clock.clearTimeout(one.timer);
    one.timer = null;
  }

  function ranSoFarS({ elapsedS, startedAtMs, forecast }: Followed): number {
    return elapsedS + ((forecast?.pausedAtMs ?? clock.monoMs()) - startedAtMs) / 1000;
  }

  function pause(index: number, one: Followed): void {
    if (one.forecast === null || one.forecast.pausedAtMs !== null) return;
    show(index, one, { ...one.forecast, pausedAtMs: clock.monoMs() });
  }

  function stepIsLate(index: number, one: Followed): void {
    const cell = cells[index];
    if (one.cursor === null || one.forecast === null || cell === undefined) return;
    const nowMs = clock.monoMs();
    const [edge] = one.forecast.edges;
    if (edge === undefined) return;
    const step = stepAt(cell.protocol, one.cursor);
    const leftS = timeLeftS(step, one.nameplate, one.learner.learned, {
      ranS: ranSoFarS(one),
      firstCurrentA: samples.firstCurrentA[index] ?? NaN,
      voltageV: samples.lastVoltageV[index] ?? NaN,
      currentA: samples.lastCurrentA[index] ?? NaN,
    });
    const moreS = Math.max(LATE_AGAIN_S, leftS ?? edge.spreadS);
    const spreadS = Math.max(LATE_AGAIN_S, LATE_SHARE * moreS);
    show(index, one, movedTo(one.forecast, nowMs + 1000 * moreS, spreadS, { madeAtMs: nowMs, because: "late" }));
  }

  return {
    of: (cellIndex) => followed[cellIndex]?.forecast ?? null,
    heard(type, data) {
      const { position } = data;
      const index = typeof position === "string" ? indexOf.get(position) : undefined;
      const one = index === undefined ? undefined : followed[index];
      const cell = index === undefined ? undefined : cells[index];
      if (index === undefined || one === undefined || cell === undefined) return;
      switch (type) {
        case "cell-proof":
          if (data["is_proven"] !== true || typeof data["open_circuit_V"] !== "number" || one.lastCursor) return;
          followed[index] = follow(cell, data["open_circuit_V"]);
          return;
        case "step-started": {
          const { step, cycle, elapsed_s: elapsedS } = data;
          if (typeof step !== "number" || typeof cycle !== "number") return;
          stepStarted(index, one, cell, { stepNumber: step, cycle }, typeof elapsedS === "number" ? elapsedS : 0);
          return;
        }
        case "step-ended":
          // Ended at the instrument it goes on with the time it has left.
          if (data["ended_by"] === "aborted") pause(index, one);
          else stepEnded(index, one, endedByOf(data["ended_by"]));
          return;
        case "step-interrupted":
        case "cell-held":
          pause(index, one);
          return;
        case "cell-isolated":
        case "cell-complete":
        case "cell-stopped":
          show(index, one, null);
      }
    },
  };
}

function nameplateOf({ chemistry, nominalCapacityMah, limits }: CampaignCell, startVoltageV: number | null) {
  return { chemistry, nominalCapacityMah, limits, startVoltageV };
}

/** Further than this no place in a protocol is looked for. */
const PLACES_MAX = 100_000;

/** Steps follow one another as the protocol has them; undefined where it has no such step ahead. */
function arrive(
  { protocol }: CampaignCell,
  last: ProtocolCursor | undefined,
  { stepNumber, cycle }: Place,
): ProtocolCursor | undefined {
  let cursor = last === undefined ? firstStep(protocol) : nextStep(protocol, last);
  for (let passed = 0; cursor !== undefined && passed < PLACES_MAX; passed += 1) {
    if (cursor.stepIndex === stepNumber - 1 && cursor.cycle === cycle) return cursor;
    cursor = nextStep(protocol, cursor);
  }
  return undefined;
}

function endedByOf(value: Json | undefined): EndedStep["endedBy"] {
  return value === "voltage" || value === "current" || value === "time" || value === "limit" ? value : "cut";
}
