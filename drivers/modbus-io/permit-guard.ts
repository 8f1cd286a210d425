/** What makes the shutter permit lapse by itself: the part in which the makes of input/output unit differ. */
import type { Fault } from "../../protocols/base/fault.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import type { ModbusBus, RequestOptions } from "../link/modbus-bus.ts";

export interface PermitGuard {
  /** Protocol addresses, from 0, of the first digital input and output. */
  readonly inputBits: number;
  readonly outputBits: number;
  /** Without a heartbeat for this long, by the controller's clock, the permit may have lapsed. */
  readonly lateAfterMs: number;
  /** Rejects with `device.wrong` for another unit, or one with too few points. */
  identify(bus: ModbusBus): Promise<Identity>;
  /**
   * Sets the guard up and proves it, with the shutter's request and permit off. Tells whether it had tripped before, and
   * whether it runs on, as one does that was found running with the shutter not closed. Rejects with `device.wrong` when the
   * unit cannot guard.
   */
  prepare(
    bus: ModbusBus,
    isShutterClosed: () => Promise<boolean>,
  ): Promise<{ readonly hadTripped: boolean; readonly runsOn: boolean }>;
  /** One heartbeat, before all that waits. Nothing else writes what it writes. */
  beat(bus: ModbusBus, withdrawn: () => Fault | undefined): Promise<void>;
  /** Asked after the first heartbeat. Rejects with `io.watchdog` where the unit says that it does not guard. */
  proveRunning(bus: ModbusBus): Promise<"running" | "tripped">;
  /** Whether the guard has tripped, by the unit's word or, where it has none, by the lateness of the heartbeat. */
  hasTripped(bus: ModbusBus, isLate: boolean): Promise<boolean>;
  /** With the permit off and nothing open: outputs other than the shutter's need not drop any more. Null where it drops none. */
  readonly stop: ((bus: ModbusBus, options: RequestOptions) => Promise<void>) | null;
  /** After a trip, with the shutter closed: switches outputs off that the trip did not. */
  clearOutputs(bus: ModbusBus, outputCount: number): Promise<void>;
  /** With every output off. Rejects with `io.watchdog` when it stays tripped. */
  restart(bus: ModbusBus): Promise<void>;
}

export interface PointCounts {
  readonly inputCount: number;
  readonly outputCount: number;
}
