/** What the machines show to the outside: the state of each cell, how far the cell at a place is believed to be the right one, what is latched. */
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { ActorRefFrom } from "xstate";
import type { ChargeCount, StateOfCharge } from "../../protocols/echem/counting.ts";
import { chargeNow, halfCycleChargeAh } from "../cells/cell-account.ts";
import { cellView, type CellView } from "../cells/cell-view.ts";
import type { SampleIntake } from "../cells/sample-intake.ts";
import type { CellForecast } from "../forecast/cell-forecast.ts";
import type { BeamEffectView } from "../verdict/verdict-record.ts";
import type { FrameView } from "../frames/frame-desk.ts";
import type { CellMachine } from "../machines/cell-machine.ts";
import type { CampaignActor } from "../machines/campaign-machine.ts";
import type { UnfitStep } from "../cells/next-step.ts";
import { nextIfLeft } from "../machines/cell-steps.ts";
import { cellActorId } from "../machines/campaign-news.ts";
import type { FaultNote } from "../machines/errors.ts";
import type { SafetySupervisorMachine } from "../machines/safety-supervisor-machine.ts";
import type { Waiting } from "../machines/waiting.ts";
import type { Interlock } from "../../protocols/roles/beam-io.ts";
import type { Belief } from "./sweep-desk.ts";

export interface IsolatedCell {
  readonly position: string;
  readonly fault: FaultNote | null;
}

export type CountedCharge = StateOfCharge & Pick<ChargeCount, "capacityAh" | "capacityFrom">;

export interface ActorViews {
  stateOf(cellIndex: number): string;
  belief(cellIndex: number): Belief;
  byState(): Readonly<Record<string, number>>;
  isolated(): readonly IsolatedCell[];
  /** All there is to tell of a cell; undefined before the campaign began. */
  cell(cellIndex: number): CellView | undefined;
  /** Cycle that the cell is in, from 1; null where it is not known. */
  cycle(cellIndex: number): number | null;
  /** What the cell, as it stands, has against the step that follows; null: nothing, or there is none. */
  unfitNext(cellIndex: number): UnfitStep | null;
  /** A person is still to bring it: it joined, and was not proven yet. */
  isToCome(cellIndex: number): boolean;
  /** What was against it last; null for nothing. */
  fault(cellIndex: number): FaultNote | null;
  /** By counting since a cut-off; null before one, and before the campaign began. */
  charge(cellIndex: number): CountedCharge | null;
  /** Net charge that has flowed this way in the half cycle under way, A h. */
  halfCycleChargeAh(cellIndex: number, direction: "charge" | "discharge"): number | null;
  /** Interlocks that broke and wait for a person to re-arm. */
  latchedInterlocks(): readonly Interlock[];
  /** What every machine waits for, by its cell, instrument or part of the run; null for one that does not. Null once the run is over. */
  waits(): readonly (readonly [where: string, waiting: Waiting | null])[] | null;
}

export function createActorViews(
  campaign: Campaign,
  actor: () => CampaignActor,
  lastSample: Pick<SampleIntake, "lastVoltageV" | "lastCurrentA">,
  told: {
    readonly forecast: (cellIndex: number) => CellForecast | null;
    readonly beamEffect: (cellIndex: number) => BeamEffectView | null;
    readonly lastFrame: (cellIndex: number) => FrameView | null;
  },
): ActorViews {
  const ids: string[] = [];

  function child(id: string): unknown {
    const children: Readonly<Record<string, unknown>> = actor().getSnapshot().children;
    return children[id];
  }

  function cellActor(cellIndex: number): ActorRefFrom<CellMachine> | undefined {
    const id = (ids[cellIndex] ??= cellActorId(campaign.cells[cellIndex]?.position ?? ""));
    return child(id) as ActorRefFrom<CellMachine> | undefined;
  }

  function stateOf(cellIndex: number): string {
    return cellActor(cellIndex)?.getSnapshot().value ?? "awaitingChannel";
  }

  return {
    stateOf,
    belief(cellIndex) {
      // Held, stopped or taken out before its proof it is no more known than where it waits for it.
      const { isProven, isCarried, carriedBy } = cellActor(cellIndex)?.getSnapshot().context ?? {};
      if (isProven !== true) return "unknown";
      // In a person's hands, or about to be.
      if (isCarried === true && carriedBy === "person") return "unknown";
      switch (stateOf(cellIndex)) {
        // The channel's own voltage has been continuous since the proof.
        case "cycling":
        case "choosing":
        case "starting":
          return "confirmed";
        // Nothing has moved the cell since; nothing confirms it now.
        case "complete":
        case "stopped":
        case "held":
        case "keeping":
        case "away":
        case "findingOut":
        case "awaitingReturn":
          return "believed";
        default:
          return "unknown";
      }
    },
    isToCome: (cellIndex) => cellActor(cellIndex)?.getSnapshot().context.isNew === true,
    fault: (cellIndex) => cellActor(cellIndex)?.getSnapshot().context.fault ?? null,
    byState() {
      const counts: Record<string, number> = {};
      for (let cellIndex = 0; cellIndex < campaign.cells.length; cellIndex += 1) {
        const state = stateOf(cellIndex);
        counts[state] = (counts[state] ?? 0) + 1;
      }
      return counts;
    },
    cell(cellIndex) {
      const snapshot = cellActor(cellIndex)?.getSnapshot();
      if (snapshot === undefined) return undefined;
      const { lastVoltageV, lastCurrentA } = lastSample;
      return cellView(
        snapshot.value,
        snapshot.context,
        lastVoltageV[cellIndex] ?? NaN,
        lastCurrentA[cellIndex] ?? NaN,
        {
          forecast: told.forecast(cellIndex),
          beamEffect: told.beamEffect(cellIndex),
          lastFrame: told.lastFrame(cellIndex),
        },
      );
    },
    cycle: (cellIndex) => cellActor(cellIndex)?.getSnapshot().context.cursor?.step.cycleNumber ?? null,
    unfitNext(cellIndex) {
      const context = cellActor(cellIndex)?.getSnapshot().context;
      const next = context === undefined ? null : (nextIfLeft(context)?.step ?? null);
      return next === null ? null : (context?.effects.unfitNow?.(next) ?? null);
    },
    charge(cellIndex) {
      const snapshot = cellActor(cellIndex)?.getSnapshot();
      if (snapshot === undefined) return null;
      const { account, effects } = snapshot.context;
      const now = chargeNow(account, effects.totals());
      if (now === null) return null;
      const { capacityAh, capacityFrom } = account.charge;
      return { ...now, capacityAh, capacityFrom };
    },
    halfCycleChargeAh(cellIndex, direction) {
      const snapshot = cellActor(cellIndex)?.getSnapshot();
      if (snapshot === undefined) return null;
      const { account, effects } = snapshot.context;
      return halfCycleChargeAh(account, direction, effects.totals());
    },
    latchedInterlocks() {
      const supervisor = child("supervisor") as ActorRefFrom<SafetySupervisorMachine> | undefined;
      return supervisor?.getSnapshot().context.latched ?? [];
    },
    waits() {
      const { context, status } = actor().getSnapshot();
      if (status !== "active") return null;
      const of: (readonly [string, Waiting | null])[] = [["campaign", context.waiting]];
      for (const { place, machine } of context.crew) {
        const part = machine.getSnapshot();
        of.push([place, part.status === "active" ? part.context.waiting : null]);
      }
      return of;
    },
    isolated() {
      return campaign.cells.flatMap((cell, cellIndex) =>
        stateOf(cellIndex) === "isolated"
          ? [{ position: cell.position, fault: cellActor(cellIndex)?.getSnapshot().context.fault ?? null }]
          : [],
      );
    },
  };
}
