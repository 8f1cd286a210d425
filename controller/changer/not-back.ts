/** Cells that lie in the beam or the gripper when nothing is left to bring them back: each is told, for a person to take out. */
import { Fault } from "../../protocols/base/fault.ts";
import { faultNote } from "../machines/errors.ts";
import type { Alarms } from "../run/alarms.ts";
import type { ChangerDesk } from "./changer-desk.ts";

const NOT_BACK = "changer.not-back";

export interface NotBackDeps {
  readonly desk: Pick<ChangerDesk, "inBeam" | "fetched">;
  readonly cells: readonly { readonly position: string; readonly barcode: string }[];
  readonly alarms: Pick<Alarms, "raise" | "clear" | "open">;
}

/** `isEnd`: nothing more is exposed, and the robot is sent nowhere. What was told before, and is not so any more, ends. */
export function tellNotBack({ desk, cells, alarms }: NotBackDeps, isEnd: boolean): void {
  const out = new Map<string, string>();
  for (const [cellIndex, where] of [
    [desk.inBeam, "in the holder in the beam"],
    [desk.fetched, "in the robot's gripper"],
  ] as const) {
    const cell = cellIndex === null ? undefined : cells[cellIndex];
    if (cell !== undefined) out.set(cell.position, `its cell ${cell.barcode} lies ${where}, and is not brought back`);
  }
  for (const { code, where } of alarms.open) if (code === NOT_BACK && !out.has(where)) alarms.clear(code, where);
  if (!isEnd) return;
  for (const [position, what] of out) alarms.raise(faultNote(new Fault(NOT_BACK, position, what)));
}
