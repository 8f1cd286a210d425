/** Whether a step may begin on a cell, by what its channel reads of it and what its last samples told. */
import type { Clock } from "../../protocols/base/clock.ts";
import type { Channel, ChannelStep } from "../../protocols/roles/channel.ts";
import type { CellEffects } from "../machines/programme.ts";
import { leadBack, unfitStep } from "./next-step.ts";
import type { SampleIntake } from "./sample-intake.ts";

export interface StepLookDeps {
  readonly clock: Clock;
  readonly channel: Channel;
  readonly cellIndex: number;
  readonly intake: SampleIntake;
  /** What the cell's proof found of its resistance; null before it. */
  readonly provenOhm: () => number | null;
}

export type StepLook = Required<Pick<CellEffects, "lookBefore" | "unfitNow">>;

/** Later than this after its last sample under current a cell has relaxed, which is no drop over a resistance. */
const FRESH_MS = 30_000;
/** Of what the cell is allowed: the noise of a smaller current would tell of any resistance (chosen). */
const TELLING_SHARE = 0.01;

export function createStepLook({ clock, channel, cellIndex, intake, provenOhm }: StepLookDeps): StepLook {
  return {
    async lookBefore({ channelStep }, why) {
      if (why === "broken-off") {
        if (channelStep.kind === "constant-voltage") {
          const openCircuitV = await channel.measureOpenCircuitV();
          const lastCurrentA = intake.lastCurrentA[cellIndex] || 0;
          const cell = { openCircuitV, resistanceOhm: provenOhm(), lastCurrentA };
          return leadBack(channelStep, cell, channel.capabilities.sampleIntervalMinS);
        }
        if (channelStep.kind !== "constant-current") return null;
        const openCircuitV = await channel.measureOpenCircuitV();
        const unfit = unfitStep(channelStep, { openCircuitV, resistanceOhm: dischargeOhm(channelStep, openCircuitV) });
        // What it would do beyond its own end was its doing before the break too.
        return unfit?.kind === "over" ? unfit : null;
      }
      const voltageV = intake.lastVoltageV[cellIndex] ?? NaN;
      const currentA = intake.lastCurrentA[cellIndex] ?? NaN;
      const openCircuitV = await channel.measureOpenCircuitV();
      const { currentMaxA, currentMinA } = channelStep.limits;
      const isTold =
        clock.monoMs() - (intake.lastAtMs[cellIndex] ?? -Infinity) <= FRESH_MS &&
        Math.abs(currentA) >= TELLING_SHARE * Math.max(currentMaxA, -currentMinA);
      const ohm = isTold ? (voltageV - openCircuitV) / currentA : NaN;
      const resistanceOhm = provenOhm() ?? (Number.isFinite(ohm) && ohm > 0 ? ohm : null);
      return unfitStep(channelStep, { openCircuitV, resistanceOhm });
    },
    unfitNow({ channelStep }) {
      const voltageV = intake.lastVoltageV[cellIndex] ?? NaN;
      const resistanceOhm = provenOhm();
      const openCircuitV = voltageV - (intake.lastCurrentA[cellIndex] ?? NaN) * (resistanceOhm ?? NaN);
      // Too little is known of it: what its channel reads decides before the step begins.
      if (!Number.isFinite(openCircuitV)) return null;
      return unfitStep(channelStep, { openCircuitV, resistanceOhm });
    },
  };

  /**
   * Empty, a cell has what its proof found of it, or less by its last sample where that is of just now; at the end of a charge
   * it has a fraction, which is left out.
   */
  function dischargeOhm(
    { currentA, sampleIntervalS }: ChannelStep & { readonly currentA: number },
    openCircuitV: number,
  ) {
    if (currentA >= 0) return null;
    const ageMs = clock.monoMs() - (intake.lastAtMs[cellIndex] ?? -Infinity);
    const told = ((intake.lastVoltageV[cellIndex] ?? NaN) - openCircuitV) / (intake.lastCurrentA[cellIndex] ?? NaN);
    const isTold = ageMs <= 2000 * sampleIntervalS && told >= 0;
    return isTold ? Math.min(told, provenOhm() ?? Infinity) : provenOhm();
  }
}
