/**
 * What each cell is expected to do next. It hears the event log as it is written (proofs, steps that begin and end,
 * pauses, ends); a forecast is made anew when a step begins, when one does not end within its spread, and when one goes on
 * after a pause or a restart. What matters of it goes into the log.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import type { CampaignCell } from "../../protocols/campaign/campaign.ts";
import { stepAt } from "../../protocols/echem/cursor.ts";
import { forecastRules, NEVER, type ExpectedTimes } from "../../protocols/campaign/expected-waits.ts";
import { forecastProtocol } from "../../protocols/echem/forecast/forecast-protocol.ts";
import type { ForecastRules } from "../../protocols/echem/forecast/forecast-rules.ts";
import { SPREAD_SIGMAS } from "../../protocols/echem/forecast/nameplate.ts";
import type { SampleIntake } from "../cells/sample-intake.ts";
import type { Recorder } from "../machines/recorder.ts";
import { forecastData, forecastFrom, isNews, movedTo, type CellForecast } from "./cell-forecast.ts";
import { begunStep, createFollowedCell, type FollowedCell } from "./followed-cell.ts";
import { timeLeftS } from "./time-left.ts";

export interface ForecastDesk {
  /** What was just written into the log. */
  heard(type: string, data: { readonly [key: string]: Json }): void;
  /** After a restart: forecasts of the steps that were under way, as they stood. */
  goOn(): void;
  /** Cells have other tails, limits or waits from here on, or there are more of them. */
  amended(): void;
  /** Null before a cell's first step, and when its part is over. */
  of(cellIndex: number): CellForecast | null;
}

export interface ForecastDeskDeps {
  /** Looked at anew when the campaign is amended. */
  readonly cells: readonly CampaignCell[];
  readonly clock: Clock;
  readonly recorder: Recorder;
  /** Looked at where a step is late. */
  readonly samples: Pick<SampleIntake, "firstCurrentA" | "lastVoltageV" | "lastCurrentA">;
  /** How long a step of a cell waits for an exposure; unknown without. */
  readonly exposureWait?: ExpectedTimes["exposure"];
  /** After a restart: the cells as the record left them. */
  readonly followed?: readonly FollowedCell[];
}

/** Steps ahead: enough for a cycle of most protocols, and a millisecond of work. */
const STEPS_AHEAD = 24;
/** A step that is late is looked at again after this time at the earliest. */
const LATE_AGAIN_S = 60;
/** What its last sample says of a late step is worth this part of the time left. */
const LATE_SHARE = 0.5;

interface Told {
  forecast: CellForecast | null;
  told: CellForecast | null;
  /** Null when none is set. */
  timer: TimerHandle;
}

export function createForecastDesk(deps: ForecastDeskDeps): ForecastDesk {
  const { cells, clock, recorder, samples } = deps;
  const indexOf = new Map<string, number>();
  const followed: FollowedCell[] = [...(deps.followed ?? [])];
  const tellings: Told[] = [];

  function begin(): void {
    for (const [index, cell] of cells.entries()) {
      indexOf.set(cell.position, index);
      followed[index] ??= createFollowedCell(cell);
      tellings[index] ??= { forecast: null, told: null, timer: null };
    }
  }
  begin();

  function quiet(telling: Told): void {
    if (telling.timer !== null) clock.clearTimeout(telling.timer);
    telling.timer = null;
  }

  function show(index: number, telling: Told, forecast: CellForecast | null): void {
    quiet(telling);
    telling.forecast = forecast;
    if (forecast === null) return;
    const [edge] = forecast.edges;
    if (edge !== undefined && edge.endedBy !== "time" && forecast.pausedAtMs === null) {
      const waitMs = edge.endsAtMs + 1000 * edge.spreadS - clock.monoMs();
      telling.timer = clock.setTimeout(
        () => {
          telling.timer = null;
          stepIsLate(index, telling);
        },
        Math.max(1000 * LATE_AGAIN_S, waitMs),
      );
    }
    const position = cells[index]?.position;
    if (position === undefined || !isNews(telling.told, forecast)) return;
    telling.told = forecast;
    recorder.record("cell-forecast", forecastData(position, forecast));
  }

  /** Of the step under way and those behind it, by all that was learned before it began. */
  function forecastNow(index: number, because: "step" | "resumed"): CellForecast | null {
    const cell = cells[index];
    const one = followed[index];
    if (cell === undefined || one === undefined || one.cursor === null) return null;
    const { learned, previousIndex } = one.learner;
    const rules = rulesOf(cell, one);
    const forecast = forecastProtocol(cell.protocol, one.nameplate, learned, {
      from: { cursor: one.cursor, previousIndex, begun: begunStep(one, rules) },
      stepsMax: STEPS_AHEAD,
      ...(rules === undefined ? {} : { rules, measuredAh: one.measuredAh }),
    });
    const { isMeasured } = learned;
    return forecastFrom(forecast, one.beganAtMs, { madeAtMs: clock.monoMs(), because, isMeasured });
  }

  /** Ends by state of health are left out: what they refer to is further back than a forecast of some steps looks. */
  function rulesOf(cell: CampaignCell, one: FollowedCell): ForecastRules | undefined {
    const rules = forecastRules(cell, {
      exposure: deps.exposureWait ?? (() => NEVER),
      other(position, stepIndex) {
        const edges = tellings[indexOf.get(position) ?? -1]?.forecast?.edges ?? [];
        const edge = stepIndex === null ? undefined : edges.find(({ step }) => step === stepIndex + 1);
        if (edge === undefined) return NEVER;
        return { mean: (edge.endsAtMs - one.beganAtMs) / 1000, sd: edge.spreadS / SPREAD_SIGMAS };
      },
    });
    return rules === undefined ? undefined : { ...rules, ends: [] };
  }

  function pause(index: number, telling: Told, pausedAtMs: number | null): void {
    if (telling.forecast === null || telling.forecast.pausedAtMs !== null) return;
    show(index, telling, { ...telling.forecast, pausedAtMs });
  }

  function resume(index: number, telling: Told, byMs: number): void {
    const [edge] = telling.forecast?.edges ?? [];
    if (telling.forecast === null || edge === undefined) return;
    const about = { madeAtMs: clock.monoMs(), because: "resumed" } as const;
    show(index, telling, movedTo(telling.forecast, edge.endsAtMs + byMs, edge.spreadS, about));
  }

  function stepIsLate(index: number, telling: Told): void {
    const cell = cells[index];
    const one = followed[index];
    if (cell === undefined || one === undefined || one.cursor === null || telling.forecast === null) return;
    const nowMs = clock.monoMs();
    const [edge] = telling.forecast.edges;
    if (edge === undefined) return;
    const step = stepAt(cell.protocol, one.cursor);
    const leftS = timeLeftS(step, one.nameplate, one.learner.learned, {
      ranS: one.ranS(nowMs),
      firstCurrentA: samples.firstCurrentA[index] ?? NaN,
      voltageV: samples.lastVoltageV[index] ?? NaN,
      currentA: samples.lastCurrentA[index] ?? NaN,
    });
    const moreS = Math.max(LATE_AGAIN_S, leftS ?? edge.spreadS);
    const spreadS = Math.max(LATE_AGAIN_S, LATE_SHARE * moreS);
    const about = { madeAtMs: nowMs, because: "late" } as const;
    show(index, telling, movedTo(telling.forecast, nowMs + 1000 * moreS, spreadS, about));
  }

  function goOn(): void {
    tellings.forEach((telling, index) => {
      const forecast = forecastNow(index, "resumed");
      const pausedAtMs = followed[index]?.pausedAtMs ?? null;
      if (forecast !== null) show(index, telling, { ...forecast, pausedAtMs });
    });
  }

  return {
    of: (cellIndex) => tellings[cellIndex]?.forecast ?? null,
    goOn,
    amended() {
      begin();
      for (const one of followed) one.amended();
      goOn();
    },
    heard(type, data) {
      const { position } = data;
      const index = typeof position === "string" ? indexOf.get(position) : undefined;
      if (index === undefined) return;
      const one = followed[index];
      const telling = tellings[index];
      if (one === undefined || telling === undefined) return;
      const news = one.event(type, clock.monoMs(), data);
      switch (news?.kind) {
        case "begun":
          show(index, telling, forecastNow(index, "step"));
          return;
        case "resumed":
          resume(index, telling, news.byMs);
          return;
        case "paused":
          pause(index, telling, one.pausedAtMs);
          return;
        case "ended":
          quiet(telling);
          return;
        case "over":
          show(index, telling, null);
          return;
        case undefined:
      }
    },
  };
}
