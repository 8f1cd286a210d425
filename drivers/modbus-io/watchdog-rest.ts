/**
 * When the permit's watchdog may rest. With the permit off it must not run on between exposures: it would drop filters and the
 * shutter upstream. But as long as the shutter was not seen closed, dropping that one is what it is there for: it is stopped
 * once a reading shows the shutter closed, or once the one upstream is asked closed itself, and runs out otherwise.
 */
import { sleep, type Clock } from "../../protocols/base/clock.ts";
import { Fault, isFault, type FaultCode } from "../../protocols/base/fault.ts";
import type { ModbusBus } from "../link/modbus-bus.ts";
import type { PermitGuard } from "./permit-guard.ts";

export interface WatchdogRestDeps {
  readonly name: string;
  readonly clock: Clock;
  readonly guard: Pick<PermitGuard, "stop" | "hasTripped">;
  /** Heartbeats begun: one that began since the permit was dropped keeps the watchdog running. */
  readonly renewals: () => number;
  readonly isRenewalLate: () => boolean;
  /** It may run out, by our own clock or by a heartbeat that was not ours, before an order reaches it. */
  readonly mayHaveRunOut: () => boolean;
  /** A write that tells an expired watchdog from other refusals. */
  readonly guarded: (write: (on: ModbusBus) => Promise<void>) => Promise<void>;
  readonly noteTripped: () => void;
  /** Whoever had the shutter open reads until it is closed; where nobody does, it is looked at so often. */
  readonly lookEveryMs: number;
  readonly isShutterClosed: () => Promise<boolean>;
  /** What kept it from being stopped, where nobody waits for it. */
  readonly report: (fault: Fault) => void;
  readonly linkLost: readonly FaultCode[];
}

export interface WatchdogRest {
  /** The permit is off, and the watchdog runs. `null`: it does not. */
  begin(renewals: number | null): void;
  /** Inputs were read: the shutter is closed by both of its switches, or not. */
  see(on: ModbusBus, isShutterClosed: boolean): Promise<void> | undefined;
  /** The shutter upstream was asked closed: nothing is left to drop. */
  upstreamOff(): void;
}

/** After the reading that shows the shutter closed: what is asked of the unit next goes first. */
const PAUSE_MS = 10;

export function createWatchdogRest(deps: WatchdogRestDeps): WatchdogRest {
  const { name, guard, linkLost } = deps;
  /** Heartbeats begun by when the permit was dropped; null while nothing waits. */
  let since: number | null = null;
  let isStopping = false;
  /** What is looked for already: a permit is dropped more than once. */
  let lookedOn: number | null = null;

  const isKept = (): boolean => since !== deps.renewals();

  async function stop(): Promise<void> {
    const mine = since;
    const { stop: stopGuard } = guard;
    if (stopGuard === null) return;
    const isOvertaken = (): boolean => mine !== deps.renewals();
    const withdrawn = (): Fault | undefined =>
      isOvertaken() ? new Fault("device.refused", name, "A heartbeat began; the watchdog runs on.") : undefined;
    try {
      await deps.guarded(async (on) => {
        // It may have run out meanwhile, and would be at rest all the same.
        if (deps.mayHaveRunOut() && (await guard.hasTripped(on, false))) deps.noteTripped();
        else await stopGuard(on, { isUrgent: true, withdrawn });
      });
    } catch (error) {
      if (!isFault(error)) throw error;
      // The permit is off and said to be. A link lost now is reported as such, and connecting looks after the watchdog.
      if (!isOvertaken() && !linkLost.includes(error.code)) throw error;
    }
    if (since === mine) since = null;
  }

  function told(error: unknown): void {
    if (!isFault(error)) throw error;
    // A trip is told by the levels; a link that is lost, by itself.
    if (error.code !== "io.watchdog" && !linkLost.includes(error.code)) deps.report(error);
  }

  function stopSoon(): void {
    if (isStopping) return;
    isStopping = true;
    sleep(deps.clock, PAUSE_MS)
      .then(() => (since === null ? undefined : stop()))
      .catch(told)
      .finally(() => {
        isStopping = false;
      });
  }

  /** Until it rests, runs out, or is needed again. */
  async function lookOn(mine: number): Promise<void> {
    for (;;) {
      await sleep(deps.clock, deps.lookEveryMs);
      if (since !== mine || isKept() || deps.isRenewalLate()) return;
      if (await deps.isShutterClosed()) {
        stopSoon();
        return;
      }
    }
  }

  async function lookAtLate(on: ModbusBus): Promise<void> {
    if (!(await guard.hasTripped(on, false))) return;
    since = null;
    deps.noteTripped();
  }

  return {
    begin(renewals) {
      if (guard.stop === null) return;
      since = renewals;
      if (renewals === null || renewals === lookedOn) return;
      lookedOn = renewals;
      lookOn(renewals)
        .catch(told)
        .finally(() => {
          if (lookedOn === renewals) lookedOn = null;
        });
    },
    see(on, isShutterClosed) {
      if (since === null || isKept()) return undefined;
      if (!isShutterClosed) return deps.isRenewalLate() ? lookAtLate(on) : undefined;
      stopSoon();
      return undefined;
    },
    upstreamOff() {
      if (since !== null && !isKept()) stopSoon();
    },
  };
}
