/** Whether the steps a trigger means can ever come to what it asks at: currents either way, voltages, rests. */
import { stepCurrentA } from "../echem/channel-step.ts";
import type { Protocol, TechniqueStep } from "../echem/protocol.ts";
import type { Path } from "../input/document.ts";
import { limitsOf } from "./judge-safety.ts";
import type { DraftCell } from "./resolve-cells.ts";
import { ruledProtocol } from "./ruled-protocol.ts";
import { refuser, type TriggerReading } from "./trigger-reading.ts";
import type { TriggerCell } from "./trigger.ts";

export interface Marks {
  readonly charge: readonly number[];
  readonly discharge: readonly number[];
}

interface ChosenProtocol {
  readonly draft: DraftCell;
  readonly protocol: Protocol;
  readonly steps: readonly TechniqueStep[];
}

/** One of each protocol, with the steps that are meant. */
function protocolsOf(
  { drafts, sources, rules }: TriggerReading,
  selected: readonly TriggerCell[],
): readonly ChosenProtocol[] {
  const seen = new Map<string, ChosenProtocol>();
  for (const { cellIndex, stepIndexes } of selected) {
    const draft = drafts[cellIndex];
    const written = sources.find((source) => source.name === draft?.protocolName)?.protocol;
    if (draft === undefined || written === undefined || seen.has(written.name)) continue;
    const protocol = ruledProtocol(written, rules, draft);
    const steps = protocol.steps.filter(
      (step, index): step is TechniqueStep =>
        step.kind !== "tag" && step.kind !== "loop" && (stepIndexes?.includes(index) ?? true),
    );
    seen.set(written.name, { draft, protocol, steps });
  }
  return [...seen.values()];
}

function currentsOf({ draft, steps }: ChosenProtocol) {
  return steps.flatMap((step) =>
    step.kind === "constant-current" ? [{ step, currentA: stepCurrentA(step, draft.nominalCapacityMah ?? 1) }] : [],
  );
}

/** In C, of all currents that are meant. */
export function fastest(reading: TriggerReading, selected: readonly TriggerCell[]): number {
  return Math.max(
    0,
    ...protocolsOf(reading, selected).flatMap((chosen) =>
      currentsOf(chosen).map(({ currentA }) => (1000 * Math.abs(currentA)) / (chosen.draft.nominalCapacityMah ?? 1)),
    ),
  );
}

const SIGNS = { charge: 1, discharge: -1 } as const;

export function checkDirections(
  reading: TriggerReading,
  path: Path,
  selected: readonly TriggerCell[],
  marks: Marks,
): void {
  const chosen = protocolsOf(reading, selected);
  if (chosen.length === 0) return;
  for (const direction of ["charge", "discharge"] as const) {
    if (marks[direction].length === 0) continue;
    const has = chosen.some((one) => currentsOf(one).some(({ currentA }) => currentA * SIGNS[direction] > 0));
    if (has) continue;
    const what = `no step that is meant is a ${direction} at constant current`;
    refuser(reading)([...path, direction], what, `Name such steps, or leave out ${direction}.`);
  }
}

/** Volts that no current that is meant can come to. */
export function checkVoltages(
  reading: TriggerReading,
  path: Path,
  selected: readonly TriggerCell[],
  marks: Marks,
  keys: Readonly<Record<"charge" | "discharge", string>> = { charge: "charge", discharge: "discharge" },
): void {
  const chosen = protocolsOf(reading, selected);
  for (const direction of ["charge", "discharge"] as const) {
    const sign = SIGNS[direction];
    let furthestV = -sign * Infinity;
    let leastV = sign * Infinity;
    for (const one of chosen) {
      const limits = limitsOf(one.draft, one.protocol.safety);
      if (limits === undefined) return;
      for (const { step, currentA } of currentsOf(one)) {
        if (!(currentA * sign > 0)) continue;
        const endV = step.untilVoltageV ?? (sign > 0 ? limits.voltageMaxV : limits.voltageMinV);
        furthestV = sign > 0 ? Math.max(furthestV, endV) : Math.min(furthestV, endV);
        const fromV = sign > 0 ? limits.voltageMinV : limits.voltageMaxV;
        leastV = sign > 0 ? Math.min(leastV, fromV) : Math.max(leastV, fromV);
      }
    }
    if (!Number.isFinite(furthestV)) continue;
    const beyond = marks[direction].find((mark) => sign * (mark - furthestV) >= 0 || sign * (mark - leastV) < 0);
    // Of a range only one end need be reached.
    const isRange = keys.charge !== "charge";
    if (beyond === undefined || (isRange && marks[direction].some((mark) => sign * (mark - furthestV) < 0))) continue;
    const what = `no ${direction} that is meant passes ${beyond} V: they run from ${leastV} V at the most to ${furthestV} V`;
    refuser(reading)([...path, keys[direction]], what, "Give voltages between these.");
  }
}

/** The longest rest that is meant, seconds; a finding where there is none. */
export function restsOf(reading: TriggerReading, path: Path, selected: readonly TriggerCell[]): number {
  const chosen = protocolsOf(reading, selected);
  const rests = chosen.flatMap(({ steps }) =>
    steps.flatMap((step) => (step.kind === "open-circuit-voltage" ? [step.untilTimeS] : [])),
  );
  if (rests.length === 0 && chosen.length > 0) {
    refuser(reading)([...path, "steps"], "no step that is meant is a rest", "Name steps of open_circuit_voltage.");
  }
  return Math.max(0, ...rests);
}
