/**
 * The most wishes that can be met, by trying every order: for up to eight of them. Orders that cannot come to more than
 * was found, whatever follows, are not gone on with.
 */
import { gapS } from "../../../controller/schedule/travel.ts";
import type { WishList } from "./wish-list.ts";

export function bestByTrying(list: WishList): number {
  const { wishes, travel, dumps, stops, exposuresPerCell } = list;
  if (wishes.length > 8) throw new RangeError(`${wishes.length} wishes are too many to try every order`);
  const away = [...dumps, ...stops].sort((a, b) => a.fromMs - b.fromMs);
  const isMade = wishes.map(() => false);
  const given = new Map<number, number>();
  let best = 0;

  /** What is not made and not past: no order can meet more of them. */
  function stillOpen(freeMs: number): number {
    let open = 0;
    wishes.forEach(({ latestMs }, index) => {
      if (isMade[index] !== true && latestMs >= freeMs) open += 1;
    });
    return open;
  }

  function goOn(freeMs: number, place: number, occupiedS: number, met: number): void {
    best = Math.max(best, met);
    if (met + stillOpen(freeMs) <= best) return;
    wishes.forEach((wish, index) => {
      if (isMade[index] === true) return;
      const before = given.get(wish.cellIndex) ?? 0;
      if (before >= exposuresPerCell) return;
      let openMs = Math.max(freeMs + 1000 * gapS(travel, place, wish.cellIndex, occupiedS), wish.earliestMs);
      for (const { fromMs, toMs } of away) if (openMs < toMs && openMs + wish.occupiesMs > fromMs) openMs = toMs;
      if (openMs > wish.latestMs) return;
      isMade[index] = true;
      given.set(wish.cellIndex, before + 1);
      goOn(openMs + wish.occupiesMs, wish.cellIndex, wish.occupiesMs / 1000, met + 1);
      given.set(wish.cellIndex, before);
      isMade[index] = false;
    });
  }
  goOn(0, list.startPlace, Infinity, 0);
  return best;
}
