/** Faults as thick as no day brings them, drawn from the seed: for the search of what the controller does wrong. */
import { positionAt } from "../../protocols/base/position.ts";
import { HUTCH_CONDITIONS } from "../plant/beam-plant.ts";
import { CELL_FAULT_KINDS, drawCellFault } from "../cell/cell-fault.ts";
import type { Chance } from "../plant/plant.ts";
import { needsPerson } from "./equipment-schedule.ts";
import { isDiskFault } from "./host-faults.ts";
import type { WorldFault } from "./world-faults.ts";

export interface HeavyTargets {
  /** Links of io, stage, detector and sensors: what every exposure needs. */
  readonly beamlineLinks: readonly string[];
  readonly channelLinks: readonly string[];
  /** A trigger times the shutter. Default false. */
  readonly hasGate?: boolean;
  /** Where there are cells. Default: none that goes wrong. */
  readonly positions?: readonly number[];
  /** Of instruments that can lose their power. */
  readonly rebootLinks?: readonly string[];
  /** A robot brings the cells. Default false. */
  readonly hasRobot?: boolean;
  /** Names of inputs at the rack that stop no cell for good. */
  readonly safetyInputs?: readonly string[];
  /** When exposures are planned; left out where it is at any time. */
  readonly sweeps?: SweepTimes;
}

export interface SweepTimes {
  readonly firstAfterS: number;
  readonly cadenceS: number;
  readonly lengthS: number;
}

/** On average one in so many seconds. */
const EVERY_S = 75;
const FIRST_S = 45;
/** A run of hours has quiet stretches: after one fault in so many, so long on average. */
const LONG_H = 1;
const LULL_SHARE = 0.2;
const LULL_S = 700;
/** Where the beam has nothing to do for most of the time, in a sweep: this share is of what only an exposure meets. */
const IN_SWEEP_SHARE = 0.75;
const SELDOM = 4;
/** Of each kind: that a seed has it at all. What some kinds would hide shows where they are switched off. */
const KIND_SHARE = 0.5;
/** Of the cells that go wrong in a run: no more than this share, or one. */
const BAD_CELLS_SHARE = 0.04;
/** Of the cells that come later. */
const LATE_CELLS_SHARE = 0.02;
/** In these shares of a run. */
const COMES_FROM = 0.1;
const COMES_TO = 0.7;
/** A run whose cells are all ended has little left to find: from here on, and one of hours in its last minutes. */
const ALL_END_FROM = 0.7;
const ALL_END_LAST_MS = 720_000;
/** Both shutters: longer than all that the controller does about it by itself. */
const SHUTTERS_STUCK_MS = 30_000;
/** Of an instrument that answers with errors, in a run of hours: its cell's channel is told something but a few times. */
const ERRORS_LAST_MS = 3_600_000;

/** A person comes in a minute at the most, when the fault is over. */
export function heavyFaults(chance: Chance, hours: number, targets: HeavyTargets): readonly WorldFault[] {
  const drawn: WorldFault[] = [];
  const draws = drawsOf(chance, targets);
  const ofExposures = draws.filter((draw) => EXPOSURE_DRAWS.includes(draw));
  /** Two failures of shutters at once are more than any site promises to survive: they follow each other. */
  let shutterFreeMs = 0;
  let atS = FIRST_S - EVERY_S * Math.log(1 - chance.uniform()) * 0.3;
  for (let count = 0; atS < hours * 3600; count += 1) {
    const own = chance.stream(`fault ${count}`);
    const isOfExposure = isInSweep(atS, targets) && own.stream("in sweep").uniform() < IN_SWEEP_SHARE;
    const from = isOfExposure && ofExposures.length > 0 ? ofExposures : draws;
    const fault = drawFault(own, Math.round(atS * 1000), hours, targets, from);
    atS -= EVERY_S * Math.log(1 - chance.uniform());
    if (hours > LONG_H && own.stream("lull").uniform() < LULL_SHARE) atS -= LULL_S * Math.log(1 - chance.uniform());
    if (fault === undefined) continue;
    // Whoever ends the run makes room before.
    if (isDiskFault(fault) && fault.toMs > hours * 3_600_000) continue;
    const endMs = "toMs" in fault ? (fault.toMs ?? fault.fromMs) : fault.fromMs;
    if (needsPerson(fault.kind)) {
      if (fault.fromMs < shutterFreeMs) continue;
      const comesMs = endMs + Math.round(1000 * (10 + 50 * own.uniform()));
      if (!isOfRobot(fault.kind))
        drawn.push(
          fault.kind === "interlock" || fault.kind === "permit-withdrawn"
            ? { kind: "person", act: "re-arm", fromMs: comesMs }
            : { kind: "person", act: "resume", fromMs: comesMs },
        );
      shutterFreeMs = comesMs;
    }
    drawn.push(fault);
    // Inputs that are not read for a while stop exposing, as trouble does.
    if (endMs >= shutterFreeMs && blindsInputs(fault, targets)) {
      shutterFreeMs = endMs + Math.round(1000 * (10 + 50 * own.stream("inputs unread").uniform()));
      drawn.push({ kind: "person", act: "resume", fromMs: shutterFreeMs });
    }
    // It asks a person where its cells are, if it lost one.
    if (targets.hasRobot === true && losesCells(fault.kind)) {
      drawn.push({ kind: "person", act: "find-cells", fromMs: endMs + Math.round(1000 * (40 + 40 * own.uniform())) });
    }
  }
  drawn.push(...badCells(chance.stream("cells"), hours, targets.positions ?? []));
  // The robot's books have every cell from the start.
  if (targets.hasRobot !== true) {
    drawn.push(...lateCells(chance.stream("late cells"), hours, targets.positions ?? []));
  }
  return drawn.sort((a, b) => a.fromMs - b.fromMs);
}

/** And sweeps are seldom. */
function isInSweep(atS: number, { sweeps }: HeavyTargets): boolean {
  if (sweeps === undefined || sweeps.cadenceS < SELDOM * sweeps.lengthS) return false;
  const sinceS = atS - sweeps.firstAfterS;
  return sinceS >= 0 && sinceS % sweeps.cadenceS < sweeps.lengthS;
}

function isOfRobot(kind: string): boolean {
  return kind.startsWith("robot-") || kind === "cells-swapped";
}

function blindsInputs(fault: WorldFault, { beamlineLinks, safetyInputs = [] }: HeavyTargets): boolean {
  return safetyInputs.length > 0 && "link" in fault && beamlineLinks.includes(fault.link);
}

/** The arm may be on its way with one. */
function losesCells(kind: string): boolean {
  return (
    isOfRobot(kind) ||
    ["controller-kill", "write-torn", "host-restarts", "interlock", "host-stalls"].includes(kind) ||
    kind.startsWith("link-")
  );
}

/** At most one in a cell, some of them from the start. */
function badCells(chance: Chance, hours: number, positions: readonly number[]): readonly WorldFault[] {
  if (chance.uniform() >= KIND_SHARE) return [];
  const kinds = CELL_FAULT_KINDS.filter(() => chance.uniform() < KIND_SHARE);
  const count = Math.max(1, Math.round(BAD_CELLS_SHARE * positions.length * chance.uniform()));
  const bad = new Set(Array.from({ length: count }, () => one(chance, positions)));
  return [...bad].flatMap((positionIndex): readonly WorldFault[] => {
    const kind = one(chance, kinds);
    if (positionIndex === undefined || kind === undefined) return [];
    const isFromStart = kind === "reversed" || chance.uniform() < 0.2;
    const fromMs = isFromStart ? 0 : Math.round(chance.uniform() * hours * 3_600_000);
    return [
      { kind: "cell", positionIndex, fromMs, fault: drawCellFault(kind, chance.stream(`size ${positionIndex}`)) },
    ];
  });
}

function lateCells(chance: Chance, hours: number, positions: readonly number[]): readonly WorldFault[] {
  if (chance.uniform() >= KIND_SHARE) return [];
  const count = Math.max(1, Math.round(LATE_CELLS_SHARE * positions.length * chance.uniform()));
  const late = new Set(Array.from({ length: count }, () => one(chance, positions)));
  return [...late].flatMap((positionIndex): readonly WorldFault[] => {
    if (positionIndex === undefined) return [];
    const share = COMES_FROM + (COMES_TO - COMES_FROM) * chance.uniform();
    return [{ kind: "cell-comes", positionIndex, fromMs: Math.round(share * hours * 3_600_000) }];
  });
}

/** Those that this seed has: each by a coin of its own, and two at the least. */
function drawsOf(chance: Chance, targets: HeavyTargets): readonly Draw[] {
  const all = [
    ...DRAWS,
    ...(targets.hasGate === true ? GATE_DRAWS : []),
    ...(targets.hasRobot === true ? ROBOT_DRAWS : []),
  ];
  const chosen = all.filter((_, index) => chance.stream(`kind ${index}`).uniform() < KIND_SHARE);
  return chosen.length < 2 ? all : chosen;
}

type Draw = (own: Chance, fromMs: number, toMs: number, targets: HeavyTargets, hours: number) => WorldFault | undefined;

/** An exposure may be long in coming. */
const PERMIT_WAIT_MS = 60_000;
const FEEDS = ["ring-current", "flux"] as const;

const withdrawnPermit: Draw = (_own, fromMs, toMs) => ({
  kind: "permit-withdrawn",
  ...{ fromMs, toMs: toMs + PERMIT_WAIT_MS },
});

const brokenInterlock: Draw = (own, fromMs, toMs) => ({
  kind: "interlock",
  name: one(own, HUTCH_CONDITIONS) ?? "searched",
  ...{ fromMs, toMs },
});

/** Of shutter and detector. */
const BEAM_DRAWS: readonly Draw[] = [
  (own, fromMs, toMs) => ({ kind: "shutter-stuck", at: own.uniform() < 0.5 ? "open" : "closed", fromMs, toMs }),
  (own, fromMs) => ({ kind: "shutters-stuck", fromMs, toMs: fromMs + SHUTTERS_STUCK_MS * (0.2 + 0.8 * own.uniform()) }),
  (own, fromMs, toMs) => ({ kind: "shutter-slow", travelMs: 30 * Math.pow(100, own.uniform()), fromMs, toMs }),
  (own, fromMs, toMs) => ({
    kind: "shutter-switch",
    which: own.uniform() < 0.5 ? "open" : "closed",
    reads: own.uniform() < 0.5,
    ...{ fromMs, toMs },
  }),
  (_own, fromMs, toMs) => ({ kind: "detector-dead", fromMs, toMs }),
  (own, fromMs, toMs) => ({ kind: "detector-late", lateMs: 20_000 * own.uniform(), fromMs, toMs }),
  (_own, fromMs, toMs) => ({ kind: "detector-refuses", fromMs, toMs }),
];

/** Beside the others, where a trigger times the shutter. */
const GATE_DRAWS: readonly Draw[] = [
  (_own, fromMs, toMs) => ({ kind: "trigger-silent", fromMs, toMs }),
  (_own, fromMs, toMs) => ({ kind: "trigger-holds", fromMs, toMs }),
  (_own, fromMs, toMs) => ({ kind: "trigger-withheld", fromMs, toMs }),
  (own, fromMs, toMs) => ({ kind: "trigger-repeats", afterMs: 3000 * Math.pow(own.uniform(), 4), fromMs, toMs }),
];

/** None of them is met but by an exposure, or is another matter in the middle of one. */
const EXPOSURE_DRAWS: readonly Draw[] = [...BEAM_DRAWS, ...GATE_DRAWS, withdrawnPermit, brokenInterlock];

/** Each as likely as the others. */
const DRAWS: readonly Draw[] = [
  ...BEAM_DRAWS,
  (own, fromMs, toMs) => ({ kind: "feed-stops", feed: one(own, FEEDS) ?? "flux", fromMs, toMs }),
  (own, fromMs, toMs) => ({
    kind: "feed-jumps",
    feed: one(own, FEEDS) ?? "flux",
    factor: one(own, [0, 0.3, 0.8, 1.2, 3, 1000, -1]) ?? 0,
    ...{ fromMs, toMs },
  }),
  (own, fromMs, toMs) => ({ kind: "feed-not-a-number", feed: one(own, FEEDS) ?? "flux", fromMs, toMs }),
  (own, fromMs, toMs) => ({ kind: "beam-dim", share: 0.3 + 0.7 * own.uniform(), fromMs, toMs }),
  (own, fromMs, toMs) => ({ kind: "beam-dump", refillMs: 0.5 * own.uniform() * (toMs - fromMs), fromMs, toMs }),
  brokenInterlock,
  (_own, fromMs) => ({ kind: "stage-trip", fromMs }),
  // A drift that the stated uncertainty of the position covers.
  (own, fromMs) => ({ kind: "stage-lost-steps", fromMs, xMm: 0.02 * own.normal(), yMm: 0.02 * own.normal() }),
  (own, fromMs, toMs, { beamlineLinks }) => onLink("link-hang", one(own, beamlineLinks), fromMs, toMs),
  (own, fromMs, toMs, { beamlineLinks }) => onLink("link-unplugged", one(own, beamlineLinks), fromMs, toMs),
  // For good: the instrument is given up.
  (own, fromMs, _toMs, { channelLinks }) => {
    const link = one(own, channelLinks);
    return link === undefined ? undefined : { kind: "link-unplugged", link, fromMs };
  },
  (own, fromMs, _toMs, { beamlineLinks, channelLinks }) => {
    const link = one(own, own.uniform() < 0.5 ? beamlineLinks : channelLinks);
    return link === undefined ? undefined : { kind: "link-cut", link, fromMs };
  },
  (own, fromMs, toMs, { beamlineLinks }) => onLink("link-garbled", one(own, beamlineLinks), fromMs, toMs),
  (own, fromMs, toMs, { channelLinks }) => onLink("link-hang", one(own, channelLinks), fromMs, toMs),
  (own, fromMs, toMs) => ({ kind: "controller-kill", fromMs, toMs: fromMs + 0.4 * own.uniform() * (toMs - fromMs) }),
  (own, fromMs) => ({ kind: "controller-kill", fromMs, toMs: fromMs + 1000 + 4000 * own.uniform() }),
  (own, fromMs, toMs, targets) => {
    const link = one(own, anyLinks(own, targets));
    return link === undefined
      ? undefined
      : { kind: "link-late", link, lateMs: 10 * Math.pow(200, own.uniform()), fromMs, toMs };
  },
  ...(["link-drops", "link-doubles", "link-repeats", "link-deaf", "link-mute", "link-flaps"] as const).map(
    (kind): Draw =>
      (own, fromMs, toMs, targets) => {
        const link = one(own, anyLinks(own, targets));
        return link === undefined ? undefined : { kind, link, fromMs, toMs };
      },
  ),
  (own, fromMs, _toMs, { rebootLinks = [] }) => {
    const link = one(own, rebootLinks);
    return link === undefined ? undefined : { kind: "instrument-reboots", link, fromMs };
  },
  (own, fromMs, toMs, { rebootLinks = [] }, hours) => {
    const link = one(own, rebootLinks);
    const longerMs = hours > LONG_H ? Math.round(ERRORS_LAST_MS * own.stream("lasts").uniform()) : 0;
    const untilMs = Math.max(toMs, Math.min(toMs + longerMs, hours * 3_600_000));
    return link === undefined ? undefined : { kind: "instrument-errors", link, fromMs, toMs: untilMs };
  },
  (own, fromMs, _toMs, { rebootLinks = [] }) => {
    const link = one(own, rebootLinks);
    return link === undefined ? undefined : { kind: "instrument-fails", link, fromMs };
  },
  // Far beyond any crystal's.
  (own, fromMs, toMs, { rebootLinks = [] }) => {
    const link = one(own, rebootLinks);
    const share = Math.sign(own.normal()) * 1e-4 * Math.pow(500, own.uniform());
    return link === undefined ? undefined : { kind: "instrument-clock", link, share, fromMs, toMs };
  },
  (own, fromMs, toMs, { rebootLinks = [] }) => {
    const link = one(own, rebootLinks);
    return link === undefined ? undefined : { kind: "range-jumps", link, fromMs, toMs };
  },
  (own, fromMs) => ({ kind: "write-torn", fromMs, toMs: fromMs + 1000 + 4000 * own.uniform() }),
  (own, fromMs, toMs) => ({ kind: "feed-sticks", feed: one(own, FEEDS) ?? "flux", fromMs, toMs }),
  withdrawnPermit,
  (own, fromMs, toMs, { safetyInputs = [] }) => {
    const input = one(own, safetyInputs);
    return input === undefined ? undefined : { kind: "safety-input", input, fromMs, toMs };
  },
  (own, fromMs) => ({ kind: "clock-step", fromMs, byMs: Math.round(3_600_000 * own.normal()) }),
  (own, fromMs) => ({ kind: "host-stalls", fromMs, toMs: fromMs + Math.round(200 * Math.pow(150, own.uniform())) }),
  // People go to cells where no robot moves.
  (_own, fromMs, toMs, { hasRobot = false }) => (hasRobot ? undefined : { kind: "orders-access", fromMs, toMs }),
  ...(["disk-full", "disk-sync-fails", "orders-contradict", "orders-storm", "orders-stale"] as const).map(
    (kind): Draw =>
      (_own, fromMs, toMs) => ({ kind, fromMs, toMs }),
  ),
  (own, fromMs, toMs, _targets, hours) => {
    const runMs = hours * 3_600_000;
    const isLate = fromMs > (hours > LONG_H ? runMs - ALL_END_LAST_MS : ALL_END_FROM * runMs);
    return { kind: "orders-end-cells", who: isLate && own.uniform() < 0.5 ? "all" : "one", fromMs, toMs };
  },
  (own, fromMs, toMs) => ({ kind: "disk-slow", lateMs: 5000 * own.uniform(), fromMs, toMs }),
  (own, fromMs, toMs) => ({
    kind: "host-restarts",
    byMs: own.uniform() < 0.4 ? 0 : Math.round(3_600_000 * own.normal()),
    reboots: own.uniform() < 0.6,
    ...{ fromMs, toMs: fromMs + 1000 + 0.4 * own.uniform() * (toMs - fromMs) },
  }),
];

/** Beside the others, where a robot brings the cells. */
const ROBOT_DRAWS: readonly Draw[] = [
  (_own, fromMs) => ({ kind: "robot-drops", fromMs }),
  (_own, fromMs) => ({ kind: "robot-picks-two", fromMs }),
  (own, fromMs, _toMs, { positions = [] }) => {
    const [first, second] = [one(own, positions), one(own, positions)];
    if (first === undefined || second === undefined || first === second) return undefined;
    return { kind: "cells-swapped", fromMs, one: positionAt(first), other: positionAt(second) };
  },
];

function drawFault(
  own: Chance,
  fromMs: number,
  hours: number,
  targets: HeavyTargets,
  draws: readonly Draw[],
): WorldFault | undefined {
  const toMs = fromMs + Math.round(1000 * (5 + 85 * own.uniform()));
  return one(own, draws)?.(own, fromMs, toMs, targets, hours);
}

/** The beamline's and the channels' with the same chance. */
function anyLinks(own: Chance, { beamlineLinks, channelLinks }: HeavyTargets): readonly string[] {
  return own.uniform() < 0.5 ? beamlineLinks : channelLinks;
}

function onLink(
  kind: "link-hang" | "link-unplugged" | "link-garbled",
  link: string | undefined,
  fromMs: number,
  toMs: number,
): WorldFault | undefined {
  return link === undefined ? undefined : { kind, link, fromMs, toMs };
}

function one<Item>(own: Chance, items: readonly Item[]): Item | undefined {
  return items[Math.floor(own.uniform() * items.length)];
}
