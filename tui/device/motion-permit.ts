/** May anything move? Search, door, emergency stop, enable and shutter, read as levels at the moment of asking. */
import { motionRefusals } from "../../controller/safety/permit-judgement.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { ActBench } from "./act.ts";
import { lookAtIo } from "./looks.ts";

/** `isAlone`: a person stands by, and nobody is asked. Rejects with `stage.no-permit`. */
export async function movePermitted(bench: ActBench, mover: string, isAlone: boolean): Promise<void> {
  bench.signal.throwIfAborted();
  if (isAlone) return;
  let levels;
  try {
    ({ levels } = await lookAtIo(bench));
  } catch (error) {
    if (!isFault(error)) throw error;
    const what = `whether motion is permitted could not be read from ${bench.site.io.name}: ${error.message}`;
    throw new Fault("stage.no-permit", mover, what, { code: error.code }, error);
  }
  const conditions = {
    nowMs: bench.clock.monoMs(),
    levelsMaximumAgeMs: bench.site.shutter.watchdogMs,
    latched: [],
  };
  const reasons = motionRefusals(levels, conditions);
  if (reasons.length > 0) throw new Fault("stage.no-permit", mover, `motion is not permitted: ${reasons.join(", ")}`);
}
