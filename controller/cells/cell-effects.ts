/** What a cell's machine does to its channel, and what the channel's stream tells the machine. */
import { Fault } from "../../protocols/base/fault.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import type { Channel } from "../../protocols/roles/channel.ts";
import type { CellEffects } from "../machines/programme.ts";
import type { ChannelNews } from "../machines/campaign-news.ts";
import { faultNote } from "../machines/errors.ts";
import type { Recorder } from "../machines/recorder.ts";
import type { SampleIntake } from "./sample-intake.ts";

export interface CellEffectsDeps {
  readonly clock: Clock;
  readonly channel: Channel;
  readonly cellIndex: number;
  readonly position: string;
  readonly intake: SampleIntake;
  readonly recorder: Recorder;
  readonly proof: ProofWindow;
  readonly tell: (cellIndex: number, event: ChannelNews) => void;
  /** Samples of a channel are missing from its last one until now. */
  readonly gap: (cellIndex: number, reason: string) => void;
}

/** Open-circuit voltages that a cell of this chemistry can have when it is loaded, formed or not. */
export interface ProofWindow {
  readonly openCircuitMinV: number;
  readonly openCircuitMaxV: number;
}

export function createCellEffects(deps: CellEffectsDeps): CellEffects {
  const { channel, cellIndex, intake, clock } = deps;

  channel.listen({
    sample(stepTimeS, voltageV, currentA, flags) {
      intake.sample(cellIndex, stepTimeS, voltageV, currentA, flags);
    },
    stepEnded(end) {
      deps.tell(cellIndex, {
        type: "STEP_ENDED",
        end,
        voltageV: intake.lastVoltageV[cellIndex] ?? NaN,
        currentA: intake.lastCurrentA[cellIndex] ?? NaN,
        chargeAh: intake.stepChargeAh[cellIndex] ?? NaN,
      });
    },
    fault(fault) {
      deps.tell(cellIndex, { type: "STEP_FAILED", fault: faultNote(fault) });
    },
  });

  return {
    async prove() {
      const openCircuitV = await channel.measureOpenCircuitV();
      const { openCircuitMinV, openCircuitMaxV } = deps.proof;
      deps.recorder.record("cell-proof", { position: deps.position, open_circuit_V: finiteOrNull(openCircuitV) });
      if (openCircuitV < 0) {
        throw new Fault(
          "cell.unproven",
          deps.position,
          `open-circuit voltage ${openCircuitV.toFixed(4)} V: the cell seems reversed`,
        );
      }
      if (!(openCircuitV >= openCircuitMinV && openCircuitV <= openCircuitMaxV)) {
        throw new Fault(
          "cell.unproven",
          deps.position,
          `open-circuit voltage ${openCircuitV.toFixed(4)} V is outside ${openCircuitMinV}..${openCircuitMaxV} V`,
        );
      }
      return { openCircuitV };
    },
    async startStep(step, elapsedS) {
      const untilTimeS = Math.max(step.channelStep.sampleIntervalS, step.channelStep.untilTimeS - elapsedS);
      await channel.start({ ...step.channelStep, untilTimeS });
      if (elapsedS > 0)
        deps.gap(cellIndex, "nothing was heard of the channel between a break of its step and its return");
      intake.stepStarted(cellIndex, clock.monoMs());
    },
    openCircuit: () => channel.abort(),
  };
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
