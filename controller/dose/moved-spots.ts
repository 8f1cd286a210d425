/**
 * Spots of a cell that was taken out of its place and put back: nobody measures by how much they lie elsewhere since, only
 * within what. What was given before may lie that much nearer to any spot; from then on every exposure of the cell counts
 * on the others' spots as if they were so much nearer. Pure.
 */
import type { CellDosePlan } from "./cell-dose.ts";

/** Of the place of a cell in a clip of the rack (chosen). */
const REMOUNT_MM = 0.5;

type Fluence = CellDosePlan["relativeFluence"];

const plans = new WeakMap<CellDosePlan, { readonly withinMm: number; readonly plan: CellDosePlan }>();
/** One for all cells, so that what is worked out by it is worked out once. */
const widened = new WeakMap<Fluence, Map<number, Fluence>>();

/** Within what of its place a cell comes to lie that is put back, mm. */
export function remountMm({ remountMm: measured }: { readonly remountMm?: number }): number {
  return measured ?? REMOUNT_MM;
}

/**
 * Within what its spots lie of where they were at any time before, mm: what is put back once more lies off its first place
 * as it did the last time, maybe to the other side.
 */
export function movedOnMm(beforeMm: number | undefined, withinMm: number): number {
  return beforeMm === undefined ? withinMm : Math.max(beforeMm, 2 * withinMm);
}

/** The same plan once its spots may lie elsewhere by so much; the same one for the same plan. */
export function movedPlan(plan: CellDosePlan, withinMm: number): CellDosePlan {
  const known = plans.get(plan);
  if (known?.withinMm === withinMm) return known.plan;
  const moved = { ...plan, relativeFluence: widenedBy(plan.relativeFluence, withinMm) };
  plans.set(plan, { withinMm, plan: moved });
  return moved;
}

/** Never less than the profile anywhere within so much: it falls with either coordinate. */
function widenedBy(fluence: Fluence, withinMm: number): Fluence {
  let byMm = widened.get(fluence);
  if (byMm === undefined) widened.set(fluence, (byMm = new Map<number, Fluence>()));
  const known = byMm.get(withinMm);
  if (known !== undefined) return known;
  const wider: Fluence = (dxMm, dyMm) => fluence(nearer(dxMm, withinMm), nearer(dyMm, withinMm));
  byMm.set(withinMm, wider);
  return wider;
}

function nearer(distanceMm: number, byMm: number): number {
  return Math.max(0, Math.abs(distanceMm) - byMm);
}
