/** The true beam: source, safety shutter, filters, fast shutter, I0 monitor and the hutch's interlocks. */
import type { Felt } from "./felt.ts";
import { createActuator } from "./actuator.ts";
import type { BeamPlant, Chance } from "./plant.ts";
import { createStorageRing } from "./storage-ring.ts";

export const HUTCH_CONDITIONS = ["searched", "doorClosed", "emergencyOk", "motionEnabled", "beamPermitted"] as const;
/** Beam may be on the sample only under these; motion only under those. */
export const BEAM_CONDITIONS = HUTCH_CONDITIONS.filter((name) => name !== "motionEnabled");
export const MOTION_CONDITIONS = HUTCH_CONDITIONS.filter((name) => name !== "beamPermitted");

export interface BeamPlantOptions {
  /** Photons per second at the sample before filters, at the reference ring current, as the site believes. */
  readonly fluxReferencePhS: number;
  readonly ringCurrentReferenceMa: number;
  /** True flux over believed flux: the part of the flux's uncertainty that stays the same all day. */
  readonly fluxTruthFactor: number;
  /** One standard deviation of a monitor reading, of 1. */
  readonly monitorNoise: number;
  readonly ringLifetimeH: number;
  readonly topUpEveryS: number;
  readonly shutterTravelMs: number;
  readonly safetyShutterTravelMs: number;
  readonly filterTravelMs: number;
  readonly filterCount: number;
}

export interface ObservedBeamPlant extends BeamPlant {
  /** How far the fast shutter is open, 0..1. */
  shutterFraction(atMs: number): number;
  /** Share of the beam that passes the fast shutter: its blade uncovers a round beam, the middle fastest. */
  shutterPasses(atMs: number): number;
  safetyShutterFraction(atMs: number): number;
  /** How far the filter is in the beam, 0..1. */
  filterFraction(atMs: number, index: number): number;
  /** When the present motion of the fast shutter ends. */
  shutterArrivalMs(): number;
  /** Told whenever the blades of the fast shutter begin to follow a drive level, after it took effect. */
  onShutterDrive(handler: (atMs: number, open: boolean) => void): void;
  /** When the fast shutter was last ordered shut, obeyed or not; -Infinity before the first time. */
  shutterOrderedShutMs(): number;
  /** The blades of the fast shutter no longer follow their drive into this direction; null lets them again. */
  stickShutter(atMs: number, stuck: "open" | "closed" | null, felt?: Felt): void;
  /** The shutter upstream no longer closes, once it is open; false lets it follow its order again. */
  jamSafetyShutter(atMs: number, isJammed: boolean, felt?: Felt): void;
  /** The blades of the fast shutter take so long for their way from now on; null for what is ordinary. */
  slowShutter(travelMs: number | null, felt?: Felt): void;
  /** A switch of the fast shutter reads this, wherever the blades are; null for the truth. */
  setSwitch(which: "open" | "closed", reads: boolean | null, felt?: Felt): void;
  /** Optics that drift: only this share of the photons arrives between the two times, whatever the ring current. */
  dim(fromMs: number, toMs: number, share: number, felt?: Felt): void;
  setInterlock(name: string, holds: boolean, felt?: Felt): void;
  /** Whether it does, for those who judge: nothing is read by that. */
  isHolding(name: string): boolean;
  /** A detector at the rack, by its input's name. */
  setTrouble(name: string, isThere: boolean, felt?: Felt): void;
  /** The machine loses its beam; it is full again at `toMs`, after `refillMs` of filling (default none). */
  dump(fromMs: number, toMs: number, refillMs?: number, felt?: Felt): void;
  addBreaks(fromMs: number, toMs: number, into: number[]): void;
  forgetBefore(atMs: number): void;
}

export function createBeamPlant(options: BeamPlantOptions, startMs: number, chance: Chance): ObservedBeamPlant {
  const ring = createStorageRing(
    { fullMa: options.ringCurrentReferenceMa, lifetimeH: options.ringLifetimeH, topUpEveryS: options.topUpEveryS },
    chance.stream("ring"),
  );
  const noise = chance.stream("monitor");
  const shutter = createActuator(options.shutterTravelMs, startMs, false);
  const safetyShutter = createActuator(options.safetyShutterTravelMs, startMs, false);
  const filters = Array.from({ length: options.filterCount }, () =>
    createActuator(options.filterTravelMs, startMs, false),
  );
  const troubles = new Set<string>();
  /** Of levels that are wrong now, by their names. */
  const feltAt = new Map<string, Felt | undefined>();
  const dumps: { readonly fromMs: number; readonly toMs: number; readonly felt: Felt | undefined }[] = [];
  let feltStuck: Felt | undefined;
  let feltSlow: Felt | undefined;
  let feltJam: Felt | undefined;
  const interlocks = new Map<string, boolean>(HUTCH_CONDITIONS.map((name) => [name, true]));
  let shutterLevel = false;
  let orderedShutMs = -Infinity;
  let stuck: "open" | "closed" | null = null;
  let isJammed = false;
  let safetyLevel = false;
  let bladesLevel = false;
  let shutterHandler: ((atMs: number, open: boolean) => void) | undefined;

  const dims: {
    readonly fromMs: number;
    readonly toMs: number;
    readonly share: number;
    readonly felt: Felt | undefined;
  }[] = [];
  const switches: { open: boolean | null; closed: boolean | null } = { open: null, closed: null };

  function believedPhS(atMs: number): number {
    let flux = (options.fluxReferencePhS * ring.currentMa(atMs)) / options.ringCurrentReferenceMa;
    for (const { fromMs, toMs, share, felt } of dims) {
      if (!(atMs >= fromMs && atMs < toMs)) continue;
      felt?.();
      flux *= share;
    }
    return flux;
  }

  function filterFraction(atMs: number, index: number): number {
    return filters[index]?.fraction(atMs) ?? 0;
  }

  function followDrive(atMs: number): void {
    if (bladesLevel === shutterLevel) return;
    if (stuck === (shutterLevel ? "closed" : "open")) {
      feltStuck?.();
      return;
    }
    feltSlow?.();
    bladesLevel = shutterLevel;
    shutter.drive(atMs, bladesLevel);
    shutterHandler?.(atMs, bladesLevel);
  }

  function switchReads(which: "open" | "closed", truth: boolean): boolean {
    const reads = switches[which] ?? truth;
    if (reads !== truth) feltAt.get(which)?.();
    return reads;
  }

  return {
    ringCurrentMa(atMs) {
      for (const { fromMs, toMs, felt } of dumps) if (atMs >= fromMs && atMs < toMs) felt?.();
      return ring.currentMa(atMs);
    },
    fluxPhS: (atMs) => believedPhS(atMs) * options.fluxTruthFactor,
    monitorFluxPhS: (atMs) =>
      believedPhS(atMs) * safetyShutter.fraction(atMs) * Math.max(0, 1 + options.monitorNoise * noise.normal()),
    driveShutter(atMs, open) {
      if (open === shutterLevel) return;
      shutterLevel = open;
      if (!open) orderedShutMs = atMs;
      followDrive(atMs);
    },
    shutterOpenSwitch: (atMs) => switchReads("open", shutter.fraction(atMs) >= 1),
    shutterClosedSwitch: (atMs) => switchReads("closed", shutter.fraction(atMs) <= 0),
    driveSafetyShutter(atMs, open) {
      safetyLevel = open;
      if (open || !isJammed) safetyShutter.drive(atMs, open);
      else feltJam?.();
    },
    jamSafetyShutter(atMs, jams, felt) {
      feltJam = felt;
      isJammed = jams;
      if (!jams) safetyShutter.drive(atMs, safetyLevel);
    },
    safetyShutterOpenSwitch: (atMs) => safetyShutter.fraction(atMs) >= 1,
    safetyShutterClosedSwitch: (atMs) => safetyShutter.fraction(atMs) <= 0,
    driveFilter(atMs, index, inBeam) {
      filters[index]?.drive(atMs, inBeam);
    },
    filterInSwitch: (atMs, index) => filterFraction(atMs, index) >= 1,
    isHolding: (name) => interlocks.get(name) ?? false,
    interlock(_atMs, name) {
      const holds = interlocks.get(name) ?? false;
      if (!holds) feltAt.get(name)?.();
      return holds;
    },
    hasTrouble(name) {
      const isThere = troubles.has(name);
      if (isThere) feltAt.get(name)?.();
      return isThere;
    },
    setTrouble(name, isThere, felt) {
      feltAt.set(name, felt);
      if (isThere) troubles.add(name);
      else troubles.delete(name);
    },
    shutterFraction: (atMs) => shutter.fraction(atMs),
    shutterPasses(atMs) {
      const open = shutter.fraction(atMs);
      return open * open * (3 - 2 * open);
    },
    safetyShutterFraction: (atMs) => safetyShutter.fraction(atMs),
    filterFraction,
    shutterArrivalMs: () => shutter.arrivalMs(),
    onShutterDrive(handler) {
      shutterHandler = handler;
    },
    shutterOrderedShutMs: () => orderedShutMs,
    stickShutter(atMs, direction, felt) {
      stuck = direction;
      feltStuck = felt;
      followDrive(atMs);
    },
    slowShutter(travelMs, felt) {
      feltSlow = felt;
      shutter.setTravel(travelMs ?? options.shutterTravelMs);
    },
    setSwitch(which, reads, felt) {
      feltAt.set(which, felt);
      switches[which] = reads;
    },
    dim(fromMs, toMs, share, felt) {
      dims.push({ fromMs, toMs, share, felt });
    },
    setInterlock(name, holds, felt) {
      feltAt.set(name, felt);
      interlocks.set(name, holds);
    },
    dump(fromMs, toMs, refillMs, felt) {
      dumps.push({ fromMs, toMs, felt });
      ring.dump(fromMs, toMs, refillMs);
    },
    addBreaks(fromMs, toMs, into) {
      shutter.addBreaks(fromMs, toMs, into);
      safetyShutter.addBreaks(fromMs, toMs, into);
      for (const filter of filters) filter.addBreaks(fromMs, toMs, into);
      ring.addBreaks(fromMs, toMs, into);
      for (const dim of dims)
        for (const time of [dim.fromMs, dim.toMs]) if (time > fromMs && time < toMs) into.push(time);
    },
    forgetBefore(atMs) {
      shutter.forgetBefore(atMs);
      safetyShutter.forgetBefore(atMs);
      for (const filter of filters) filter.forgetBefore(atMs);
    },
  };
}
