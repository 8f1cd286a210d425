/** Whether a spectrum can be measured by a channel on a cell: frequencies, amplitude, number of points. Pure. */
import { durationText } from "../base/duration-text.ts";
import type { FindingSeverity } from "../base/finding.ts";
import type { ImpedanceSpectroscopyStep } from "../echem/protocol.ts";
import { SPECTRUM_POINTS_MAX, spectrumLongestS, spectrumPlan } from "../echem/spectrum-plan.ts";
import type { CellLimits } from "../roles/channel.ts";
import type { SiteChannel } from "../site/site.ts";

/** Severity, the key of the step as files spell it, code, what, advice. */
export type Say = (severity: FindingSeverity, key: string, code: string, what: string, advice: string) => void;

/** What the instruments of a driver can do, whichever of its models is wired. */
interface ImpedanceReach {
  readonly frequencyMinHz: number;
  readonly frequencyMaxHz: number;
  readonly amplitudeMaxV: number;
}

/** The least of what EmStat4 HR, LR and Nexus have; the instrument itself is asked again when the step is loaded. */
const METHODSCRIPT_REACH: ImpedanceReach = { frequencyMinHz: 1e-5, frequencyMaxHz: 200e3, amplitudeMaxV: 0.1 };

/** A cell answers in proportion to some thermal voltages at the most (RT/F is 26 mV); published spectra use 5 to 10 mV. */
const LINEAR_V = 0.026;
/** What half a period of a sine of current moves, at the most: beyond it the cell is another one at each end. */
const MOVED_SHARE = 0.01;
/** Longer than this is more likely a slip in the lowest frequency. */
const LONG_S = 12 * 3600;

export function judgeImpedance(
  step: ImpedanceSpectroscopyStep,
  channel: SiteChannel | undefined,
  limits: CellLimits | undefined,
  nominalCapacityMah: number | undefined,
  say: Say,
): void {
  if (channel?.driver === "palmsens-methodscript") judgeReach(step, METHODSCRIPT_REACH, say);
  judgeAmplitude(step, limits, nominalCapacityMah, say);
  const plan = spectrumPlan(step);
  const points = plan.pointCount * plan.sweepCount;
  if (!(points <= SPECTRUM_POINTS_MAX)) {
    say(
      "error",
      "points_per_decade",
      "protocol.spectrum",
      `the spectrum has ${points} points`,
      `Give at most ${SPECTRUM_POINTS_MAX} in all; 6 to 10 a decade are common.`,
    );
    return;
  }
  const longestS = spectrumLongestS(plan);
  if (longestS > LONG_S) {
    say(
      "warning",
      "end_frequency_Hz",
      "protocol.spectrum",
      `the spectrum takes up to ${durationText(longestS)}, in which the cell drifts`,
      "Leave out the lowest frequencies, or take fewer points.",
    );
  }
  if (step.driftCorrection) {
    say(
      "warning",
      "drift_correction",
      "protocol.spectrum",
      "no channel here corrects for drift; voltage and current of each point are on record instead",
      "Let the cell rest longer before the spectrum, or correct by the record.",
    );
  }
}

function judgeReach(step: ImpedanceSpectroscopyStep, reach: ImpedanceReach, say: Say): void {
  const { frequencyMinHz, frequencyMaxHz, amplitudeMaxV } = reach;
  for (const [key, hz] of [
    ["start_frequency_Hz", step.startFrequencyHz],
    ["end_frequency_Hz", step.endFrequencyHz],
  ] as const) {
    if (hz >= frequencyMinHz && hz <= frequencyMaxHz) continue;
    const what = `${hz} Hz is outside what the channel measures`;
    say("error", key, "campaign.channel-range", what, `Stay within ${frequencyMinHz} to ${frequencyMaxHz} Hz.`);
  }
  const { amplitudeV } = step;
  if (amplitudeV === null || Math.abs(amplitudeV) <= amplitudeMaxV) return;
  const what = `an amplitude of ${amplitudeV} V is more than the channel is given`;
  say(
    "error",
    "amplitude_V",
    "campaign.channel-range",
    what,
    `Stay within ${amplitudeMaxV} V; 0.005 to 0.01 are common.`,
  );
}

function judgeAmplitude(
  { amplitudeV, amplitudeMa, startFrequencyHz, endFrequencyHz }: ImpedanceSpectroscopyStep,
  limits: CellLimits | undefined,
  nominalCapacityMah: number | undefined,
  say: Say,
): void {
  const key = amplitudeV === null ? "amplitude_mA" : "amplitude_V";
  const size = Math.abs(amplitudeV ?? amplitudeMa ?? NaN);
  if (size === 0) {
    say(
      "error",
      key,
      "protocol.amplitude",
      "an amplitude of 0 measures nothing",
      "Give 0.005 to 0.01 V, or a current.",
    );
    return;
  }
  if (amplitudeV !== null) {
    if (size > LINEAR_V) {
      const what = `a cell answers to ${amplitudeV} V no more in proportion`;
      say("warning", key, "protocol.amplitude", what, "Give 0.005 to 0.01 V.");
    }
    return;
  }
  if (limits !== undefined && size / 1000 > Math.min(limits.currentMaxA, -limits.currentMinA)) {
    const what = `a sine of ${size} mA passes the cell's safety limits in current`;
    say("error", key, "campaign.beyond-safety", what, "Lower the amplitude.");
  }
  if (nominalCapacityMah === undefined) return;
  // Half a sine of current: I T / pi.
  const movedMah = size / (Math.PI * Math.min(startFrequencyHz, endFrequencyHz)) / 3600;
  if (movedMah <= MOVED_SHARE * nominalCapacityMah) return;
  const share = ((100 * movedMah) / nominalCapacityMah).toPrecision(2);
  const what = `at the lowest frequency a sine of ${size} mA moves the cell by ${share} % of its capacity`;
  say("error", key, "protocol.amplitude", what, "Lower the amplitude, raise the frequency, or give amplitude_V.");
}
