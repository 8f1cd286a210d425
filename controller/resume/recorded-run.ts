/**
 * A run by the events of its record: what a controller that is started again must know to go on. A fold in the order of
 * the events; nothing is read and nothing decided here.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { StopClass } from "../../protocols/bus/commands.ts";
import { INTERLOCKS, type Interlock } from "../../protocols/roles/beam-io.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import type { FaultNote } from "../machines/errors.ts";
import { isMade, type ExposureOutcome } from "../machines/exposure-order.ts";
import type { ExposureWish } from "../beam/wanted.ts";
import { EXPOSURE_STATE_EVENT } from "../synchrony/exposure-state-event.ts";
import type { LeftAccess } from "../access/whose-access.ts";
import { AIM_KNOWN, AIM_LOST, type LostAim } from "../access/rack-aim.ts";
import { createAccessFold } from "../access/access-fold.ts";
import { createCorrectionFold, type RecordedCorrection } from "../corrections/correction-events.ts";
import { cadences, joinedCells, leftBeam } from "../amendments/recorded-changes.ts";
import { AMENDED_EVENT } from "../amendments/campaign-progress.ts";
import { createTransferFold, type RecordedTransfers } from "../changer/transfer-record.ts";
import { windowOf, wishOf } from "../schedule/wish-json.ts";
import type { Alarm } from "../run/alarms.ts";
import type { RecordedCadence } from "../run/sweep-desk.ts";
import {
  createCellFold,
  faultOf,
  numberOf,
  recordOf,
  textOf,
  type CellFold,
  type EventData,
  type RecordedCell,
} from "./recorded-cell.ts";

type WishWindow = Pick<ExposureWish, "earliestMs" | "wantedMs" | "latestMs">;

/** What became of the requests of the sweeps, in order. */
export type RecordedRequest =
  | { readonly kind: "begun"; readonly sweep: number; readonly atMs: number; readonly asked: number }
  /** A step of a cell asked for an exposure beside the sweeps. */
  | {
      readonly kind: "wanted";
      readonly number: number;
      readonly position: string;
      readonly reason: string;
      readonly askedAtMs: number;
      readonly latestMs: number;
      readonly controlIndex?: number;
      readonly repeatOf?: string;
      /** A trigger asked; `cellIndex` as the campaign has it. */
      readonly wish?: ExposureWish;
    }
  | { readonly kind: "retimed"; readonly number: number; readonly reason: string; readonly window: WishWindow }
  | { readonly kind: "withdrawn"; readonly number: number }
  /** Nobody asked for it: a failed shutter let it through. */
  | {
      readonly kind: "lit-while-closed";
      readonly position: string;
      readonly lit: { readonly fromMs: number; readonly toMs: number };
    }
  /** It got one that another had asked for. */
  | { readonly kind: "answered"; readonly number: number }
  /** Never came to an exposure. */
  | {
      readonly kind: "missed";
      /** 0 where a step asked. */
      readonly sweep: number;
      /** Of what a step asked; null where a sweep did. */
      readonly wanted: number | null;
      readonly position: string;
      readonly reason: "dose" | "beam" | "cell";
    }
  | {
      readonly kind: "exposed";
      readonly exposureId: string;
      /** Cut short, and taken as it is. */
      readonly isAccepted?: boolean;
      readonly sweep: number;
      readonly wanted: number | null;
      readonly position: string;
      readonly atMs: number;
      readonly outcome: ExposureOutcome;
      /** Between these the shutter may have been open; null when it was never asked to. */
      readonly lit: { readonly fromMs: number; readonly toMs: number } | null;
    };

export interface RecordedRun {
  /** UTC at campaign time zero; null where the record does not say, because nothing had begun. */
  readonly startMs: number | null;
  /** Campaign time of the last event. */
  readonly lastMs: number;
  readonly isComplete: boolean;
  readonly resumedCount: number;
  /** In the order of the campaign's cells. */
  readonly cells: readonly RecordedCell[];
  readonly identities: ReadonlyMap<string, Identity>;
  readonly requests: readonly RecordedRequest[];
  readonly alarms: { readonly open: readonly Alarm[]; readonly raisedCount: number };
  /** Positions that an amendment took from the beam, and when: sweeps before it had asked for them. */
  readonly takenFromBeam: ReadonlyMap<string, number>;
  /** Positions whose cells joined by an amendment, and when: sweeps before it had not asked for them. */
  readonly joined: ReadonlyMap<string, number>;
  /** By position: cells that a person has out, or may have. */
  readonly access: ReadonlyMap<string, LeftAccess>;
  /** The rack was out and is back, and nobody knows where it stands since; null where it is known. */
  readonly aim: LostAim | null;
  /** By position: cells that were put back, and within what of where they were, mm. */
  readonly moved: ReadonlyMap<string, number>;
  /** Of the robot that brings cells to the beam. */
  readonly transfers: RecordedTransfers;
  /** Pairs and verdicts of control visits, what was held back for them, and resistances of cells, in order. */
  readonly controls: readonly { readonly type: string; readonly atMs: number; readonly data: EventData }[];
  /** Exposures that were seen open and are over, of which nobody put on record what the cell stood at. */
  readonly unwitnessed: readonly { readonly exposureId: string; readonly position: string }[];
  /** Other cadences of the sweeps, by amendments, in order. */
  readonly retimed: readonly RecordedCadence[];
  /** Frames of what is no cell, in order. */
  readonly corrections: readonly RecordedCorrection[];
  /** The last exposure whose shutter did not report closed in time, and when that was seen. */
  readonly shutterLate: { readonly exposureId: string; readonly atMs: number } | null;
  /** Interlocks that broke and were not re-armed. */
  readonly latched: readonly Interlock[];
  /** Exposing was held, and no person had said that it may go on; `fault` says what for. */
  readonly held: { readonly fault: FaultNote | null } | null;
}

/** Stops after which exposing waits for a person. */
const HOLDING: readonly string[] = ["exposing", "motion", "emergency"] satisfies readonly StopClass[];

/** A shutter that did not close is looked at by a person, whoever ended the run meanwhile. */
const OPEN_SHUTTER_CODES: readonly string[] = ["shutter.stuck-open", "shutter.contradiction"];

/** A request's name: number of the sweep, or of what a step asked; and position, with whatever is said of a further try. */
const REQUEST = /^(?:X-)?([SR])(\d+)-([A-Z]\d+(?:\.\d+)?)/;

export interface RequestName {
  /** 0 where a step asked. */
  readonly sweep: number;
  readonly wanted: number | null;
  readonly position: string;
}

export function requestOf(id: string): RequestName | undefined {
  const [, kind, number, position] = REQUEST.exec(id) ?? [];
  if (number === undefined || position === undefined) return undefined;
  return kind === "R"
    ? { sweep: 0, wanted: Number(number), position }
    : { sweep: Number(number), wanted: null, position };
}

function keyOf({ sweep, wanted, position }: RequestName): string {
  return wanted === null ? `${sweep} ${position}` : `R${wanted}`;
}

/** `sampleIntervalMinS` of each cell's channel. Throws Fault `protocol.invalid` for a technique a channel lacks. */
export function createRunFold(campaign: Campaign, sampleIntervalMinS: (cellIndex: number) => number) {
  const cells = new Map(
    campaign.cells.map((cell, cellIndex) => [
      cell.position as string,
      createCellFold(cell, sampleIntervalMinS(cellIndex)),
    ]),
  );
  const identities = new Map<string, Identity>();
  const requests: RecordedRequest[] = [];
  const controls: { readonly type: string; readonly atMs: number; readonly data: EventData }[] = [];
  const exposed = new Set<string>();
  const unwitnessed = new Map<string, { readonly exposureId: string; readonly position: string }>();
  const open = new Map<number, Alarm>();
  const transfers = createTransferFold();
  const takenFromBeam = new Map<string, number>();
  const joined = new Map<string, number>();
  const access = createAccessFold();
  const corrections = createCorrectionFold();
  const retimed: RecordedCadence[] = [];
  let lastSweep = 0;
  let raisedCount = 0;
  let startMs: number | null = null;
  let lastMs = 0;
  let isComplete = false;
  let resumedCount = 0;
  let shutterLate: RecordedRun["shutterLate"] = null;
  let latched: readonly Interlock[] = [];
  let held: { readonly fault: FaultNote | null } | null = null;
  /** A person ended the run: what is held from there on was held for that. */
  let isEnding = false;
  /** The stop of exposing that ends the run is its own; any other holds. */
  let isOwnStopDue = false;

  function cellsMeant({ positions }: EventData): readonly CellFold[] {
    return [...cells].flatMap(([position, cell]) =>
      Array.isArray(positions) && !positions.includes(position) ? [] : cell,
    );
  }

  function noteAlarm(atMs: number, data: EventData): void {
    const id = numberOf(data["alarm"]) ?? raisedCount + 1;
    const note = faultOf(data);
    raisedCount = Math.max(raisedCount, id);
    if (note !== null) open.set(id, { id, ...note, raisedAtMs: atMs });
  }

  function noteExposed(atMs: number, data: EventData): void {
    const request = requestOf(textOf(data["request_id"]));
    if (request === undefined) return;
    exposed.add(keyOf(request));
    const fromMs = numberOf(data["open_asked_at_ms"]) ?? numberOf(data["lit_from_ms"]);
    const toMs = numberOf(data["closed_seen_at_ms"]) ?? numberOf(data["lit_until_ms"]) ?? atMs;
    requests.push({
      kind: "exposed",
      exposureId: textOf(data["exposure_id"]),
      ...request,
      atMs,
      outcome: outcomeOf(textOf(data["outcome"])),
      lit: fromMs === undefined ? null : { fromMs, toMs },
    });
  }

  function noteLit(data: EventData): void {
    const [fromMs, toMs] = [numberOf(data["lit_from_ms"]), numberOf(data["lit_until_ms"])];
    if (fromMs === undefined || toMs === undefined) return;
    requests.push({ kind: "lit-while-closed", position: textOf(data["position"]), lit: { fromMs, toMs } });
  }

  function noteMissed(data: EventData): void {
    const request = {
      sweep: numberOf(data["sweep"]) ?? 0,
      wanted: numberOf(data["request"]) ?? null,
      position: textOf(data["position"]),
    };
    // Of an exposure that failed it is said once more.
    if (exposed.has(keyOf(request))) return;
    const reason = (["dose", "cell"] as const).find((known) => known === data["reason"]) ?? "beam";
    requests.push({ kind: "missed", ...request, reason });
  }

  return {
    event(type: string, atMs: number, value: Json | undefined): void {
      const data = recordOf(value);
      const lastHeardMs = lastMs;
      lastMs = Math.max(lastMs, atMs);
      cells.get(textOf(data["position"]))?.event(type, atMs, data);
      transfers.event(type, atMs, data);
      corrections.event(type, atMs, data);
      switch (type) {
        case "campaign-started":
          startMs = numberOf(data["start_ms"]) ?? null;
          break;
        case AMENDED_EVENT:
          for (const position of leftBeam(data["changes"])) takenFromBeam.set(position, atMs);
          retimed.push(...cadences(data["changes"]).map((change) => ({ ...change, atMs, lastSweep })));
          for (const position of joinedCells(data["changes"])) joined.set(position, atMs);
          break;
        case AIM_LOST:
        case AIM_KNOWN:
        case "access-asked":
        case "access-opened":
        case "access-closed":
        case "access-refused":
        case "cell-put-back":
        case "cell-taken-out":
          access.event(type, data);
          break;
        case "campaign-resumed":
          resumedCount += 1;
          for (const cell of cells.values()) cell.resumed(lastHeardMs);
          isEnding = false;
          break;
        case "campaign-complete":
          isComplete = true;
          break;
        case "instrument-ready":
          identities.set(textOf(data["instrument"]), {
            model: textOf(data["model"]),
            serialNumber: textOrNull(data["serial_number"]),
            firmware: textOrNull(data["firmware"]),
          });
          break;
        case "sweep-begun":
          lastSweep = numberOf(data["sweep"]) ?? lastSweep;
          requests.push({
            kind: "begun",
            sweep: numberOf(data["sweep"]) ?? 0,
            atMs,
            asked: numberOf(data["asked"]) ?? 0,
          });
          break;
        case "exposure-wanted": {
          const position = textOf(data["position"]);
          const reason = textOf(data["reason"]);
          const cellIndex = campaign.cells.findIndex((cell) => cell.position === position);
          const wish = wishOf(data, { cellIndex, reason });
          requests.push({
            kind: "wanted",
            number: numberOf(data["request"]) ?? 0,
            ...{ position, reason },
            askedAtMs: atMs,
            latestMs: wish?.latestMs ?? atMs + 1000 * (numberOf(data["within_s"]) ?? 0),
            ...(wish === undefined ? {} : { wish }),
            ...(typeof data["control_spot"] === "number" ? { controlIndex: data["control_spot"] } : {}),
            ...(typeof data["repeat_of"] === "string" ? { repeatOf: data["repeat_of"] } : {}),
          });
          break;
        }
        case "request-retimed": {
          const window = windowOf(data);
          const number = numberOf(data["request"]) ?? 0;
          if (window !== undefined) requests.push({ kind: "retimed", number, reason: textOf(data["reason"]), window });
          break;
        }
        case "request-withdrawn":
          requests.push({ kind: "withdrawn", number: numberOf(data["request"]) ?? 0 });
          break;
        case "exposure-accepted": {
          const id = textOf(data["exposure_id"]);
          const index = requests.findLastIndex((one) => one.kind === "exposed" && one.exposureId === id);
          const accepted = requests[index];
          if (accepted?.kind === "exposed") requests[index] = { ...accepted, isAccepted: true };
          break;
        }
        case "shutter-late":
          shutterLate = { exposureId: textOf(data["exposure_id"]), atMs };
          break;
        case "control-pair":
        case "beam-effect":
        case "exposures-held-back":
        case "cell-resistance":
        case "frame-checked":
          controls.push({ type, atMs, data });
          break;
        case "request-answered":
          requests.push({ kind: "answered", number: numberOf(data["request"]) ?? 0 });
          break;
        case "lit-while-closed":
          noteLit(data);
          break;
        case "exposure-ended":
          noteExposed(atMs, data);
          if (typeof data["open_seen_at_ms"] === "number") {
            const exposureId = textOf(data["exposure_id"]);
            unwitnessed.set(exposureId, { exposureId, position: textOf(data["position"]) });
          }
          break;
        case EXPOSURE_STATE_EVENT:
          unwitnessed.delete(textOf(data["exposure_id"]));
          break;
        case "request-missed":
        case "exposure-refused":
          noteMissed(data);
          break;
        case "alarm-raised":
          noteAlarm(atMs, data);
          break;
        case "alarm-cleared":
          open.delete(numberOf(data["alarm"]) ?? 0);
          break;
        case "interlock-broken":
          latched = interlocksOf(data["interlocks"]);
          break;
        case "interlock-rearmed":
          latched = [];
          break;
        case "run-ended":
          isEnding = true;
          isOwnStopDue = true;
          break;
        case "exposing-held":
          if (!isEnding || OPEN_SHUTTER_CODES.includes(textOf(data["code"]))) held = { fault: faultOf(data) };
          break;
        case "exposing-resumed":
          held = null;
          break;
        case "cells-ordered-off":
          for (const cell of cellsMeant(data)) cell.orderedOff();
          break;
        // Killed before its machines had noted it, it holds all the same.
        case "stop-ordered": {
          const stopClass = textOf(data["class"]);
          if (stopClass === "emergency" || stopClass === "open-circuit") {
            for (const cell of cellsMeant(data)) cell.orderedOff();
          }
          if (stopClass === "step") {
            const by = { author: textOf(data["author"]), reason: textOf(data["reason"]) };
            for (const cell of cellsMeant(data)) cell.orderedHeld(by);
          }
          if (isEnding && isOwnStopDue && stopClass === "exposing") isOwnStopDue = false;
          else if (HOLDING.includes(stopClass)) held = { fault: null };
          break;
        }
        default:
      }
    },
    finish(): RecordedRun {
      return {
        ...{
          startMs,
          lastMs,
          isComplete,
          resumedCount,
          identities,
          requests,
          controls,
          shutterLate,
          latched,
          held,
          takenFromBeam,
          ...{
            access: access.open,
            aim: access.aim,
            moved: access.moved,
            corrections: corrections.corrections,
            retimed,
          },
          joined,
        },
        unwitnessed: [...unwitnessed.values()],
        cells: [...cells.values()].map((cell) => cell.state()),
        alarms: { open: [...open.values()], raisedCount },
        transfers: transfers.finish(),
      };
    },
  };
}

/** Of everything that triggers ever asked. */
export function wishKeys(recorded: Pick<RecordedRun, "requests"> | undefined): readonly string[] {
  return (recorded?.requests ?? []).flatMap((one) =>
    one.kind === "wanted" && one.wish !== undefined ? [one.wish.key] : [],
  );
}

function outcomeOf(text: string): ExposureOutcome {
  if (isMade(text)) return "made";
  // An unknown outcome is charged in full; whatever came of it, the request was not met.
  return (["aborted", "shutter-failure"] as const).find((known) => known === text) ?? "partial";
}

function interlocksOf(data: Json | undefined): readonly Interlock[] {
  return Array.isArray(data) ? INTERLOCKS.filter((name) => data.includes(name)) : [];
}

function textOrNull(data: Json | undefined): string | null {
  return typeof data === "string" ? data : null;
}
