/** Steps of which nothing may be heard. */
import type { ChannelStep } from "../../../protocols/roles/channel.ts";
import { LIMITS } from "./effects-bench.ts";

export const CHARGE: ChannelStep = {
  ...{ kind: "constant-current", currentA: 0.001, untilVoltageV: null, untilTimeS: 100 },
  ...{ sampleIntervalS: 1, limits: LIMITS },
};
export const STEP = { stepNumber: 1, cycleNumber: 1, label: "", channelStep: CHARGE };

export const REST_STEP = {
  ...STEP,
  channelStep: { kind: "rest", untilTimeS: 60, sampleIntervalS: 1, limits: LIMITS },
} as const;
