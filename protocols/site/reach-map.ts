/**
 * Where the stage may not stand, and how it gets around: boxes of stage coordinates in which the rack, or what stands on
 * it, would run into something. A leg of a way is free where the whole rectangle between its ends is, however the axes
 * keep pace. Pure.
 */
import { axisMoveS } from "./axis-move.ts";
import type { StagePoint } from "./shadow-path.ts";

/** A box of stage coordinates, what must be kept off included. */
export interface KeepOut {
  readonly name: string;
  readonly fromXMm: number;
  readonly toXMm: number;
  readonly fromYMm: number;
  readonly toYMm: number;
}

export interface ReachedStage {
  readonly travelXMm: number;
  readonly travelYMm: number;
  readonly speedMmS: number;
  readonly accelerationMmS2: number;
  readonly keepOut?: readonly KeepOut[];
}

export type StageWay =
  /** Places in turn, the target last; a single one where the straight way is free. */
  | { readonly kind: "way"; readonly points: readonly StagePoint[]; readonly moveS: number }
  | { readonly kind: "blocked"; readonly what: string };

export interface ReachMap {
  readonly isOpen: boolean;
  /** The box that a place lies in; undefined for one that is free. */
  boxAt(point: StagePoint): KeepOut | undefined;
  wayTo(from: StagePoint, to: StagePoint): StageWay;
}

/** Places on the way keep so far off a box, beyond what the box itself holds. */
export const KEPT_OFF_BOX_MM = 1;
/** For each stop on the way, so that of equal ways the one with fewer is taken, seconds. */
const STOP_S = 0.01;

export function createReachMap(stage: ReachedStage): ReachMap {
  const boxes = stage.keepOut ?? [];
  const { travelXMm, travelYMm } = stage;

  const boxAt = ({ xMm, yMm }: StagePoint): KeepOut | undefined =>
    boxes.find((box) => xMm >= box.fromXMm && xMm <= box.toXMm && yMm >= box.fromYMm && yMm <= box.toYMm);

  const isFree = (a: StagePoint, b: StagePoint): boolean =>
    !boxes.some(
      ({ fromXMm, toXMm, fromYMm, toYMm }) =>
        Math.max(a.xMm, b.xMm) >= fromXMm &&
        Math.min(a.xMm, b.xMm) <= toXMm &&
        Math.max(a.yMm, b.yMm) >= fromYMm &&
        Math.min(a.yMm, b.yMm) <= toYMm,
    );

  const legS = (a: StagePoint, b: StagePoint): number =>
    Math.max(axisMoveS(b.xMm - a.xMm, stage), axisMoveS(b.yMm - a.yMm, stage));

  /** Beside the boxes' edges, where the stage can stand. */
  function makeNodes(): readonly StagePoint[] {
    const edges = (of: (box: KeepOut) => readonly [number, number], travelMm: number): readonly number[] =>
      boxes
        .flatMap((box) => [of(box)[0] - KEPT_OFF_BOX_MM, of(box)[1] + KEPT_OFF_BOX_MM])
        .filter((mm) => mm >= 0 && mm <= travelMm);
    const xs = edges(({ fromXMm, toXMm }) => [fromXMm, toXMm], travelXMm);
    const ys = edges(({ fromYMm, toYMm }) => [fromYMm, toYMm], travelYMm);
    return xs.flatMap((xMm) => ys.map((yMm) => ({ xMm, yMm }))).filter((point) => boxAt(point) === undefined);
  }

  let nodes: readonly StagePoint[] | undefined;
  let ways: readonly (readonly number[])[] | undefined;

  /** Of each node, which others are reached in one leg. */
  function graph() {
    nodes ??= makeNodes();
    const all = nodes;
    ways ??= all.map((a, own) => [...all.keys()].filter((at) => at !== own && isFree(a, all[at] ?? a)));
    return { nodes: all, ways };
  }

  function around(from: StagePoint, to: StagePoint): StageWay {
    const { nodes: places, ways: next } = graph();
    const costS = places.map((node) => (isFree(from, node) ? legS(from, node) + STOP_S : Infinity));
    const before = places.map(() => -1);
    const done = new Set<number>();
    for (;;) {
      let at = -1;
      for (const [index, seconds] of costS.entries()) {
        if (!done.has(index) && seconds < (costS[at] ?? Infinity)) at = index;
      }
      const here = places[at];
      if (here === undefined) break;
      done.add(at);
      for (const neighbour of next[at] ?? []) {
        const there = places[neighbour];
        if (there === undefined) continue;
        const seconds = (costS[at] ?? Infinity) + legS(here, there) + STOP_S;
        if (seconds >= (costS[neighbour] ?? Infinity)) continue;
        costS[neighbour] = seconds;
        before[neighbour] = at;
      }
    }
    let best = -1;
    let bestS = Infinity;
    for (const [index, node] of places.entries()) {
      const seconds = isFree(node, to) ? (costS[index] ?? Infinity) + legS(node, to) : Infinity;
      if (seconds < bestS) [best, bestS] = [index, seconds];
    }
    if (best === -1) {
      return { kind: "blocked", what: `no way leads around ${boxes.map(({ name }) => name).join(", ")}` };
    }
    const points: StagePoint[] = [to];
    for (let at = best; at !== -1; at = before[at] ?? -1) {
      const node = places[at];
      if (node !== undefined) points.unshift(node);
    }
    return { kind: "way", points, moveS: bestS };
  }

  return {
    isOpen: boxes.length === 0,
    boxAt,
    wayTo(from, to) {
      if (boxes.length === 0) return { kind: "way", points: [to], moveS: legS(from, to) };
      for (const [point, is] of [
        [to, "the target lies"],
        [from, "the stage stands"],
      ] as const) {
        const box = boxAt(point);
        if (box === undefined) continue;
        return { kind: "blocked", what: `${is} in ${box.name} (${boxText(box)})` };
      }
      if (isFree(from, to)) return { kind: "way", points: [to], moveS: legS(from, to) };
      return around(from, to);
    },
  };
}

export function boxText({ fromXMm, toXMm, fromYMm, toYMm }: KeepOut): string {
  return `x ${fromXMm} to ${toXMm}, y ${fromYMm} to ${toYMm} mm`;
}
