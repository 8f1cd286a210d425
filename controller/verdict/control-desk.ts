/**
 * Control visits while a campaign runs: asks for the second exposure, has both patterns read, keeps the pairs, judges
 * once a round of visits is over, and does what the campaign says about a beam effect that was found. Everything it
 * decides from is on record. Nothing here waits: patterns come when they come.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { isFault } from "../../protocols/base/fault.ts";
import type { Campaign, CellRole } from "../../protocols/campaign/campaign.ts";
import {
  controlSpotOf,
  isControlSweep,
  isKeptWhenLowered,
  visitCount,
  type ControlPlan,
} from "../../protocols/campaign/control-plan.ts";
import { materialOf, rulesOf } from "../../protocols/campaign/judge-controls.ts";
import type { LatticeTables } from "../../protocols/diffraction/lattice-tables.ts";
import { createLithiumReader, type LithiumReader } from "../../protocols/diffraction/read-lithium.ts";
import type { Integrator } from "../../protocols/roles/integrator.ts";
import {
  judgeBeamEffect,
  type BeamVerdict,
  type CellVerdict,
  type JudgedCell,
} from "../../protocols/verdict/beam-verdict.ts";
import { controlPair, type ControlPair } from "../../protocols/verdict/control-pair.ts";
import type { ExposureOrder, ExposureOutcome } from "../machines/exposure-order.ts";
import type { Recorder } from "../machines/recorder.ts";
import type { Alarms } from "../run/alarms.ts";
import { createCellResistances, RESISTANCE_EVENT, type CellResistancesDeps } from "./cell-resistances.ts";
import { comparedCells } from "./compared-cells.ts";
import {
  beamEffectView,
  effectAlarm,
  pairJson,
  parsePair,
  verdictJson,
  type BeamEffectView,
} from "./verdict-record.ts";

export interface ControlDeskDeps {
  readonly campaign: Campaign;
  readonly controls: ControlPlan;
  readonly sweepCountPlanned: number;
  /** Without them pairs are exposed and never read, and the verdict stays open. */
  readonly integrator?: Integrator;
  readonly lattice?: LatticeTables;
  readonly recorder: Recorder;
  readonly alarms: Pick<Alarms, "raise">;
  /** What a run before left on record of pairs, looks, resistances and exposures held back, in order. */
  readonly past?: readonly RecordedEvent[];
  readonly nowMs: () => number;
  /** A part of beamrack broke. */
  readonly fail: (error: unknown) => void;
  /** Of the last sample; NaN without one. */
  readonly currentA: (cellIndex: number) => number;
  readonly chargeAh: (cellIndex: number) => number;
  readonly firstSamples: CellResistancesDeps["first"];
  /** Capacity of the last whole discharge over the first one; null where there is none. */
  readonly stateOfHealth: (cellIndex: number) => number | null;
}

export interface RecordedEvent {
  readonly type: string;
  readonly atMs: number;
  readonly data: Readonly<Record<string, Json>>;
}

/** A second exposure that is wanted right after the first. */
export interface WantedControl {
  readonly controlIndex: number;
  readonly reason: string;
  readonly withinS: number;
}

export interface ControlDesk {
  /** Told of every event, once it is on record. */
  heard(type: string, data: RecordedEvent["data"]): void;
  /** Of the preset's time, how much an exposure of this cell lasts, 0..1. */
  exposureFraction(cellIndex: number): number;
  /** Told of every exposure that is over, with the frame it gave. */
  noteExposed(order: ExposureOrder, outcome: ExposureOutcome, framePath: string | null): void;
  /** What is wanted right after an ordinary exposure of a sweep that was made. */
  controlAfter(order: ExposureOrder, sweep: number): WantedControl | null;
  /** Why a cell is not exposed in this sweep, by the campaign's rule on beam effects; null when it may be. */
  heldBack(cellIndex: number, sweep: number): string | null;
  /** Why a control exposure is not made any more; null when it is still wanted. */
  isAlone(cellIndex: number): string | null;
  /** No exposure of this sweep is left to be made. */
  sweepIsOver(sweep: number): void;
  /** The last look; null before the first. */
  verdict(): BeamVerdict | null;
  cellView(cellIndex: number): BeamEffectView | null;
}

interface FirstOfPair {
  readonly order: ExposureOrder;
  readonly framePath: string;
  readonly atMs: number;
  readonly chargeAh: number;
  readonly direction: 1 | -1 | null;
}

/** The beam goes there next; a pause of it parts the pair. */
const WITHIN_S = 300;
/** Below this share of a capacity per hour a cell counts as at rest. */
const REST_RATE_C = 1e-3;
/** Lithium per formula unit that a nominal capacity moves, roughly: corrects for some seconds of current. */
const LITHIUM_PER_CAPACITY = 0.8;

export function createControlDesk(deps: ControlDeskDeps): ControlDesk {
  const { campaign, controls, recorder, integrator, lattice } = deps;
  const ordinarySpots = campaign.sweeps[0]?.preset.spots.length ?? 0;
  const rules = rulesOf(controls, visitCount(controls, deps.sweepCountPlanned));
  const readers = new Map<string, LithiumReader>();
  const firsts = new Map<number, FirstOfPair>();
  const sweepOf = new Map<number, number>();
  const directions = new Map<number, 1 | -1>();
  const pairs = new Map<number, ControlPair[]>();
  const resistances = createCellResistances({ cells: campaign.cells, recorder, first: deps.firstSamples });
  /** Cells whose exposures were lowered or stopped. */
  const acted = new Set<number>();
  let reading = 0;
  let visitedSweep = 0;
  let judgedSweep = 0;
  let last: BeamVerdict | null = null;
  let isLooking = false;
  let verdicts = new Map<string, CellVerdict>();

  for (const { type, atMs, data } of deps.past ?? []) {
    const cellIndex = campaign.cells.findIndex((cell) => cell.position === data["position"]);
    const pair = type === "control-pair" ? parsePair(data, atMs) : undefined;
    if (pair !== undefined && cellIndex >= 0) pairs.set(cellIndex, [...(pairs.get(cellIndex) ?? []), pair]);
    // A look once taken has spent its share of false alarms, whoever took it.
    if (type === "beam-effect" && typeof data["sweep"] === "number") {
      visitedSweep = judgedSweep = Math.max(judgedSweep, data["sweep"]);
    }
    if (type === RESISTANCE_EVENT) resistances.note(data);
    if (type !== "exposures-held-back" || !Array.isArray(data["positions"])) continue;
    const positions: readonly Json[] = data["positions"];
    campaign.cells.forEach((cell, index) => {
      if (positions.includes(cell.position)) acted.add(index);
    });
  }

  function directionNow(cellIndex: number): 1 | -1 | null {
    const currentA = deps.currentA(cellIndex);
    const restA = (REST_RATE_C * (campaign.cells[cellIndex]?.nominalCapacityMah ?? NaN)) / 1000;
    if (currentA > restA) directions.set(cellIndex, 1);
    else if (currentA < -restA) directions.set(cellIndex, -1);
    return directions.get(cellIndex) ?? null;
  }

  function readerOf(cellIndex: number): LithiumReader | undefined {
    const chemistry = campaign.cells[cellIndex]?.chemistry;
    if (chemistry === undefined || lattice === undefined) return undefined;
    const reader = readers.get(chemistry) ?? createLithiumReader(lattice, chemistry);
    readers.set(chemistry, reader);
    return reader;
  }

  function unusable(order: ExposureOrder, sweep: number, reason: string): void {
    recorder.record("control-pair-unusable", { position: order.position, sweep, reason });
  }

  async function readPair(first: FirstOfPair, control: ExposureOrder, controlPath: string, sweep: number) {
    const { cellIndex } = control;
    const reader = readerOf(cellIndex);
    if (integrator === undefined || reader === undefined) {
      unusable(control, sweep, "no integrated patterns reach beamrack");
      return;
    }
    const atMs = deps.nowMs();
    const movedAh = deps.chargeAh(cellIndex) - first.chargeAh;
    const capacityAh = (campaign.cells[cellIndex]?.nominalCapacityMah ?? NaN) / 1000;
    if (first.direction === null) {
      unusable(control, sweep, "the cell has neither been charged nor discharged yet");
      return;
    }
    const [exposedPattern, controlPattern] = [
      await integrator.read(first.framePath),
      await integrator.read(controlPath),
    ];
    if (exposedPattern === undefined || controlPattern === undefined) {
      unusable(control, sweep, "a frame has no pattern");
      return;
    }
    const [exposed, fresh] = [reader.read(exposedPattern), reader.read(controlPattern)];
    if (exposed.kind === "unreadable" || fresh.kind === "unreadable") {
      const reason = exposed.kind === "unreadable" ? exposed.reason : fresh.kind === "unreadable" ? fresh.reason : "";
      unusable(control, sweep, reason);
      return;
    }
    const result = controlPair(exposed.reading, fresh.reading, {
      sweep,
      atMs,
      spotIndex: first.order.spotIndex,
      controlIndex: control.spotIndex - ordinarySpots,
      direction: first.direction,
      changeOfLithium: Number.isFinite(movedAh) ? (-LITHIUM_PER_CAPACITY * movedAh) / capacityAh : 0,
    });
    if (result.kind === "unusable") {
      unusable(control, sweep, result.reason);
      return;
    }
    pairs.set(cellIndex, [...(pairs.get(cellIndex) ?? []), result.pair]);
    recorder.record("control-pair", {
      position: control.position,
      exposure_id: first.order.exposureId,
      control_exposure_id: control.exposureId,
      lithium_exposed: exposed.reading.lithium,
      lithium_control: fresh.reading.lithium,
      ...pairJson(result.pair),
    });
  }

  async function visit(first: FirstOfPair, control: ExposureOrder, controlPath: string, sweep: number): Promise<void> {
    reading += 1;
    try {
      await readPair(first, control, controlPath, sweep);
    } catch (error) {
      // A pattern that could not be had costs a pair, and nothing else.
      if (!isFault(error)) throw error;
      unusable(control, sweep, error.message);
    } finally {
      reading -= 1;
      judgeIfDue();
    }
  }

  function judgeIfDue(): void {
    if (reading > 0 || visitedSweep <= judgedSweep) return;
    judgedSweep = visitedSweep;
    last = null;
    const verdict = lastLook();
    if (verdict === null) return;
    recorder.record("beam-effect", verdictJson(verdict, visitedSweep));
    for (const item of [...verdict.materials, ...verdict.cells]) {
      const alarm = effectAlarm(item);
      if (alarm !== null) deps.alarms.raise(alarm);
    }
    act(verdict);
  }

  function look(): BeamVerdict {
    const comparisons = comparedCells(campaign, deps.stateOfHealth, resistances);
    const number = Math.floor(judgedSweep / controls.everySweeps);
    last = judgeBeamEffect(judgedAs("exposed"), rules, number, comparisons, judgedAs("rare-control"));
    verdicts = new Map(last.cells.map((cell) => [cell.position, cell]));
    return last;
  }

  /** With the pairs up to the sweep that is judged. */
  function judgedAs(role: CellRole): readonly JudgedCell[] {
    return campaign.cells.flatMap((cell, cellIndex): readonly JudgedCell[] => {
      if (cell.role !== role) return [];
      const own = (pairs.get(cellIndex) ?? []).filter(({ sweep }) => sweep <= judgedSweep);
      return [{ position: cell.position, material: materialOf(cell), pairs: own }];
    });
  }

  /** The last look; that of a run before is taken once more, to be shown: it spends nothing and changes nothing. */
  function lastLook(): BeamVerdict | null {
    // A cell's state of health, which a look asks for, comes with its view, which asks for the look.
    if (last !== null || judgedSweep === 0 || isLooking) return last;
    isLooking = true;
    try {
      return look();
    } finally {
      isLooking = false;
    }
  }

  function act(verdict: BeamVerdict): void {
    if (controls.onBeamEffect === "tell") return;
    const materials = verdict.materials.filter((item) => item.verdict === "found").map((item) => item.material);
    const found = new Set(verdict.cells.flatMap((cell) => (cell.verdict === "found" ? [cell.position] : [])));
    const concerned: Json[] = [];
    campaign.cells.forEach((cell, cellIndex) => {
      const isConcerned = found.has(cell.position) || materials.includes(materialOf(cell));
      if (cell.role !== "exposed" || !isConcerned || acted.has(cellIndex)) return;
      acted.add(cellIndex);
      concerned.push(cell.position);
    });
    if (concerned.length > 0) {
      recorder.record("exposures-held-back", {
        ...{ rule: controls.onBeamEffect, look: verdict.look, positions: concerned },
        ...(controls.onBeamEffect === "lower"
          ? { every_sweeps: controls.lowered.everySweeps, exposure_fraction: controls.lowered.exposureFraction }
          : {}),
      });
    }
  }

  return {
    heard(type, data) {
      resistances.heard(type, data);
    },
    exposureFraction: (cellIndex) =>
      controls.onBeamEffect === "lower" && acted.has(cellIndex) ? controls.lowered.exposureFraction : 1,
    noteExposed(order, outcome, framePath) {
      const { cellIndex } = order;
      if (order.spotIndex < ordinarySpots) {
        firsts.delete(cellIndex);
        const direction = directionNow(cellIndex);
        if (outcome !== "made" || framePath === null) return;
        firsts.set(cellIndex, { order, framePath, atMs: deps.nowMs(), chargeAh: deps.chargeAh(cellIndex), direction });
        return;
      }
      const first = firsts.get(cellIndex);
      const sweep = sweepOf.get(cellIndex);
      if (first === undefined || sweep === undefined || outcome !== "made" || framePath === null) return;
      firsts.delete(cellIndex);
      visit(first, order, framePath, sweep).catch(deps.fail);
    },
    controlAfter(order, sweep) {
      const first = firsts.get(order.cellIndex);
      if (order.spotIndex >= ordinarySpots || !isControlSweep(controls, sweep)) return null;
      if (first?.order.exposureId !== order.exposureId) return null;
      sweepOf.set(order.cellIndex, sweep);
      const reason = `control visit of ${order.position}, sweep ${sweep}`;
      return { controlIndex: controlSpotOf(controls, sweep), reason, withinS: WITHIN_S };
    },
    heldBack(cellIndex, sweep) {
      if (!acted.has(cellIndex)) return null;
      const position = campaign.cells[cellIndex]?.position ?? "";
      if (controls.onBeamEffect === "stop") return `${position} is exposed no more: the beam changes it`;
      if (isKeptWhenLowered(controls, sweep)) return null;
      return `${position} is exposed in each sweep of ${controls.lowered.everySweeps} and at control visits only: the beam changes it`;
    },
    isAlone: (cellIndex) =>
      firsts.has(cellIndex) ? null : "the exposure it was to be compared with was made before a restart, or lost",
    sweepIsOver(sweep) {
      if (!isControlSweep(controls, sweep) || sweep <= visitedSweep) return;
      visitedSweep = sweep;
      judgeIfDue();
    },
    verdict: lastLook,
    cellView(cellIndex) {
      const last = lastLook();
      const found = verdicts.get(campaign.cells[cellIndex]?.position ?? "");
      return found === undefined || last === null ? null : beamEffectView(found, last.look);
    },
  };
}
