/** Which capacity the rates of a protocol refer to, cell by cell. */
import type { Finding } from "../base/finding.ts";
import type { Protocol, ProtocolStep } from "../echem/protocol.ts";
import { findingAt } from "../input/document.ts";
import type { InputDocument, Path } from "../input/document.ts";
import type { CampaignFile, Item } from "./campaign-file.ts";
import type { RateRecord } from "./campaign-schema.ts";
import type { MeasuredRate } from "./campaign.ts";
import { positionsText } from "./rack-text.ts";
import type { DraftCell } from "./resolve-cells.ts";
import type { ProtocolSource } from "./resolve-protocols.ts";
import { namedStep } from "./resolve-step-rules.ts";

/** A capacity that is known before the cell has run. */
export type KnownCapacity =
  | { readonly kind: "nominal" }
  | { readonly kind: "areal"; readonly mahPerCm2: number }
  | { readonly kind: "mass"; readonly mahPerG: number };

export interface PlacedRate {
  readonly path: Path;
  readonly protocolName: string;
  /** Steps whose rates it is for, counted from 0. */
  readonly stepIndexes: readonly number[];
  /** Counts until the other is measured. */
  readonly known: KnownCapacity;
  /** Null: nothing is measured, `known` counts throughout. */
  readonly measuredInIndex: number | null;
}

/**
 * A measured capacity is taken between these parts of the nominal one: what lies outside is a step that went wrong, and
 * no measure for a current (chosen). `check` judges currents at the upper one.
 */
export const MEASURED_SHARE = { min: 0.3, max: 1.2 } as const;

export function resolveRates(
  document: InputDocument,
  file: CampaignFile,
  drafts: readonly DraftCell[],
  sources: readonly ProtocolSource[],
  findings: Finding[],
): readonly PlacedRate[] {
  const refuse = (path: Path, what: string, advice: string): undefined => {
    findings.push(findingAt(document, "error", "campaign.rate", path, what, advice));
  };

  function resolveOne({ path, record }: Item<RateRecord>): readonly PlacedRate[] {
    if (record === undefined) return [];
    const reading = { document, file, sources, findings };
    const protocolPath = [...path, "protocol"];
    const protocol = sources.find((source) => source.name === record.protocol)?.protocol;
    const named = (record.steps ?? []).map((name, index) =>
      namedStep(reading, record.protocol, name, { protocol: protocolPath, step: [...path, "steps", index] }),
    );
    if (record.steps === undefined && protocol === undefined) {
      namedStep(reading, record.protocol, "", { protocol: protocolPath, step: path });
      return [];
    }
    const basis = record.capacity === "measured" ? (record.until_then ?? null) : record.capacity;
    if (basis === null) {
      refuse([...path, "until_then"], "until_then is missing", "Give what counts before it is measured: nominal.");
      return [];
    }
    const known = knownOf(record, basis, path);
    const measured = measuredIn(record, path, reading);
    if (protocol === undefined || known === undefined || measured === undefined) return [];
    if (!named.every((item) => item !== undefined)) return [];
    const stepIndexes =
      record.steps === undefined
        ? protocol.steps.flatMap((step, index) => (hasRate(step) ? [index] : []))
        : named.map((item) => item.stepIndex);
    const without = stepIndexes.findIndex((index) => !hasRate(protocol.steps[index]));
    if (without >= 0) {
      refuse(
        [...path, "steps", without],
        `step ${record.steps?.[without] ?? ""} has no rate`,
        "Name steps with rate_C or until_rate_C.",
      );
      return [];
    }
    const needs = basis === "areal" ? "electrodeAreaCm2" : basis === "mass" ? "activeMassMg" : null;
    const bare =
      needs === null
        ? []
        : drafts.filter((draft) => draft.protocolName === record.protocol && draft[needs] === undefined);
    if (bare.length > 0) {
      const key = needs === "electrodeAreaCm2" ? "electrode_area_cm2" : "active_mass_mg";
      refuse(
        [...path, "capacity"],
        `${key} is missing for ${positionsText(bare.map((draft) => draft.position))}`,
        `Give ${key} with the cells or in cell_defaults.`,
      );
      return [];
    }
    return [{ path, protocolName: record.protocol, stepIndexes, known, measuredInIndex: measured.index }];
  }

  function knownOf(record: RateRecord, basis: KnownCapacity["kind"], path: Path): KnownCapacity | undefined {
    const { areal_capacity_mAh_cm2: mahPerCm2, specific_capacity_mAh_g: mahPerG } = record;
    if (basis === "nominal") return { kind: "nominal" };
    if (basis === "areal") {
      if (mahPerCm2 !== undefined) return { kind: "areal", mahPerCm2 };
      refuse(
        [...path, "areal_capacity_mAh_cm2"],
        "areal_capacity_mAh_cm2 is missing",
        "Give the capacity per area of electrode.",
      );
      return;
    }
    if (mahPerG !== undefined) return { kind: "mass", mahPerG };
    refuse(
      [...path, "specific_capacity_mAh_g"],
      "specific_capacity_mAh_g is missing",
      "Give the capacity per mass of active material.",
    );
  }

  /** Index null: nothing is measured. Undefined: refused. */
  function measuredIn(
    record: RateRecord,
    path: Path,
    reading: Parameters<typeof namedStep>[0],
  ): { readonly index: number | null } | undefined {
    const place = [...path, "measured_in"];
    if (record.capacity !== "measured") {
      if (record.measured_in === undefined && record.until_then === undefined) return { index: null };
      refuse(place, `capacity is ${record.capacity}`, "measured_in and until_then are for capacity: measured.");
      return;
    }
    if (record.measured_in === undefined) {
      refuse(place, "measured_in is missing", "Name the step whose charge is the capacity, by id or tag.");
      return;
    }
    const found = namedStep(reading, record.protocol, record.measured_in, {
      protocol: [...path, "protocol"],
      step: place,
    });
    if (found === undefined) return undefined;
    if (found.protocol.steps[found.stepIndex]?.kind === "constant-current") return { index: found.stepIndex };
    refuse(
      place,
      `step ${record.measured_in} is not at constant current`,
      "A capacity is measured by a charge or discharge at constant current.",
    );
  }

  const placed = file.rates.flatMap(resolveOne);
  const seen = new Set<string>();
  for (const one of placed) {
    const keys = one.stepIndexes.map((index) => `${one.protocolName} ${String(index)}`);
    if (keys.some((key) => seen.has(key))) {
      refuse(one.path, "a step's rate is said to refer to two capacities", "Name each step once.");
    }
    for (const key of keys) seen.add(key);
  }
  return placed;
}

function hasRate(step: ProtocolStep | undefined): boolean {
  if (step?.kind === "constant-current") return step.rateC !== null;
  return step?.kind === "constant-voltage" && step.untilRateC !== null;
}

/** Undefined where the cell lacks what the capacity is worked out from. */
export function capacityOf(known: KnownCapacity, draft: DraftCell): number | undefined {
  if (known.kind === "nominal") return draft.nominalCapacityMah;
  if (known.kind === "areal") {
    return draft.electrodeAreaCm2 === undefined ? undefined : known.mahPerCm2 * draft.electrodeAreaCm2;
  }
  return draft.activeMassMg === undefined ? undefined : (known.mahPerG * draft.activeMassMg) / 1000;
}

/** The protocol with every rate as mA per mAh of this cell's nominal capacity. */
export function withRates(protocol: Protocol, rates: readonly PlacedRate[], draft: DraftCell): Protocol {
  const { nominalCapacityMah } = draft;
  const factors = new Map<number, number>();
  for (const { known, stepIndexes } of rates) {
    const capacityMah = capacityOf(known, draft);
    if (nominalCapacityMah === undefined || capacityMah === undefined || known.kind === "nominal") continue;
    for (const index of stepIndexes) factors.set(index, capacityMah / nominalCapacityMah);
  }
  if (factors.size === 0) return protocol;
  return {
    ...protocol,
    steps: protocol.steps.map((step, index) => {
      const factor = factors.get(index);
      if (factor === undefined) return step;
      if (step.kind === "constant-current" && step.rateC !== null) return { ...step, rateC: step.rateC * factor };
      if (step.kind === "constant-voltage" && step.untilRateC !== null) {
        return { ...step, untilRateC: step.untilRateC * factor };
      }
      return step;
    }),
  };
}

export function measuredRatesOf(rates: readonly PlacedRate[], draft: DraftCell): readonly MeasuredRate[] {
  return rates.flatMap(({ known, stepIndexes, measuredInIndex }) => {
    const fallbackMah = capacityOf(known, draft);
    return measuredInIndex === null || fallbackMah === undefined ? [] : [{ stepIndexes, measuredInIndex, fallbackMah }];
  });
}
