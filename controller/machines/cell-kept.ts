/** The state of a cell that a person let go on, or that lies in its place again: it is off until that is on record. */
import { assign } from "xstate";
import { onStoppingActs } from "./cell-acts.ts";
import { LIMIT_OPENS, type setupCell } from "./cell-setup.ts";

/**
 * For the cell's machine, among its other states. A controller that is lost before leaves a cell that is held, or out of its
 * place, by the record, and was driven: the next one would neither count nor doubt what flowed.
 */
export function createKeptState(parts: ReturnType<typeof setupCell>) {
  const actedOn = { target: "choosing", actions: "noteAct" } as const;
  return parts.createStateConfig({
    entry: {
      type: "waitFor",
      params: { reason: "the record to be on the disk before the cell goes on", who: "record", ms: null },
    },
    invoke: {
      src: "keep",
      input: { of: null, atMs: null },
      onDone: { target: "choosing", actions: assign({ isToBeKept: false }) },
      // The run hears by itself of a record that fails, and ends.
      onError: {},
    },
    on: { ...LIMIT_OPENS, ...onStoppingActs(actedOn), TAKE_OUT: { target: "choosing", actions: "noteTaken" } },
  });
}
