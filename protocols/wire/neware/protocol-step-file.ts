/** A whole protocol as one step file: what `protocol convert` writes and what a cabinet can run by itself. */
import { TECHNIQUE_NAMES } from "../../echem/channel-step.ts";
import type { ConstantVoltageStep, Protocol, ProtocolStep } from "../../echem/protocol.ts";
import { decoded, unreadable, type Decoded } from "./decoded.ts";
import type { BtsStep, StepFile } from "./step-xml.ts";

/** What a file says of itself. */
export interface StepFileLabel {
  readonly creator: string;
  readonly date: string;
  readonly guid: string;
}

/** The placeholder of a protocol that names no sample. */
const NO_NAME = "$NAME";

/**
 * `sample` replaces the protocol's own name and capacity where given. Refused: no sample name, rates without a
 * capacity, and techniques the converter has no form for.
 */
export function protocolStepFile(
  protocol: Protocol,
  label: StepFileLabel,
  sample: { readonly name?: string; readonly capacityMah?: number } = {},
): Decoded<StepFile> {
  const name = sample.name ?? protocol.sampleName;
  if (name === "" || name === NO_NAME) return unreadable("the protocol names no sample; give a name");
  const capacityMah = sample.capacityMah ?? protocol.sampleCapacityMah;
  const { safety, record } = protocol;
  // A loop may begin at a tag, which the file does not have: it begins at the step after it.
  const numbers: number[] = [];
  let count = 0;
  for (const step of protocol.steps) {
    numbers.push(count + 1);
    if (step.kind !== "tag") count += 1;
  }
  const real = protocol.steps.filter((step) => step.kind !== "tag");
  const steps: BtsStep[] = [];
  for (const [index, step] of real.entries()) {
    const made = btsStep(step, real[index - 1], capacityMah, numbers);
    if (!made.ok) return unreadable(`step ${index + 1}: ${made.reason}`);
    steps.push(made.value);
  }
  return decoded({
    ...label,
    remark: name,
    capacityMah,
    protection: {
      voltageMaxV: safety.maxVoltageV,
      voltageMinV: safety.minVoltageV,
      currentMaxMa: safety.maxCurrentMa,
      currentMinMa: safety.minCurrentMa,
      delayS: safety.delayS,
      capacityMaxMah: safety.maxCapacityMah,
    },
    record: { timeS: record.timeS, voltageV: record.voltageV, currentMa: record.currentMa },
    steps,
  });
}

function btsStep(
  step: ProtocolStep,
  previous: ProtocolStep | undefined,
  capacityMah: number | null,
  numbers: readonly number[],
): Decoded<BtsStep> {
  switch (step.kind) {
    case "open-circuit-voltage":
      return decoded({ kind: "rest", timeS: step.untilTimeS });
    case "constant-current": {
      const current = resolved(step.rateC, step.currentMa, capacityMah);
      if (!current.ok) return current;
      if (current.value === null || current.value === 0) return unreadable("no current and no rate");
      return decoded({
        kind: "constant-current",
        currentMa: current.value,
        rateC: step.rateC,
        timeS: step.untilTimeS,
        stopVoltageV: step.untilVoltageV,
      });
    }
    case "constant-voltage": {
      const stop = resolved(step.untilRateC, step.untilCurrentMa, capacityMah);
      if (!stop.ok) return stop;
      const ceiling = ceilingOf(step, previous, capacityMah);
      if (!ceiling.ok) return ceiling;
      return decoded({
        kind: "constant-voltage",
        // The sign of the stop condition is all that a hold says of its direction.
        direction: (stop.value ?? 0) < 0 ? "discharge" : "charge",
        voltageV: step.voltageV,
        timeS: step.untilTimeS,
        stopRateC: step.untilRateC,
        stopCurrentMa: stop.value,
        ceiling: ceiling.value,
      });
    }
    case "loop":
      return decoded({ kind: "loop", startStep: numbers[step.targetIndex] ?? 1, cycleCount: step.cycleCount });
    case "impedance-spectroscopy":
    case "voltage-scan":
      return unreadable(`a step file has no ${TECHNIQUE_NAMES[step.kind]}`);
    case "tag":
      return unreadable("a tag is not a step");
  }
}

/** A hold that continues a constant current to the same voltage may draw no more than that current. */
function ceilingOf(
  step: ConstantVoltageStep,
  previous: ProtocolStep | undefined,
  capacityMah: number | null,
): Decoded<{ readonly currentMa: number; readonly rateC: number | null } | null> {
  if (previous?.kind !== "constant-current" || previous.untilVoltageV !== step.voltageV) return decoded(null);
  const current = resolved(previous.rateC, previous.currentMa, capacityMah);
  if (!current.ok) return current;
  return decoded(current.value === null ? null : { currentMa: current.value, rateC: previous.rateC });
}

/** The rate wins over the current, as the format says. */
function resolved(rateC: number | null, currentMa: number | null, capacityMah: number | null): Decoded<number | null> {
  if (rateC === null) return decoded(currentMa);
  return capacityMah === null ? unreadable("a rate needs the sample's capacity") : decoded(rateC * capacityMah);
}
