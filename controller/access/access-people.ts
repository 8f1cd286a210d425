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
  /** Cells of the whole rack that were given back before a restart, which others are not yet. */
  readonly leftBack: readonly string[];
  readonly alarms: () => Pick<Alarms, "raise" | "clear">;
}

export interface AccessPeople {
  /** Why the beam waits for people; null where nobody has access, or asked for it. */
  obstacle(): Obstacle | null;
  /** An access was opened, or refused: whoever lifts the rack is told what is not off. */
  answered(position: string): void;
  /** One is over: with the last of them what was said of the rack. */
  givenBack(position: string): void;
}

export const RACK = "rack";
export const NOT_AS_BEFORE = "rack.not-as-before";
const NOT_OFF = "rack.not-off";
const PLACES_NAMED = 6;

export function createAccessPeople(deps: AccessPeopleDeps): AccessPeople {
  const { open, asked, positions, isOff, alarms } = deps;
  /** The rack lies in its place again: these were proven off, and are driven because that was asked for. */
  const back = new Set(deps.leftBack);

  /** Who lifts the rack lifts these with it. */
  function driven(isBack: boolean): readonly string[] {
    if (!hasWhole(open)) return [];
    const others = positions().filter((position) => !open.has(position) && !asked.has(position));
    return others.filter((position) => back.has(position) === isBack && !isOff(position));
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
      const warning = warningText("NOT OFF", driven(false)) + warningText("given back, and driven again", driven(true));
      const notYet = awaited.length === 0 ? "" : `; no access yet to ${placesText(awaited)}`;
      const what = `${warning}${author} to give back the access to ${placesText([...open.keys()])}: ${reason}${notYet}`;
      return { reason: what, who: "operator" };
    },
    answered(position) {
      back.delete(position);
      if (!hasWhole(open) || hasWhole(asked)) return;
      alarms().clear(NOT_OFF, RACK);
      const notOff = driven(false);
      if (notOff.length === 0) return;
      alarms().raise(faultNote(new Fault(NOT_OFF, RACK, `not proven off, and not given: ${placesText(notOff)}`)));
    },
    givenBack(position) {
      if (hasWhole(open)) {
        back.add(position);
        return;
      }
      back.clear();
      for (const code of [NOT_OFF, NOT_AS_BEFORE]) alarms().clear(code, RACK);
    },
  };
}

function hasWhole(of: ReadonlyMap<string, OpenAccess>): boolean {
  for (const { isWhole } of of.values()) if (isWhole === true) return true;
  return false;
}

function warningText(what: string, places: readonly string[]): string {
  return places.length === 0 ? "" : `${what}: ${placesText(places)}, do not lift the rack; `;
}

function placesText(places: readonly string[]): string {
  const more = places.length - PLACES_NAMED;
  return `${places.slice(0, PLACES_NAMED).join(", ")}${more > 0 ? ` and ${String(more)} more` : ""}`;
}
