/** The retained topics of a run, each with how often it may be told and what it then says. */
import { ALL_POSITIONS, placeOf } from "../../protocols/base/position.ts";
import { heightDigits } from "../../protocols/bus/cell-views.ts";
import type { BusTopic } from "../../protocols/bus/topics.ts";
import type { CampaignCell } from "../../protocols/campaign/campaign.ts";
import { presentIndex } from "../../protocols/campaign/present-cell.ts";
import { createAlarmBodies } from "./alarm-bodies.ts";
import { createGroupCensors } from "./group-censors.ts";
import type { Instrument } from "../../protocols/roles/instrument.ts";
import type { SaidTopic } from "./bus-publisher.ts";
import { timeText, type BusSources } from "./bus-sources.ts";
import { cellBody, doseBody } from "./cell-bodies.ts";
import { queueView, type QueuedExposure } from "./queue-view.ts";
import { beamBody, campaignBody, exposureBody, instrumentBody, scheduleBody } from "./rack-bodies.ts";
import { beamState, partsOf } from "./run-parts.ts";
import { createTraceKeeper } from "./trace-keeper.ts";

/** Five times a second is as fast as an eye reads numbers. */
const FAST_MS = 200;
const SLOW_MS = 500;
const LOG_MS = 1000;
/** A curve of a whole campaign need not be redrawn often. */
const TRACE_MS = 5000;
/** How often queue and failed cells are worked out anew. */
const SURROUNDINGS_MS = 500;

export interface BusTopics {
  readonly topics: readonly SaidTopic[];
  /** Of places that have no cell now. */
  former(): readonly BusTopic[];
  /** Of cells, and their channels, that have joined since `topics`, or this, was asked. */
  joined(): readonly SaidTopic[];
  /** Looks at every cell for its curve. Called before each round of telling. */
  look(): void;
}

export function busTopics(sources: BusSources): BusTopics {
  const { campaign, run, roles, fold } = sources;
  const traces = createTraceKeeper(run.samples, () => campaign.cells.length);
  const surroundings = createSurroundings(sources);
  const alarms = createAlarmBodies(sources);
  const censors = createGroupCensors(campaign, roles);
  const groups = [...new Set(campaign.cells.map(({ group }) => group))];

  const single = (
    kind: "campaign" | "beam" | "exposure" | "schedule" | "alarm" | "recent",
    periodMs: number,
    body: () => object,
  ): SaidTopic => ({ topic: { kind }, periodMs, body });

  /** Of the cells of a place the present one is told of. */
  const present = (of: string): { readonly cellIndex: number; readonly cell: CampaignCell | undefined } => {
    const cellIndex = presentIndex(campaign.cells, of);
    return { cellIndex, cell: campaign.cells[cellIndex] };
  };

  const cellTopic = (of: string): SaidTopic => ({
    topic: { kind: "cell", of },
    periodMs: FAST_MS,
    body() {
      const { cellIndex, cell } = present(of);
      if (cell === undefined) return undefined;
      const around = surroundings.of(cellIndex, cell.position);
      return cellBody(sources, cellIndex, { ...around, censor: censors.of(cell.group) });
    },
  });

  const doseTopic = (of: string): SaidTopic => {
    let doseVersion = -1;
    let toldIndex = -1;
    let dose: object | undefined;
    return {
      topic: { kind: "dose", of },
      periodMs: SLOW_MS,
      body() {
        const { cellIndex, cell } = present(of);
        if (cell === undefined) return undefined;
        const version = fold.cell(cell.position).doseVersion;
        if (version !== doseVersion || cellIndex !== toldIndex)
          dose = doseBody(sources, cell, run.limitFractionOf(cellIndex));
        doseVersion = version;
        toldIndex = cellIndex;
        return dose;
      },
    };
  };

  const traceTopic = (of: string): SaidTopic => ({
    topic: { kind: "trace", of },
    periodMs: TRACE_MS,
    body: () => traceBody(of),
  });

  function traceBody(position: string): object | undefined {
    const { cellIndex, cell } = present(position);
    if (cell === undefined) return undefined;
    const { timeS, voltageV, currentA, capacityMah } = traces.of(cellIndex);
    return {
      ...{ position, time_s: timeS, voltage_V: voltageV, current_A: currentA, capacity_mAh: capacityMah },
      exposures_s: fold.cell(cell.position).exposedAtMs.map((ms) => Math.round(ms / 1000)),
      patterns: (run.views.cell(cellIndex)?.lastFrame?.history ?? []).map(({ exposureId, finding, thumbnail }) => ({
        ...{ exposure_id: exposureId, finding, heights: heightDigits(thumbnail) },
      })),
    };
  }

  const instrumentTopic = (instrument: Instrument): SaidTopic => ({
    topic: { kind: "instrument", of: instrument.name },
    periodMs: SLOW_MS,
    body: () => instrumentBody(sources, partsOf(run), instrument),
  });

  const placesFrom = (cellIndex: number): readonly string[] => {
    const before = new Set<string>(campaign.cells.slice(0, cellIndex).map(({ position }) => placeOf(position)));
    const places = campaign.cells.slice(cellIndex).map(({ position }) => placeOf(position));
    return [...new Set(places)].filter((place) => !before.has(place));
  };
  const places = placesFrom(0);
  let told = { cells: campaign.cells.length, instruments: roles.instruments.length };
  return {
    former() {
      const held = new Set<string>(placesFrom(0));
      return ALL_POSITIONS.flatMap((of): readonly BusTopic[] =>
        held.has(of)
          ? []
          : [
              { kind: "cell", of },
              { kind: "dose", of },
              { kind: "trace", of },
            ],
      );
    },
    joined() {
      const from = told;
      told = { cells: campaign.cells.length, instruments: roles.instruments.length };
      // A cell that follows another is told of under the name of their place, as that one was.
      const cells = placesFrom(from.cells).flatMap((of) => [cellTopic(of), doseTopic(of), traceTopic(of)]);
      return [...cells, ...roles.instruments.slice(from.instruments).map(instrumentTopic)];
    },
    topics: [
      single("campaign", FAST_MS, () => campaignBody(sources, partsOf(run))),
      single("beam", FAST_MS, () => beamBody(sources, partsOf(run))),
      single("exposure", FAST_MS / 2, () => exposureBody(sources, partsOf(run))),
      single("schedule", SLOW_MS, () => scheduleBody(sources, partsOf(run), surroundings.queue())),
      single("alarm", FAST_MS, () => alarms.all()),
      single("recent", LOG_MS, () => ({
        lines: fold.lines.map(({ seq, atMs, type, where, text }) => ({
          ...{ seq, at: timeText(sources, atMs), type, where, text },
        })),
      })),
      ...groups.map((group): SaidTopic => ({
        topic: { kind: "group-alarm", of: group },
        periodMs: SLOW_MS,
        body: () => alarms.ofGroup(group),
      })),
      // Brokers tell a new client in the order in which things were first said: how the cells are comes before long curves.
      ...places.map(cellTopic),
      ...places.map(doseTopic),
      ...roles.instruments.map(instrumentTopic),
      ...places.map(traceTopic),
    ],
    look() {
      traces.look();
    },
  };
}

/** What many cells ask for at once is worked out once for all of them. */
function createSurroundings(sources: BusSources) {
  const { campaign, run, fold } = sources;
  let madeAtMs = -Infinity;
  let queue: readonly QueuedExposure[] = [];
  let nextOf = new Map<string, QueuedExposure>();
  let faults = new Map<string, ReturnType<typeof run.views.isolated>[number]["fault"]>();

  function renew(): void {
    const nowMs = sources.nowMs();
    if (Math.abs(nowMs - madeAtMs) < SURROUNDINGS_MS) return;
    madeAtMs = nowMs;
    const parts = partsOf(run);
    queue = queueView({
      context: parts.campaign.context,
      positionOf: (cellIndex) => campaign.cells[cellIndex]?.position ?? "",
      nowMs,
      turnMs: fold.meanTurnMs,
      isExposing: beamState(parts) === "exposing",
      decided: run.planned(),
    });
    // Of two for one cell the sooner counts.
    nextOf = new Map([...queue].reverse().map((one) => [one.position, one]));
    faults = new Map(run.views.isolated().map(({ position, fault }) => [position, fault]));
  }

  return {
    queue() {
      renew();
      return queue;
    },
    of(cellIndex: number, position: string) {
      renew();
      return {
        next: nextOf.get(position),
        fault: faults.get(position) ?? null,
        limitFraction: run.limitFractionOf(cellIndex),
      };
    },
  };
}
