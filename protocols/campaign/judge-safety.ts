/** The cell's own limits: that all are there, and that they suit its chemistry and its channel. */
import type { Finding } from "../base/finding.ts";
import type { SafetyRule } from "../echem/protocol.ts";
import { findingAt, valueAt } from "../input/document.ts";
import type { InputDocument, Path } from "../input/document.ts";
import type { CellLimits } from "../roles/channel.ts";
import type { SiteChannel } from "../site/site.ts";
import type { Chemistry } from "./chemistry.ts";
import type { DraftCell } from "./resolve-cells.ts";
import type { ProtocolSource } from "./resolve-protocols.ts";

const SAFETY_KEYS = [
  ["max_voltage_V", "maxVoltageV"],
  ["min_voltage_V", "minVoltageV"],
  ["max_current_mA", "maxCurrentMa"],
  ["min_current_mA", "minCurrentMa"],
] as const;

type SafetyKey = (typeof SAFETY_KEYS)[number][0];

/** The tighter of the cell's and the protocol's own limits; undefined where neither gives a value. */
export function limitsOf(draft: DraftCell, safety: SafetyRule): CellLimits | undefined {
  const { maxVoltageV, minVoltageV, maxCurrentMa, minCurrentMa } = tightest(draft, safety);
  if (
    maxVoltageV === undefined ||
    minVoltageV === undefined ||
    maxCurrentMa === undefined ||
    minCurrentMa === undefined
  ) {
    return undefined;
  }
  return {
    voltageMaxV: maxVoltageV,
    voltageMinV: minVoltageV,
    currentMaxA: maxCurrentMa / 1000,
    currentMinA: minCurrentMa / 1000,
  };
}

export function tightest(
  draft: DraftCell,
  safety: SafetyRule,
): Record<(typeof SAFETY_KEYS)[number][1], number | undefined> {
  const least = (a: number | undefined, b: number | null): number | undefined =>
    b === null ? a : Math.min(a ?? Infinity, b);
  const most = (a: number | undefined, b: number | null): number | undefined =>
    b === null ? a : Math.max(a ?? -Infinity, b);
  return {
    maxVoltageV: least(draft.safety.max_voltage_V, safety.maxVoltageV),
    minVoltageV: most(draft.safety.min_voltage_V, safety.minVoltageV),
    maxCurrentMa: least(draft.safety.max_current_mA, safety.maxCurrentMa),
    minCurrentMa: most(draft.safety.min_current_mA, safety.minCurrentMa),
  };
}

/** What is judged here of cells that are judged together. */
interface SafetyCase {
  readonly source: ProtocolSource;
  readonly protocol: { readonly safety: SafetyRule };
  readonly chemistry: Chemistry | undefined;
  readonly channel: SiteChannel | undefined;
  readonly draft: DraftCell;
}

export function judgeSafety(document: InputDocument, one: SafetyCase, cells: string, findings: Finding[]): void {
  const refuse = (key: SafetyKey, code: string, what: string, advice: string): void => {
    const place = safetyPlace(document, one, key);
    findings.push(findingAt(place.document, "error", code, place.path, `${what} for ${cells}`, advice));
  };
  const limits = tightest(one.draft, one.protocol.safety);
  for (const [key, field] of SAFETY_KEYS) {
    if (limits[field] === undefined) {
      refuse(
        key,
        "campaign.safety-missing",
        `no ${key}`,
        "Give it under safety of the cells, or in the protocol's safety.",
      );
    }
  }
  const { maxVoltageV, minVoltageV, maxCurrentMa, minCurrentMa } = limits;
  // Channels take no others: what goes on after a break may need a current either way.
  if (maxCurrentMa !== undefined && !(maxCurrentMa > 0)) {
    const advice = "Give a current above 0 mA.";
    refuse("max_current_mA", "campaign.safety-range", `max_current_mA ${maxCurrentMa} is not above 0`, advice);
  }
  if (minCurrentMa !== undefined && !(minCurrentMa < 0)) {
    const advice = "Give a current below 0 mA.";
    refuse("min_current_mA", "campaign.safety-range", `min_current_mA ${minCurrentMa} is not below 0`, advice);
  }
  if (maxVoltageV !== undefined && minVoltageV !== undefined && !(maxVoltageV > minVoltageV)) {
    refuse(
      "max_voltage_V",
      "campaign.safety-range",
      `max_voltage_V ${maxVoltageV} is not above min_voltage_V ${minVoltageV}`,
      "Give the higher voltage as max_voltage_V.",
    );
  }
  const { chemistry, channel } = one;
  if (chemistry !== undefined && maxVoltageV !== undefined && maxVoltageV > chemistry.hardMaxV) {
    refuse(
      "max_voltage_V",
      "campaign.safety-window",
      `max_voltage_V ${maxVoltageV} is too far above the window of ${one.draft.chemistry ?? ""}`,
      `Give at most ${chemistry.hardMaxV} V.`,
    );
  }
  if (chemistry !== undefined && minVoltageV !== undefined && minVoltageV < chemistry.hardMinV) {
    refuse(
      "min_voltage_V",
      "campaign.safety-window",
      `min_voltage_V ${minVoltageV} is too far below the window of ${one.draft.chemistry ?? ""}`,
      `Give at least ${chemistry.hardMinV} V.`,
    );
  }
  if (channel === undefined) return;
  if (maxVoltageV !== undefined && maxVoltageV > channel.voltageMaxV) {
    refuse(
      "max_voltage_V",
      "campaign.channel-range",
      `max_voltage_V ${maxVoltageV} is above the channel's range`,
      `The channel measures ${channel.voltageMinV} to ${channel.voltageMaxV} V.`,
    );
  }
  if (minVoltageV !== undefined && minVoltageV < channel.voltageMinV) {
    refuse(
      "min_voltage_V",
      "campaign.channel-range",
      `min_voltage_V ${minVoltageV} is below the channel's range`,
      `The channel measures ${channel.voltageMinV} to ${channel.voltageMaxV} V.`,
    );
  }
}

/** Where the value that counts is written: with the cell, its group, the defaults, or in the protocol. */
function safetyPlace(
  document: InputDocument,
  one: SafetyCase,
  key: SafetyKey,
): { readonly document: InputDocument; readonly path: Path } {
  const { draft, source } = one;
  const field = SAFETY_KEYS.find(([name]) => name === key)?.[1];
  const counts = field === undefined ? undefined : tightest(draft, one.protocol.safety)[field];
  if (counts !== undefined && counts !== draft.safety[key]) {
    return { document: source.document, path: [...source.base, "safety", key] };
  }
  const holders: readonly Path[] = [[...draft.path, "overrides", draft.position], draft.path, ["cell_defaults"]];
  const holder = holders.find((path) => valueAt(document.value, [...path, "safety", key]) !== undefined);
  return { document, path: [...(holder ?? draft.path), "safety", key] };
}
