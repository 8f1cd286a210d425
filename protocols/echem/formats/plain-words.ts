/** A protocol in plain words, one line a step, for the person who has to agree to it. */
import { unreachable } from "../../base/assert.ts";
import { stepCountOf } from "../cursor.ts";
import type { ConstantCurrentStep, Protocol, ProtocolStep, RecordRule, SafetyRule } from "../protocol.ts";

/** `capacityMah`: to say what a rate means; null when no capacity is known. */
export function protocolInWords(protocol: Protocol, capacityMah: number | null): readonly string[] {
  const depth = loopDepths(protocol.steps);
  const capacity = capacityMah === null ? "no capacity named" : `${number(capacityMah)} mAh`;
  const numberWidth = String(protocol.steps.length).length;
  return [
    `${protocol.name}: ${count(protocol.steps.length, "step")}, ${stepCountOf(protocol).toLocaleString("en")} run with loops, ${capacity}`,
    `Records ${recordText(protocol.record)}.`,
    `Safety: ${safetyText(protocol.safety)}.`,
    ...protocol.steps.map((step, index) => {
      const label = step.id === null ? "" : `  [${step.id}]`;
      const indent = "  ".repeat(depth[index] ?? 0);
      return `${String(index + 1).padStart(numberWidth)}. ${indent}${stepText(step, capacityMah)}${label}`;
    }),
  ];
}

/** How many loops stand around each step. */
function loopDepths(steps: readonly ProtocolStep[]): readonly number[] {
  const depth = steps.map(() => 0);
  steps.forEach((step, loopIndex) => {
    if (step.kind !== "loop") return;
    for (let index = step.targetIndex; index < loopIndex; index += 1) {
      if (steps[index]?.kind !== "tag" || index !== step.targetIndex) depth[index] = (depth[index] ?? 0) + 1;
    }
  });
  return depth;
}

function stepText(step: ProtocolStep, capacityMah: number | null): string {
  switch (step.kind) {
    case "open-circuit-voltage":
      return `Rest at open circuit for ${duration(step.untilTimeS)}`;
    case "constant-current": {
      const ends = [
        ...(step.untilVoltageV === null ? [] : [`until ${number(step.untilVoltageV)} V`]),
        ...(step.untilTimeS === null ? [] : [`for at most ${duration(step.untilTimeS)}`]),
      ];
      return `${currentText(step, capacityMah)} ${ends.join(", ")}`;
    }
    case "constant-voltage": {
      const ends = [
        ...(step.untilRateC === null ? [] : [`until the current falls to ${rateText(step.untilRateC, capacityMah)}`]),
        ...(step.untilCurrentMa === null || step.untilRateC !== null
          ? []
          : [`until the current falls to ${number(Math.abs(step.untilCurrentMa))} mA`]),
        ...(step.untilTimeS === null ? [] : [`for at most ${duration(step.untilTimeS)}`]),
      ];
      return `Hold ${number(step.voltageV)} V ${ends.join(", ")}`;
    }
    case "impedance-spectroscopy": {
      const amplitude =
        step.amplitudeV === null ? `${number(step.amplitudeMa ?? 0)} mA` : `${number(step.amplitudeV * 1000)} mV`;
      return `Impedance from ${frequency(step.startFrequencyHz)} to ${frequency(step.endFrequencyHz)}, ${number(step.pointsPerDecade)} points a decade, ${amplitude}`;
    }
    case "voltage-scan":
      return `Scan the voltage from ${number(step.startVoltageV)} V to ${number(step.endVoltageV)} V at ${number(step.scanRateMvS)} mV/s`;
    case "loop":
      return `Go back to ${typeof step.loopTo === "number" ? `step ${step.loopTo}` : `"${step.loopTo}"`}; ${count(step.cycleCount, "pass", "passes")} in all`;
    case "tag":
      return `"${step.tag}":`;
    default:
      return unreachable(step);
  }
}

function currentText(step: ConstantCurrentStep, capacityMah: number | null): string {
  const isCharge = (step.rateC ?? step.currentMa ?? 0) > 0;
  const size = step.rateC === null ? `${number(Math.abs(step.currentMa ?? 0))} mA` : rateText(step.rateC, capacityMah);
  return `${isCharge ? "Charge" : "Discharge"} with ${size}`;
}

function rateText(rateC: number, capacityMah: number | null): string {
  const size = Math.abs(rateC);
  const inverse = 1 / size;
  const isFraction = size < 1 && Math.abs(inverse - Math.round(inverse)) < 1e-9;
  const rate = isFraction ? `C/${Math.round(inverse)}` : `${number(size)}C`;
  return capacityMah === null ? rate : `${rate} (${number(size * capacityMah)} mA)`;
}

function recordText(record: RecordRule): string {
  const changes = [
    ...(record.voltageV === null ? [] : [`${number(record.voltageV * 1000)} mV`]),
    ...(record.currentMa === null ? [] : [`${number(record.currentMa)} mA`]),
  ];
  return `every ${duration(record.timeS)}${changes.length === 0 ? "" : `, and at each change of ${changes.join(" or ")}`}`;
}

function safetyText(safety: SafetyRule): string {
  const parts = [
    range("voltage", safety.minVoltageV, safety.maxVoltageV, "V"),
    range("current", safety.minCurrentMa, safety.maxCurrentMa, "mA"),
    ...(safety.maxCapacityMah === null ? [] : [`capacity up to ${number(safety.maxCapacityMah)} mAh`]),
    ...(safety.delayS === null || safety.delayS === 0 ? [] : [`after ${number(safety.delayS)} s beyond a limit`]),
  ].filter((part) => part !== "");
  return parts.length === 0 ? "none named in the file; the cell's own limits hold" : parts.join(", ");
}

function range(what: string, least: number | null, most: number | null, unit: string): string {
  if (least === null && most === null) return "";
  if (least === null) return `${what} up to ${number(most ?? 0)} ${unit}`;
  if (most === null) return `${what} down to ${number(least)} ${unit}`;
  return `${what} ${number(least)} to ${number(most)} ${unit}`;
}

function duration(seconds: number): string {
  if (seconds >= 3600 && seconds % 360 === 0) return `${number(seconds / 3600)} h`;
  if (seconds >= 60 && seconds % 6 === 0) return `${number(seconds / 60)} min`;
  return `${number(seconds)} s`;
}

function frequency(hertz: number): string {
  if (hertz >= 1000) return `${number(hertz / 1000)} kHz`;
  return hertz < 1 ? `${number(hertz * 1000)} mHz` : `${number(hertz)} Hz`;
}

function count(value: number, one: string, many = `${one}s`): string {
  return `${value} ${value === 1 ? one : many}`;
}

/** Six digits are more than any instrument sets, and leave no binary noise. */
function number(value: number): string {
  return String(Number(value.toPrecision(6)));
}
