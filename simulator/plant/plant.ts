/**
 * The physical things behind the simulated instruments. A twin talks bytes on one side and one of these on the
 * other; several twins share the same plant. Times are virtual milliseconds (the clock's monoMs). Currents are
 * positive when they charge the cell. Nothing here knows of drivers, controller or ledger.
 */

/** One coin cell on one channel. Time only moves forward; each call advances the cell to `atMs` first. */
export interface CellPlant {
  disconnect(atMs: number): void;
  applyCurrent(atMs: number, currentA: number): void;
  applyVoltage(atMs: number, voltageV: number): void;
  /**
   * As a source with a current limit on either side does: the voltage where its current lies from `leastA` to `mostA`
   * (not above and not below 0), else that current, at every instant.
   */
  applyVoltageWithin(atMs: number, voltageV: number, leastA: number, mostA: number): void;
  /** Advances the cell and refreshes `voltageV` and `currentA`. Called for every sample: allocates nothing. */
  read(atMs: number): void;
  /** Small-signal impedance of the cell as it was read last, ohm; left out by what answers to no sine. */
  impedanceOhm?(frequencyHz: number): { readonly re: number; readonly im: number };
  readonly voltageV: number;
  readonly currentA: number;
}

/** Place of the stage's motors, as steps sent make it: trapezoidal motion per axis, the slower axis decides. */
export interface StagePlant {
  /** Starts a move and returns when it will be at rest. */
  moveTo(atMs: number, xMm: number, yMm: number): number;
  /** Starts homing and returns when it will be done. */
  home(atMs: number): number;
  /** Controlled stop; returns when at rest. */
  halt(atMs: number): number;
  xMm(atMs: number): number;
  yMm(atMs: number): number;
  isMoving(atMs: number): boolean;
  readonly isHomed: boolean;
}

/** Source, filters, shutters and hutch. */
export interface BeamPlant {
  ringCurrentMa(atMs: number): number;
  /** Photons per second at the sample position, before filters, were every shutter open. */
  fluxPhS(atMs: number): number;
  /** What the I0 monitor upstream of the fast shutter reads, photons per second, filters not included. */
  monitorFluxPhS(atMs: number): number;
  /** Level of the fast shutter's drive line: open request and living permit together. */
  driveShutter(atMs: number, open: boolean): void;
  shutterOpenSwitch(atMs: number): boolean;
  shutterClosedSwitch(atMs: number): boolean;
  driveSafetyShutter(atMs: number, open: boolean): void;
  safetyShutterOpenSwitch(atMs: number): boolean;
  safetyShutterClosedSwitch(atMs: number): boolean;
  driveFilter(atMs: number, index: number, inBeam: boolean): void;
  filterInSwitch(atMs: number, index: number): boolean;
  /** searched, doorClosed, emergencyOk, motionEnabled, beamPermitted. */
  interlock(atMs: number, name: string): boolean;
  /** Whether a detector at the rack, by its input's name, tells of trouble. Left out where there is none. */
  hasTrouble?(name: string): boolean;
}

/** What the detector sees. */
export interface FramePlant {
  /** A detector exposure from `startMs` to `endMs` is over; the world notes what fell on it. */
  frameTaken(startMs: number, endMs: number, path: string): void;
}

/** The device's end of a simulated cable. */
export interface DeviceEnd {
  /** The host opened the link (a fresh one after every reconnect). */
  onOpen(handler: () => void): void;
  onClose(handler: () => void): void;
  onData(handler: (chunk: Uint8Array) => void): void;
  /** Reaches the host after the link's latency; lost when nobody has the link open. The chunk is given away. */
  send(chunk: Uint8Array): void;
  /** The device drops the connection. */
  hangUp(why: string): void;
}

/** The simulator's clock as twins see it. */
export interface WorldClock {
  nowMs(): number;
  /** Runs `fn` at `atMs` (never before now). Returns a handle for `cancel`. */
  at(atMs: number, fn: () => void): number;
  cancel(handle: number): void;
}

/** Seeded chance. Each part of the world has its own stream, so one more draw here changes nothing there. */
export interface Chance {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** An independent stream named by its use. */
  stream(name: string): Chance;
}
