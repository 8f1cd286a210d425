/**
 * A robot that carries cells between trays and the rack. It has one handover place, under which the stage brings the
 * position that is to be filled or emptied; the robot knows of slots and of that place, never of the rack. Where it
 * brings cells to the beam, the slots are their places on the rack, and the handover place is the one in the beam.
 *
 * A transfer is written down before it is asked for (which cell, from where, to where) and closed when it resolved.
 * Whatever else happens, a crash included, leaves the cell's place unproven: a person, or a scan, says where it is.
 */
import type { Instrument } from "./instrument.ts";

/** Counted from 1, as on the robot's own screen. */
export interface TraySlot {
  readonly tray: number;
  readonly slot: number;
}

export interface ChangerReading {
  /** When the last of its parts was read, on the monotonic clock. */
  readonly readAtMs: number;
  readonly isPowered: boolean;
  /** Takes commands from here, not from its pendant. */
  readonly isRemote: boolean;
  readonly hasFault: boolean;
  /** What the arm is carrying out, by the robot's own name; null at rest. */
  readonly path: string | null;
  /** The slot whose cell the robot believes between its jaws. A belief: nothing feels it. */
  readonly held: TraySlot | null;
  /** The same of the second pair of jaws; absent where there is none. */
  readonly heldToo?: TraySlot | null;
  /** The slot whose cell the robot believes at the handover place. */
  readonly delivered: TraySlot | null;
  /** The sensor at the handover place sees a cell. */
  readonly isPresent: boolean;
  /** The arm is over the rack: the stage must not move. */
  readonly isArmAtRack: boolean;
  readonly isAtHome: boolean;
  /** One per tray, in order. */
  readonly traysPresent: readonly boolean[];
  /** Last code read, where the robot reads codes. */
  readonly code: string | null;
  /** The robot's own words; empty when it has nothing to say. */
  readonly message: string;
}

export interface Transfer {
  readonly slot: TraySlot;
  /** What was read from the cell on its way; null when nothing was, or the robot reads no codes. */
  readonly code: string | null;
}

export interface ChangerCapabilities {
  readonly trayCount: number;
  readonly slotsPerTray: number;
  readonly readsCodes: boolean;
}

export interface SampleChanger extends Instrument {
  readonly capabilities: ChangerCapabilities;
  read(): Promise<ChangerReading>;
  /** Switches the arm's drives on. Rejects with `changer.not-ready`. */
  powerOn(): Promise<void>;
  /** Brings the empty arm to its rest. Rejects like `load`. */
  home(): Promise<void>;
  /**
   * Takes the cell from its slot and sets it down at the handover place; resolves when the robot's bookkeeping and
   * the presence sensor both say so and the arm is away. The caller holds the stage still until then.
   *
   * Rejects with `changer.not-ready` (nothing was moved), `device.refused` (the same), `device.unknown-outcome` (the
   * answer was lost and the robot did not begin), `changer.alarm` or `changer.lost` (the cell's place is unproven),
   * `link.*`. An aborted signal stops the arm and rejects with its reason: the cell's place is unproven then too. Where it
   * is aborted, or the robot stopped, before the arm is sent, the arm is not: `changer.not-ready`.
   */
  load(from: TraySlot, signal?: AbortSignal): Promise<Transfer>;
  /** Takes what lies at the handover place and puts it into this slot. As `load`. */
  unload(to: TraySlot, signal?: AbortSignal): Promise<Transfer>;
  /** What two pairs of jaws can do besides; absent where there is one. */
  readonly double?: DoubleGripper;
  /** Stops the arm where it is, and keeps one that is about to be sent. Bypasses the queue; safe to repeat. */
  abort(): Promise<void>;
}

/** One pair of jaws holds what is next while the other takes what was there. Each rejects as `load` does. */
export interface DoubleGripper {
  /** Takes the cell from its slot and keeps it between the jaws; what lies at the handover place is not touched. */
  readonly fetch: (from: TraySlot, signal?: AbortSignal) => Promise<void>;
  /**
   * Takes what lies at the handover place, sets down what comes from `next` (fetched, or taken from its slot first)
   * and puts the former into `back`. Resolves as `load`, with the code of the new one.
   */
  readonly exchange: (back: TraySlot, next: TraySlot, signal?: AbortSignal) => Promise<Transfer>;
  /** Puts what was fetched back into its slot. Nothing between the jaws is success. */
  readonly stow: (signal?: AbortSignal) => Promise<void>;
}
