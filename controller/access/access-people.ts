/** What the beam waits for while people have access, and whether a rack that is given to somebody is off in every cell. */
import { Fault } from "../../protocols/base/fault.ts";
import { faultNote } from "../machines/errors.ts";
import type { Alarms } from "../run/alarms.ts";
import type { Obstacle } from "../run/sweep-desk.ts";
import type { OpenAccess } from "./whose-access.ts";

export interface AccessPeopleDeps {
  /** By position. */
  readonly open: ReadonlyMap<string, OpenAccess>;
  /** By position. */
  readonly asked: ReadonlyMap<string, OpenAccess>;
  /** All that lie in the rack, in the campaign's order. */
  readonly positions: () => readonly string[];
  /** Nothing drives it, and nothing will. */
  readonly isOff: (position: string) => boolean;
  readonly alarms: () => Pick<Alarms, "raise" | "clear">;
}

export interface AccessPeople {
  /** Why the beam waits for people; null where nobody has access, or asked for it. */
  obstacle(): Obstacle | null;
  /** An access was opened, or refused: whoever lifts the rack is told what is not off. */
  answered(): void;
  /** One is over: with the last of them what was said of the rack. */
  givenBack(): void;
}

export const RACK = "rack";
export const NOT_AS_BEFORE = "rack.not-as-before";
const NOT_OFF = "rack.not-off";
const PLACES_NAMED = 6;

export function createAccessPeople({ open, asked, positions, isOff, alarms }: AccessPeopleDeps): AccessPeople {
  /** Who lifts the rack lifts these with it. */
  function notOff(): readonly string[] {
    if (!hasWhole(open)) return [];
    return positions().filter((position) => !open.has(position) && !asked.has(position) && !isOff(position));
  }

  return {
    obstacle() {
      const awaited = [...asked.keys()].filter((position) => !open.has(position));
      // Of a rack nobody has access to the first cells before the last is off.
      const [first] = open.size > 0 && !hasWhole(asked) ? open : asked;
      if (first === undefined) return null;
      const [, { author, reason }] = first;
      if (open.size === 0 || hasWhole(asked)) {
        const what = `${placesText(awaited)} to be proven off, for ${author}, who has no access yet: ${reason}`;
        return { reason: what, who: "channel" };
      }
      const driven = notOff();
      const warning = driven.length === 0 ? "" : `NOT OFF: ${placesText(driven)}, do not lift the rack; `;
      const notYet = awaited.length === 0 ? "" : `; no access yet to ${placesText(awaited)}`;
      const what = `${warning}${author} to give back the access to ${placesText([...open.keys()])}: ${reason}${notYet}`;
      return { reason: what, who: "operator" };
    },
    answered() {
      if (!hasWhole(open) || hasWhole(asked)) return;
      alarms().clear(NOT_OFF, RACK);
      const driven = notOff();
      if (driven.length === 0) return;
      alarms().raise(faultNote(new Fault(NOT_OFF, RACK, `not proven off, and not given: ${placesText(driven)}`)));
    },
    givenBack() {
      if (hasWhole(open)) return;
      for (const code of [NOT_OFF, NOT_AS_BEFORE]) alarms().clear(code, RACK);
    },
  };
}

function hasWhole(of: ReadonlyMap<string, OpenAccess>): boolean {
  for (const { isWhole } of of.values()) if (isWhole === true) return true;
  return false;
}

function placesText(places: readonly string[]): string {
  const more = places.length - PLACES_NAMED;
  return `${places.slice(0, PLACES_NAMED).join(", ")}${more > 0 ? ` and ${String(more)} more` : ""}`;
}
