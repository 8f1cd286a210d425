/** Since when the conditions of the hutch are broken, and whether whoever reads them at the act can have seen it. */

export interface BrokenInterlocks {
  /** `isHeard`: nothing else held up cables or computer then. */
  broke(name: string, atMs: number, isHeard: boolean): void;
  /** True too for one of which nobody was told that it broke. */
  isSeenAtOpening(name: string, atMs: number): boolean;
  /** False for one of which nobody was told that it broke. `endsHoming`: a motion that nobody orders by itself. */
  isSeenAtMotion(name: string, atMs: number, endsHoming: boolean): boolean;
}

/** Between the reading of a level and the motion it allows, and so long where cables or computer hold up what is read. */
const MOTION_REACTION_MS = 1000;
/** Between two looks at the levels, where the site does not say. */
const LOOK_MS = 1000;
/** For the look itself, and to stop. */
const STOPPING_MS = 100;
/** Between the last reading of a level and the opening it allows: a few exchanges with the unit. */
const OPENING_REACTION_MS = 25;

/** `lookMs`: so often the site has its levels read while no permit lives; a stage under way is stopped by nothing else. */
export function createBrokenInterlocks(lookMs = LOOK_MS): BrokenInterlocks {
  const since = new Map<string, { readonly atMs: number; readonly isHeard: boolean }>();
  return {
    broke(name, atMs, isHeard) {
      since.set(name, { atMs, isHeard });
    },
    isSeenAtOpening(name, atMs) {
      const broken = since.get(name);
      if (broken === undefined) return true;
      return atMs - broken.atMs > (broken.isHeard ? OPENING_REACTION_MS : MOTION_REACTION_MS);
    },
    isSeenAtMotion(name, atMs, endsHoming) {
      const reactionMs = endsHoming ? Math.max(MOTION_REACTION_MS, lookMs + STOPPING_MS) : MOTION_REACTION_MS;
      return atMs - (since.get(name)?.atMs ?? atMs) > reactionMs;
    },
  };
}
