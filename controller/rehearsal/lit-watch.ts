/**
 * Light in a rehearsal: it opens nothing, but a person at the panel can, or a defect. Once neither shutter reads closed,
 * both are asked closed, it is told, nothing more is rehearsed until a person lets it go on, and what stands in the beam
 * is charged from the last levels that showed it dark to those that show it dark again.
 */
import { isFault } from "../../protocols/base/fault.ts";
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import { isSafetyShut, shutterState, type BeamIo, type InputLevels } from "../../protocols/roles/beam-io.ts";
import type { Alarms } from "../run/alarms.ts";

export interface LitWatchDeps {
  readonly io: Pick<BeamIo, "name" | "permit" | "requestShutterClosed" | "requestSafetyShutter">;
  readonly alarms: Pick<Alarms, "raise" | "clear">;
  readonly ringCurrentMa: () => number | null;
  /** Up to here the machine gives no beam. */
  readonly ringCurrentNoneMa: number;
  /** Photons may have come between the two times. */
  readonly charge: (fromMs: number, toMs: number) => void;
  readonly stopExposing: (reason: string) => void;
  /** A defect of ours. */
  readonly fail: (error: unknown) => void;
}

export interface LitWatch {
  showLevels(levels: InputLevels): void;
  /** A person has looked at it and lets the rehearsal go on. */
  noteResumed(): void;
}

const CODE = "rehearsal.lit";
/** Between two rows of the ledger while it lasts. */
const ROW_MS = 1000;

export function createLitWatch(deps: LitWatchDeps): LitWatch {
  const { io, alarms } = deps;
  let accountedToMs: number | null = null;
  let isLit = false;
  let isTold = false;

  async function takeBeamOff(): Promise<void> {
    // Each by itself: one that is refused must not keep the others from being asked.
    const asked = await Promise.allSettled([
      io.requestShutterClosed(),
      io.permit.dropShutterPermit(),
      io.requestSafetyShutter(false),
    ]);
    for (const one of asked) if (one.status === "rejected" && !isFault(one.reason)) deps.fail(one.reason);
  }

  function account(toMs: number): void {
    const currentMa = deps.ringCurrentMa();
    const isMachineDark = currentMa !== null && currentMa <= deps.ringCurrentNoneMa;
    if (!isMachineDark && accountedToMs !== null && toMs > accountedToMs) deps.charge(accountedToMs, toMs);
    accountedToMs = toMs;
  }

  function tell(levels: InputLevels): void {
    if (isTold) return;
    isTold = true;
    const what = `the shutter reads ${shutterState(levels)} and the safety shutter does not read closed, though a rehearsal opens neither`;
    alarms.raise({ code: CODE, where: io.name, what, advice: FAULT_CATALOGUE[CODE].advice });
    deps.stopExposing(what);
  }

  return {
    showLevels(levels) {
      const wasLit = isLit;
      const atMs = levels.readAtMs;
      isLit = shutterState(levels) !== "closed" && !isSafetyShut(levels);
      if (!isLit) {
        if (wasLit) account(atMs);
        accountedToMs = atMs;
        return;
      }
      accountedToMs ??= atMs;
      if (wasLit && atMs - accountedToMs < ROW_MS) return;
      account(atMs);
      void takeBeamOff();
      tell(levels);
    },
    noteResumed() {
      isTold = false;
      alarms.clear(CODE, io.name);
    },
  };
}
