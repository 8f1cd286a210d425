/**
 * A protocol as a BattINFO workflow in JSON-LD, for catalogues and records: a chain of tasks by `hasNext`, loops as
 * `IterativeWorkflow` with the chain of one pass in `hasTask`. Magnitudes are absolute, the type of a task gives the
 * direction. Names, tags, record and safety rules have no place in it; no protocol is read from it.
 */
import { unreachable } from "../../base/assert.ts";
import type { ConstantCurrentStep, ConstantVoltageStep, Protocol, TechniqueStep } from "../protocol.ts";

export interface BattinfoQuantity {
  readonly "@type": string | readonly string[];
  readonly hasNumericalPart: { readonly "@type": "RealData"; readonly hasNumberValue: number };
  readonly hasMeasurementUnit: string;
}

export interface BattinfoTask {
  readonly "@context"?: unknown;
  readonly "@type": string;
  readonly hasInput: readonly BattinfoQuantity[];
  readonly hasTask?: BattinfoTask;
  readonly hasNext?: BattinfoTask;
}

export type WrittenWorkflow =
  | { readonly ok: true; readonly workflow: BattinfoTask }
  | { readonly ok: false; readonly reason: string };

/** Each task lies inside the one before it: many more are too deep for those who read JSON. */
export const WORKFLOW_TASK_COUNT_MAX = 500;

const CONTEXT = [
  "https://w3id.org/emmo/domain/battery/context",
  {
    hasMeasurementUnit: { "@id": "https://w3id.org/emmo#EMMO_bed1d005_b04e_4a90_94cf_02bc678a8569", "@type": "@vocab" },
  },
] as const;

type Node = Pick<BattinfoTask, "@type" | "hasInput" | "hasTask">;

/** Refused: more tasks than can be chained. A rate is given as a current too where the sample's capacity is known. */
export function battinfoWorkflow(protocol: Protocol): WrittenWorkflow {
  const count = protocol.steps.filter((step) => step.kind !== "tag").length;
  if (count > WORKFLOW_TASK_COUNT_MAX) {
    return { ok: false, reason: `${count} tasks in one chain; at most ${WORKFLOW_TASK_COUNT_MAX}` };
  }
  // Loops lie one inside the other or follow each other, so one that ends takes up the newest nodes.
  const open: { readonly index: number; readonly node: Node }[] = [];
  protocol.steps.forEach((step, index) => {
    if (step.kind === "tag") return;
    if (step.kind !== "loop") {
      open.push({ index, node: taskOf(step, protocol.sampleCapacityMah) });
      return;
    }
    const first = open.findIndex((entry) => entry.index >= step.targetIndex);
    const pass = chained(open.splice(first < 0 ? open.length : first).map((entry) => entry.node));
    const hasInput = [quantity("NumberOfIterations", step.cycleCount, "UnitOne")];
    const node = { "@type": "IterativeWorkflow", hasInput, ...(pass === undefined ? {} : { hasTask: pass }) };
    open.push({ index: step.targetIndex, node });
  });
  const whole = chained(open.map((entry) => entry.node));
  if (whole === undefined) return { ok: false, reason: "the protocol has nothing but tags" };
  return { ok: true, workflow: { "@context": CONTEXT, ...whole } };
}

function chained(nodes: readonly Node[]): BattinfoTask | undefined {
  return nodes.reduceRight<BattinfoTask | undefined>(
    (next, node) => (next === undefined ? node : { ...node, hasNext: next }),
    undefined,
  );
}

function taskOf(step: TechniqueStep, capacityMah: number | null): Node {
  switch (step.kind) {
    case "open-circuit-voltage":
      return { "@type": "OpenCircuitHold", hasInput: durationOf(step.untilTimeS) };
    case "constant-current":
      return constantCurrent(step, capacityMah);
    case "constant-voltage":
      return constantVoltage(step, capacityMah);
    case "impedance-spectroscopy": {
      const { startFrequencyHz: start, endFrequencyHz: end } = step;
      return {
        "@type": "ElectrochemicalImpedanceSpectroscopy",
        hasInput: [
          ...optional("AmplitudeOfAlternatingVoltage", step.amplitudeV, "Volt"),
          ...optional("AmplitudeOfAlternatingCurrent", step.amplitudeMa, "MilliAmpere"),
          quantity("LowerFrequencyLimit", Math.min(start, end), "Hertz"),
          quantity("UpperFrequencyLimit", Math.max(start, end), "Hertz"),
        ],
      };
    }
    case "voltage-scan": {
      const { startVoltageV: start, endVoltageV: end } = step;
      return {
        "@type": "LinearScanVoltammetry",
        hasInput: [
          quantity("LowerVoltageLimit", Math.min(start, end), "Volt"),
          quantity("UpperVoltageLimit", Math.max(start, end), "Volt"),
          // The one magnitude that keeps its sign: it alone tells the way.
          quantity("PotentialScanRate", (Math.sign(end - start) * step.scanRateMvS) / 1000, "VoltPerSecond"),
        ],
      };
    }
    default:
      return unreachable(step);
  }
}

function constantCurrent(step: ConstantCurrentStep, capacityMah: number | null): Node {
  const isCharge = (step.rateC ?? step.currentMa ?? 0) > 0;
  return {
    "@type": isCharge ? "ConstantCurrentCharging" : "ConstantCurrentDischarging",
    hasInput: [
      ...optional("ElectricCurrent", currentOf(step.rateC, step.currentMa, capacityMah), "MilliAmpere"),
      ...optional("CRate", step.rateC, "CRateUnit"),
      ...ending(isCharge ? "UpperVoltageLimit" : "LowerVoltageLimit", step.untilVoltageV, "Volt"),
      ...durationOf(step.untilTimeS),
    ],
  };
}

function constantVoltage(step: ConstantVoltageStep, capacityMah: number | null): Node {
  const stopMa = currentOf(step.untilRateC, step.untilCurrentMa, capacityMah);
  return {
    "@type": "VoltageHold",
    hasInput: [
      quantity("Voltage", step.voltageV, "Volt"),
      ...ending("LowerCurrentLimit", stopMa, "MilliAmpere"),
      ...ending("LowerCRateLimit", step.untilRateC, "CRateUnit"),
      ...durationOf(step.untilTimeS),
    ],
  };
}

/** The rate wins; without a capacity it stands alone. */
function currentOf(rateC: number | null, currentMa: number | null, capacityMah: number | null): number | null {
  if (rateC === null) return currentMa;
  return capacityMah === null ? null : rateC * capacityMah;
}

function durationOf(timeS: number | null): readonly BattinfoQuantity[] {
  return optional("Duration", timeS, "Second");
}

function optional(type: string, value: number | null, unit: string): readonly BattinfoQuantity[] {
  return value === null ? [] : [quantity(type, Math.abs(value), unit)];
}

function ending(type: string, value: number | null, unit: string): readonly BattinfoQuantity[] {
  return value === null ? [] : [quantity([type, "TerminationQuantity"], Math.abs(value), unit)];
}

function quantity(type: string | readonly string[], value: number, unit: string): BattinfoQuantity {
  return {
    "@type": type,
    hasNumericalPart: { "@type": "RealData", hasNumberValue: value },
    hasMeasurementUnit: unit,
  };
}
