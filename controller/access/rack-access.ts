/**
 * A person's access to the whole rack: every cell is proven off, the rack is taken out as it is and put back, and it is
 * looked which way round it lies before anything is proven by a current. Then each cell is given back by itself, all at
 * once, so that leads exchanged between them are seen.
 */
import { placeText } from "../../protocols/base/position.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { faultNote } from "../machines/errors.ts";
import type { Recorder } from "../machines/recorder.ts";
import type { Alarms } from "../run/alarms.ts";
import type { AccessDesk } from "./access-desk.ts";
import type { OpenAccess } from "./whose-access.ts";
import { NOT_AS_BEFORE, RACK } from "./access-people.ts";
import { whyNotByCodes, whyNotByVoltages } from "./rack-orientation.ts";

export interface RackAccess {
  /** Why it would make no sense now; null where it would. `codes`: what was read, by place. */
  refusal(act: "begin" | "end", by: OpenAccess, codes: ReadonlyMap<string, string>): string | null;
  /** Never throws, never waits. */
  begin(by: OpenAccess): void;
  /** Where the rack does not lie as it did all stays as it is, with an alarm. Never throws, never waits. */
  end(by: OpenAccess, codes: ReadonlyMap<string, string>): void;
}

export interface RackAccessDeps {
  /** In the campaign's order. */
  readonly cells: () => readonly { readonly position: string; readonly barcode: string }[];
  readonly desk: Pick<AccessDesk, "refusal" | "begin" | "end" | "open">;
  readonly isAsked: (position: string) => boolean;
  /** A person is still to bring it: what its place reads says nothing of it. */
  readonly isToCome: (position: string) => boolean;
  /** At rest, when it was taken out. */
  readonly openedV: ReadonlyMap<string, number>;
  /** With the cell off; rejects where its channel gives none. */
  readonly readV: (position: string) => Promise<number>;
  readonly recorder: () => Recorder;
  readonly alarms: () => Pick<Alarms, "raise" | "clear">;
  readonly fail: (error: unknown) => void;
}

export function createRackAccess(deps: RackAccessDeps): RackAccess {
  const { desk } = deps;
  let isClosing = false;

  function whole(): readonly string[] {
    return [...desk.open].flatMap(([position, { isWhole }]) => (isWhole === true ? [position] : []));
  }

  function toTake(): readonly string[] {
    return deps
      .cells()
      .flatMap(({ position }) => (desk.open.has(position) || deps.isAsked(position) ? [] : [position]));
  }

  /** By place. */
  function barcodes(): ReadonlyMap<string, string> {
    return new Map(deps.cells().map(({ position, barcode }) => [placeText(position), barcode]));
  }

  function whyNotBack(by: OpenAccess, codes: ReadonlyMap<string, string>): string | null {
    const out = whole();
    if (out.length === 0) return "nobody has access to the whole rack";
    if (isClosing) return "the access to the rack is being given back already";
    const known = barcodes();
    for (const position of out) {
      const why = desk.refusal("end", position, by, { code: known.get(placeText(position)) ?? "" });
      if (why !== null) return why;
    }
    const late = deps.cells().find(({ position }) => deps.isAsked(position))?.position;
    if (late !== undefined) return `the access to ${late} is not open yet`;
    return whyNotByCodes(codes, known);
  }

  async function close(by: OpenAccess, codes: ReadonlyMap<string, string>): Promise<void> {
    const out = whole();
    const read = await Promise.all(out.map((position) => deps.readV(position).catch(() => NaN)));
    const now = new Map(out.map((position, index) => [placeText(position), read[index] ?? NaN]));
    const known = barcodes();
    const lay = out.filter((position) => !deps.isToCome(position));
    const before = new Map(lay.flatMap((position) => entryOf(placeText(position), deps.openedV.get(position))));
    const why = whyNotByVoltages({ before, now }, codes.size > 0);
    isClosing = false;
    if (why !== null) {
      const what = `${why}; the access stays open`;
      deps.recorder().record("access-refused", { where: RACK, author: by.author, what, is_open: true });
      deps.alarms().clear(NOT_AS_BEFORE, RACK);
      deps.alarms().raise(faultNote(new Fault(NOT_AS_BEFORE, RACK, what)));
      return;
    }
    deps.alarms().clear(NOT_AS_BEFORE, RACK);
    for (const position of out) {
      // Meanwhile it may have been held, or given back by itself.
      const because = desk.refusal("end", position, by, { code: known.get(placeText(position)) ?? "" });
      if (because !== null) {
        const isOpen = desk.open.has(position);
        deps.recorder().record("access-refused", { position, author: by.author, what: because, is_open: isOpen });
        continue;
      }
      const code = codes.get(placeText(position));
      if (code !== undefined) desk.end(position, by, { code });
      else desk.end(position, by, deps.isToCome(position) ? { isNotBrought: true } : {});
    }
  }

  return {
    refusal(act, by, codes) {
      if (act === "end") return whyNotBack(by, codes);
      const places = toTake();
      if (places.length === 0) return "every cell is out already, or asked for";
      return places.reduce<string | null>((why, position) => why ?? desk.refusal("begin", position, by), null);
    },
    begin(by) {
      for (const position of toTake()) desk.begin(position, { ...by, isWhole: true });
    },
    end(by, codes) {
      isClosing = true;
      close(by, codes).catch(deps.fail);
    },
  };
}

function entryOf(place: string, voltageV: number | undefined): readonly (readonly [string, number])[] {
  return voltageV === undefined ? [] : [[place, voltageV]];
}
