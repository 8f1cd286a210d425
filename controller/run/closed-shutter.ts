/**
 * A shutter that reads closed and is not: heard by the monitor behind it, charged to what stands in the beam. One, too, that
 * reads open though nobody asked it to: after a restart, an exposure whose end was not seen, or in a rehearsal.
 */
import { positionIndex } from "../../protocols/base/position.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { createClosedCharge, type ClosedCharge, type ClosedChargeDeps } from "../beam/closed-charge.ts";
import type { BeamIo, InputLevels } from "../../protocols/roles/beam-io.ts";
import { createLitWatch } from "../rehearsal/lit-watch.ts";
import type { RunTimings } from "./timings.ts";
import { createUnclosedTail } from "./unclosed-tail.ts";
import { createFluxWatch, type FluxWatch, type FluxWatchDeps } from "./flux-watch.ts";
import type { Tally } from "./tally.ts";
import type { ParkingPlace } from "../beam/sweeps.ts";
import type { LedgerCell } from "../dose/dose-ledger.ts";
import type { FaultNote } from "../machines/errors.ts";
import { lastInBeam } from "../resume/last-in-beam.ts";
import { SHUTTER_FAILURE_REASON, type LedgerRow } from "../record/ledger-row.ts";
import type { LeftRun } from "../resume/read-run.ts";
import { createShutterLook } from "../resume/shutter-look.ts";
import { chargedToMs } from "../resume/unfinished.ts";

export interface ClosedShutterDeps
  extends Omit<ClosedChargeDeps, "accounted" | "standing" | "taken">, Omit<FluxWatchDeps, "charge" | "deafSinceMs"> {
  readonly io: FluxWatchDeps["io"] & Pick<BeamIo, "isLocked" | "requestShutterClosed">;
  readonly timings: FluxWatchDeps["timings"] &
    Pick<RunTimings, "ringCurrentNoneMa" | "worstClosingMs" | "bringDeadlineMs">;
  readonly campaign: Campaign;
  readonly ledgerCells: readonly LedgerCell[];
  readonly tally: Pick<Tally, "accounted">;
  /** After a restart, what the record says. */
  readonly left?: Pick<LeftRun, "recorded" | "ledgerRows"> | undefined;
  /** An exposure of this run is under way: its own machine looks after the shutter. */
  readonly isExposing: () => boolean;
  /** Told of a shutter that was not seen closed, and does not close. */
  readonly tellOpen: (fault: FaultNote) => void;
  /** Makes durable what was charged, or told. Never throws. */
  readonly commit: () => void;
}

export interface ClosedShutter {
  readonly watch: FluxWatch;
  readonly underBeam: ClosedCharge;
  showLevels(levels: InputLevels): void;
  /** An exposure was given up with no shutter closed, charged up to then. */
  noteUnclosed(fromMs: number): void;
  /** An exposure was given up with its end not seen, charged in full: what may have come up to then. */
  noteUnseen(accountedToMs: number): void;
  /** The stage sets out to wait there. */
  noteParking(place: ParkingPlace): void;
  /** The stage waits there. */
  noteParked(place: ParkingPlace): void;
}

export function createClosedShutter(deps: ClosedShutterDeps): ClosedShutter {
  const { campaign, ledgerCells, tally, left } = deps;
  const underBeam = createClosedCharge({
    ...deps,
    standing: left === undefined ? [] : lastInBeam(left.ledgerRows, campaign),
    taken: failuresOf(left?.ledgerRows ?? []),
    accounted(spot, startMs, endMs) {
      const cell = campaign.cells[spot.cellIndex];
      if (cell !== undefined) tally.accounted({ positionIndex: positionIndex(cell.position), startMs, endMs });
    },
  });
  function charge(fromMs: number, toMs: number): void {
    try {
      underBeam.charge(fromMs, toMs);
      deps.commit();
    } catch (error) {
      // What cannot be recorded ends the run.
      deps.fail(error);
    }
  }
  const flux = createFluxWatch({
    ...deps,
    ...(left === undefined ? {} : { deafSinceMs: deafSinceMs(left, deps.timings.closedFlux.boundMs) }),
    charge,
  });
  const { ringCurrentNoneMa } = deps.timings;
  const lit = deps.io.isLocked === true ? createLitWatch({ ...deps, ringCurrentNoneMa, charge }) : null;
  const watch: FluxWatch =
    lit === null
      ? flux
      : {
          read: (atMs, fluxPhS) => {
            flux.read(atMs, fluxPhS);
          },
          showLevels(levels) {
            flux.showLevels(levels);
            lit.showLevels(levels);
          },
          noteResumed() {
            flux.noteResumed();
            lit.noteResumed();
          },
        };

  const tail = createUnclosedTail(charge, deps.nowMs);
  const look = createShutterLook({
    ...{ io: deps.io, worstClosingMs: deps.timings.worstClosingMs, nowMs: deps.nowMs, fail: deps.fail },
    isExposing: deps.isExposing,
    tell(fault) {
      deps.tellOpen(fault);
      // Whoever comes next charges a beam that was known to be on.
      deps.commit();
    },
    unclosed(sinceMs) {
      tail.note(sinceMs);
    },
    late: charge,
    clear(code) {
      deps.alarms.clear(code, deps.io.name);
    },
  });
  if (left !== undefined) {
    const isNotOff = deps.alarms.open.some(({ code }) => code === "shutter.beam-not-off");
    // In a rehearsal nothing was asked open, and what is lit all the same is charged by itself.
    const toMs = lit === null ? chargedToMs(left.ledgerRows, isNotOff) : null;
    look.begin(toMs, isNotOff, lateUntilMs(left, deps.timings));
  }

  return {
    watch,
    underBeam,
    noteUnclosed: (fromMs) => {
      tail.note(fromMs);
    },
    noteUnseen(accountedToMs) {
      look.begin(accountedToMs);
    },
    showLevels(levels) {
      watch.showLevels(levels);
      look.showLevels(levels);
      tail.showLevels(levels);
    },
    noteParking(place) {
      if (place === "shadow") return;
      // It waits with the middle of the cell in the beam: the spot nearest to it is charged.
      const { cellIndex } = place;
      const off = ledgerCells[cellIndex]?.plan.spots.map(({ xMm, yMm }) => Math.hypot(xMm, yMm)) ?? [];
      const spotIndex = off.indexOf(Math.min(...off));
      underBeam.bringing({ cellIndex, spotIndex, position: campaign.cells[cellIndex]?.position ?? "" });
    },
    noteParked(place) {
      if (place === "shadow") underBeam.away();
      else underBeam.arrived();
    },
  };
}

function failuresOf(rows: readonly LedgerRow[]): readonly string[] {
  return rows.filter(({ reason }) => reason === SHUTTER_FAILURE_REASON).map(({ exposureId }) => exposureId);
}

/** Where the controller was lost while it had one of the shutters closed that did not close: then it was lost by that time. */
function lateUntilMs(
  { recorded: { shutterLate }, ledgerRows }: Pick<LeftRun, "recorded" | "ledgerRows">,
  { bringDeadlineMs, worstClosingMs }: ClosedShutterDeps["timings"],
): number | null {
  const last = ledgerRows.at(-1);
  if (shutterLate === null || last?.exposureId !== shutterLate.exposureId || last.kind === "settlement") return null;
  return shutterLate.atMs + bringDeadlineMs + worstClosingMs;
}

/** The process before would have told of light that had come for longer than the bound, with the readings a while apart. */
function deafSinceMs({ recorded, ledgerRows }: Pick<LeftRun, "recorded" | "ledgerRows">, boundMs: number): number {
  return Math.max(ledgerRows.at(-1)?.atMs ?? 0, recorded.lastMs - 2 * boundMs);
}
