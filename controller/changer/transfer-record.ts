/**
 * What the record says of the robot's transfers: one event before each, one after, and what is known of every cell
 * that is out of its place. A transfer that was begun and never ended leaves its cells' places unknown.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { ChargeTotals } from "../../protocols/echem/counting.ts";
import { parseTotals } from "../cells/account-json.ts";
import type { FaultNote } from "../machines/errors.ts";
import { faultJson } from "../machines/errors.ts";
import type { Recorder } from "../machines/recorder.ts";
import { standsAfter } from "./robot-stands.ts";

export type CellPlace = "rack" | "beam" | "gripper" | "unknown";
export type TransferAct = "load" | "unload" | "exchange" | "fetch" | "stow";

/** One cell of a transfer. */
export interface Move {
  readonly position: string;
  /** Its barcode, as the campaign has it. */
  readonly cell: string;
  readonly from: CellPlace;
  readonly to: CellPlace;
  /** Before it left its contacts; null where it was out of them already. */
  readonly openCircuitV: number | null;
}

export interface TransferRecords {
  begun(transfer: number, act: TransferAct, moves: readonly Move[]): void;
  /** `code` is what was read from the cell on its way; null for nothing. */
  ended(transfer: number, act: TransferAct, moves: readonly Move[], code: string | null): void;
  /** `isMoved` false: by the robot's own word nothing was; true: nobody knows. */
  failed(transfer: number, act: TransferAct, moves: readonly Move[], isMoved: boolean, fault: FaultNote): void;
  /** After a restart, or once a person had looked: where a cell is by what robot, sensor and channel say. */
  settled(position: string, cell: string, place: CellPlace, by: string): void;
}

export function createTransferRecords(recorder: Recorder): TransferRecords {
  const common = (transfer: number, act: TransferAct, moves: readonly Move[]): { readonly [key: string]: Json } => ({
    transfer,
    act,
    moves: moves.map(({ position, cell, from, to, openCircuitV }) => ({
      ...{ position, cell, from, to },
      ...(openCircuitV === null ? {} : { open_circuit_V: openCircuitV }),
    })),
  });
  return {
    begun(transfer, act, moves) {
      recorder.record("transfer-begun", common(transfer, act, moves));
    },
    ended(transfer, act, moves, code) {
      recorder.record("transfer-ended", { ...common(transfer, act, moves), outcome: "done", code });
    },
    failed(transfer, act, moves, isMoved, fault) {
      const outcome = isMoved ? "unknown" : "not-begun";
      recorder.record("transfer-ended", { ...common(transfer, act, moves), outcome, ...faultJson(fault) });
    },
    settled(position, cell, place, by) {
      recorder.record("cell-place-settled", { position, cell, place, by });
    },
  };
}

/** Where the record leaves every cell that is not in its place, and how many transfers there were. */
export interface RecordedTransfers {
  readonly count: number;
  readonly places: ReadonlyMap<string, Exclude<CellPlace, "rack">>;
  /** By position: when a cell was last released to the robot, and its voltage then, off. */
  readonly released: ReadonlyMap<string, { readonly atMs: number; readonly openCircuitV: number }>;
  /** By position: what had been counted of a cell when its code was last read on its way. */
  readonly known: ReadonlyMap<string, ChargeTotals>;
  /** Why the robot stands until a person lets exposing go on; null where it does not. */
  readonly stands: string | null;
}

export interface TransferFold {
  event(type: string, atMs: number, data: Readonly<Record<string, Json>>): void;
  finish(): RecordedTransfers;
}

export function createTransferFold(): TransferFold {
  const places = new Map<string, Exclude<CellPlace, "rack">>();
  const released = new Map<string, { readonly atMs: number; readonly openCircuitV: number }>();
  const takenOut = new Map<string, ChargeTotals>();
  const known = new Map<string, ChargeTotals>();
  let count = 0;
  let stands: string | null = null;

  function put(position: string, place: CellPlace): void {
    if (place === "rack") places.delete(position);
    else places.set(position, place);
  }

  return {
    event(type, atMs, data) {
      stands = standsAfter(stands, type, data);
      if (type === "cell-place-settled") {
        put(textOf(data["position"]), placeOf(data["place"]));
        return;
      }
      if (type === "cell-taken-out") {
        const totals = parseTotals(data["totals"]);
        if (totals !== undefined) takenOut.set(textOf(data["position"]), totals);
        return;
      }
      if (type !== "transfer-begun" && type !== "transfer-ended") return;
      count = Math.max(count, typeof data["transfer"] === "number" ? data["transfer"] : 0);
      for (const move of movesOf(data["moves"])) {
        // Between the two anything may have happened.
        const isOver = type === "transfer-ended" && data["outcome"] !== "unknown";
        if (move.openCircuitV !== null && type === "transfer-begun") {
          released.set(move.position, { atMs, openCircuitV: move.openCircuitV });
        }
        const totals = takenOut.get(move.position);
        // It was off since.
        if (type === "transfer-ended" && totals !== undefined && move.to === "beam" && data["code"] === move.cell) {
          known.set(move.position, totals);
        }
        put(move.position, isOver ? (data["outcome"] === "done" ? move.to : move.from) : "unknown");
      }
    },
    finish: () => ({ count, places, released, known, stands }),
  };
}

function movesOf(data: Json | undefined): readonly Move[] {
  const moves: readonly Json[] = Array.isArray(data) ? data : [];
  return moves.flatMap((one) => {
    if (typeof one !== "object" || one === null || Array.isArray(one)) return [];
    const fields = one as Readonly<Record<string, Json>>;
    const openCircuitV = fields["open_circuit_V"];
    return [
      {
        ...{ position: textOf(fields["position"]), cell: textOf(fields["cell"]) },
        ...{ from: placeOf(fields["from"]), to: placeOf(fields["to"]) },
        openCircuitV: typeof openCircuitV === "number" ? openCircuitV : null,
      },
    ];
  });
}

function placeOf(data: Json | undefined): CellPlace {
  return (["rack", "beam", "gripper"] as const).find((known) => known === data) ?? "unknown";
}

function textOf(data: Json | undefined): string {
  return typeof data === "string" ? data : "";
}
