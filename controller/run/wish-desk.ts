/**
 * Where triggers and people ask for exposures with windows. What is asked goes to the campaign's machine, which gives it
 * a number, keeps it until it is met, missed or withdrawn, and plans anew.
 */
import type { ExposureWish, WishNews, WithdrawnWish } from "../beam/wanted.ts";

export interface WishDesk {
  /**
   * Asks; or, by a key that is still open, moves the window. A key that was met, missed or withdrawn is passed over, so
   * that whoever asks may ask by the same rule again. May be called from anywhere at any time, not once per sample.
   */
  ask(wishes: readonly ExposureWish[]): void;
  /** Nothing is missed: what asked for it will not come. Keys that are not open are passed over. */
  withdraw(wishes: readonly WithdrawnWish[]): void;
  /** It was asked by this key once, in this run or before a restart, whatever became of it. */
  isKnown(key: string): boolean;
}

export interface WishDeskDeps {
  readonly send: (news: WishNews) => void;
  /** Keys that a record has from before a restart. */
  readonly known: Iterable<string>;
}

export function createWishDesk({ send, known }: WishDeskDeps): WishDesk {
  const asked = new Set(known);
  return {
    ask(wishes) {
      if (wishes.length === 0) return;
      for (const { key } of wishes) asked.add(key);
      send({ type: "WISHES", asked: wishes, withdrawn: [] });
    },
    withdraw(wishes) {
      if (wishes.length > 0) send({ type: "WISHES", asked: [], withdrawn: wishes });
    },
    isKnown: (key) => asked.has(key),
  };
}
