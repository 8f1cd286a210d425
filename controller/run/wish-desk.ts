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
}

export interface WishDeskDeps {
  readonly send: (news: WishNews) => void;
}

export function createWishDesk({ send }: WishDeskDeps): WishDesk {
  return {
    ask(wishes) {
      if (wishes.length > 0) send({ type: "WISHES", asked: wishes, withdrawn: [] });
    },
    withdraw(wishes) {
      if (wishes.length > 0) send({ type: "WISHES", asked: [], withdrawn: wishes });
    },
  };
}
