/** The effects of one cell on a channel that does as told and tells nothing by itself, with a clock that is set by hand. */
import { createCellEffects, type CellEffectsDeps } from "../../../controller/cells/cell-effects.ts";
import { createSampleIntake } from "../../../controller/cells/sample-intake.ts";
import type { CellEffects } from "../../../controller/machines/programme.ts";
import type { Channel, ChannelListener } from "../../../protocols/roles/channel.ts";

export const LIMITS = { voltageMaxV: 4.25, voltageMinV: 2.5, currentMaxA: 0.005, currentMinA: -0.005 };

export function createEffectsBench(channel: Partial<Channel>, more: Partial<CellEffectsDeps> = {}) {
  const time = { nowMs: 0 };
  const heard: { to?: ChannelListener } = {};
  const intake = createOneIntake();
  const deps = {
    // What a test's channel tells may change.
    channel: Object.defineProperties(
      {
        capabilities: {},
        listen: (listener: ChannelListener) => {
          heard.to = listener;
        },
        start: () => Promise.resolve(),
        abort: () => Promise.resolve(),
      },
      Object.getOwnPropertyDescriptors(channel),
    ),
    ...{
      intake,
      clock: { monoMs: () => time.nowMs },
      recorder: { record: () => undefined },
      cellIndex: 0,
      position: "D4",
    },
    ...{ proof: { code: {}, limits: LIMITS }, tell: () => undefined, gap: () => undefined },
    ...more,
  };
  const effects: CellEffects = createCellEffects(deps as unknown as CellEffectsDeps);
  return { effects, intake, heard, time };
}

export function createOneIntake() {
  return createSampleIntake(1, {
    sink: { sample: () => undefined },
    ...{ limits: [LIMITS], limitPassed: () => undefined, overloadsInRowMax: 5 },
  });
}
