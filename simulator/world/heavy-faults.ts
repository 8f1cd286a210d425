/** Faults as thick as no day brings them, drawn from the seed: for the search of what the controller does wrong. */
import { HUTCH_CONDITIONS } from "../plant/beam-plant.ts";
import type { Chance } from "../plant/plant.ts";
import { needsPerson } from "./equipment-schedule.ts";
import type { WorldFault } from "./world-faults.ts";

export interface HeavyTargets {
  /** Links of io, stage, detector and sensors: what every exposure needs. */
  readonly beamlineLinks: readonly string[];
  readonly channelLinks: readonly string[];
  /** A trigger times the shutter. Default false. */
  readonly hasGate?: boolean;
}

/** On average one in so many seconds. */
const EVERY_S = 75;
const FIRST_S = 45;

/** A person comes in a minute at the most, when the fault is over. */
export function heavyFaults(chance: Chance, hours: number, targets: HeavyTargets): readonly WorldFault[] {
  const drawn: WorldFault[] = [];
  /** Two failures of shutters at once are more than any site promises to survive: they follow each other. */
  let shutterFreeMs = 0;
  let atS = FIRST_S - EVERY_S * Math.log(1 - chance.uniform()) * 0.3;
  for (let count = 0; atS < hours * 3600; count += 1) {
    const own = chance.stream(`fault ${count}`);
    const fault = drawFault(own, Math.round(atS * 1000), targets);
    atS -= EVERY_S * Math.log(1 - chance.uniform());
    if (fault === undefined) continue;
    const endMs = "toMs" in fault ? (fault.toMs ?? fault.fromMs) : fault.fromMs;
    if (needsPerson(fault.kind)) {
      if (fault.fromMs < shutterFreeMs) continue;
      const comesMs = endMs + Math.round(1000 * (10 + 50 * own.uniform()));
      drawn.push(
        fault.kind === "interlock"
          ? { kind: "person", act: "re-arm", fromMs: comesMs }
          : { kind: "person", act: "resume", fromMs: comesMs },
      );
      shutterFreeMs = comesMs;
    }
    drawn.push(fault);
  }
  return drawn.sort((a, b) => a.fromMs - b.fromMs);
}

type Draw = (own: Chance, fromMs: number, toMs: number, targets: HeavyTargets) => WorldFault | undefined;

const FEEDS = ["ring-current", "flux"] as const;

/** Each as likely as the others. */
const DRAWS: readonly Draw[] = [
  (own, fromMs, toMs) => ({ kind: "shutter-stuck", at: own.uniform() < 0.5 ? "open" : "closed", fromMs, toMs }),
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
  (own, fromMs, toMs) => ({ kind: "interlock", name: one(own, HUTCH_CONDITIONS) ?? "searched", fromMs, toMs }),
  (_own, fromMs) => ({ kind: "stage-trip", fromMs }),
  // A drift that the stated uncertainty of the position covers.
  (own, fromMs) => ({ kind: "stage-lost-steps", fromMs, xMm: 0.02 * own.normal(), yMm: 0.02 * own.normal() }),
  (own, fromMs, toMs, { beamlineLinks }) => onLink("link-hang", one(own, beamlineLinks), fromMs, toMs),
  (own, fromMs, toMs, { beamlineLinks }) => onLink("link-unplugged", one(own, beamlineLinks), fromMs, toMs),
  (own, fromMs, _toMs, { beamlineLinks, channelLinks }) => {
    const link = one(own, own.uniform() < 0.5 ? beamlineLinks : channelLinks);
    return link === undefined ? undefined : { kind: "link-cut", link, fromMs };
  },
  (own, fromMs, toMs, { beamlineLinks }) => onLink("link-garbled", one(own, beamlineLinks), fromMs, toMs),
  (own, fromMs, toMs, { channelLinks }) => onLink("link-hang", one(own, channelLinks), fromMs, toMs),
  (own, fromMs, toMs) => ({ kind: "controller-kill", fromMs, toMs: fromMs + 0.4 * own.uniform() * (toMs - fromMs) }),
  (own, fromMs) => ({ kind: "controller-kill", fromMs, toMs: fromMs + 1000 + 4000 * own.uniform() }),
];

/** Beside the others, where a trigger times the shutter. */
const GATE_DRAWS: readonly Draw[] = [
  (_own, fromMs, toMs) => ({ kind: "trigger-silent", fromMs, toMs }),
  (_own, fromMs, toMs) => ({ kind: "trigger-holds", fromMs, toMs }),
  (_own, fromMs, toMs) => ({ kind: "trigger-withheld", fromMs, toMs }),
  (own, fromMs, toMs) => ({ kind: "trigger-repeats", afterMs: 3000 * Math.pow(own.uniform(), 4), fromMs, toMs }),
];
const DRAWS_WITH_GATE = [...DRAWS, ...GATE_DRAWS];

function drawFault(own: Chance, fromMs: number, targets: HeavyTargets): WorldFault | undefined {
  const toMs = fromMs + Math.round(1000 * (5 + 85 * own.uniform()));
  return one(own, targets.hasGate === true ? DRAWS_WITH_GATE : DRAWS)?.(own, fromMs, toMs, targets);
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
