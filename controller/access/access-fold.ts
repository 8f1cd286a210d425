/** Whose access to which cell stands open, by the events of a record. A fold, event by event; pure but for its own state. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { LeftAccess, OpenAccess } from "./whose-access.ts";
import { AIM_KNOWN, AIM_LOST, type LostAim } from "./rack-aim.ts";

export interface AccessFold {
  event(type: string, data: Readonly<Record<string, Json>>): void;
  /** By position: cells that were put back, and within what of where they were, mm. */
  readonly moved: ReadonlyMap<string, number>;
  /** By position. */
  readonly open: ReadonlyMap<string, LeftAccess>;
  /** Null while it is known where the rack stands. */
  readonly aim: LostAim | null;
}

/** With `spots_moved_within_mm`, where the cell was put back. */
export const ACCESS_CLOSED = "access-closed";

export function createAccessFold(): AccessFold {
  const moved = new Map<string, number>();
  const open = new Map<string, LeftAccess>();
  let aim: LostAim | null = null;

  function opened(position: string, data: Readonly<Record<string, Json>>): void {
    const { open_circuit_V: openCircuitV } = data;
    // By what was open by then, not by what the event names: of two that were opened at once each is told before the other.
    const others = [...open].flatMap(([other, { isOpen }]) => (isOpen && other !== position ? [other] : []));
    open.set(position, {
      ...{ ...byOf(data), isOpen: true, company: others },
      openCircuitV: typeof openCircuitV === "number" ? openCircuitV : null,
    });
    for (const other of others) {
      const left = open.get(other);
      if (left !== undefined) open.set(other, { ...left, company: [...left.company, position] });
    }
  }

  return {
    ...{ open, moved },
    get aim() {
      return aim;
    },
    event(type, data) {
      const position = textOf(data["position"]);
      switch (type) {
        case AIM_LOST:
          aim = { sinceMs: typeof data["since_ms"] === "number" ? data["since_ms"] : 0 };
          break;
        case AIM_KNOWN:
          aim = null;
          break;
        case "access-asked":
          open.set(position, { ...byOf(data), isOpen: false, openCircuitV: null, company: [] });
          break;
        case "access-opened":
          opened(position, data);
          break;
        case ACCESS_CLOSED: {
          open.delete(position);
          const { spots_moved_within_mm: withinMm } = data;
          if (typeof withinMm === "number") moved.set(position, withinMm);
          break;
        }
        // By a person: then it is given back, whatever became of the word of it.
        case "cell-put-back": {
          const left = open.get(position);
          const isBack = data["is_first"] === true ? "first" : "again";
          if (left?.isOpen === true) open.set(position, { ...left, isBack });
          break;
        }
        case "cell-taken-out": {
          const left = open.get(position);
          if (left?.isBack !== undefined) open.set(position, { ...left, isBack: null });
          break;
        }
        case "access-refused":
          if (data["is_open"] !== true) open.delete(position);
          break;
        default:
      }
    },
  };
}

function byOf(data: Readonly<Record<string, Json>>): OpenAccess {
  const isWhole = data["is_whole_rack"] === true ? { isWhole: true as const } : {};
  return { author: textOf(data["author"]), reason: textOf(data["reason"]), ...isWhole };
}

function textOf(data: Json | undefined): string {
  return typeof data === "string" ? data : "";
}
