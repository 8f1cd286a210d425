/**
 * The record rule of a protocol, by which rows are picked from the samples: the first and the last of each step, every
 * flagged one, and each that lies the rule's time, voltage or current away from the one picked before. Upstream: the
 * `record` block of the aurora-unicycler form.
 */
import { isRecord } from "../record/ledger-row.ts";
import type { ExportedCampaign, ExportedCell } from "./exported-campaign.ts";

export interface RecordPick {
  readonly timeMs: number;
  /** Infinity where the rule names none. */
  readonly voltageV: number;
  readonly currentA: number;
}

/** Samples of one step come a little early or late. */
const TIME_SHARE = 0.999;

/** null where every sample is to be handed on. */
export function recordPickOf(
  { plan }: Pick<ExportedCampaign, "plan">,
  { protocolSha256 }: Pick<ExportedCell, "protocolSha256">,
  options: { readonly recordsOnly?: boolean },
): RecordPick | null {
  if (options.recordsOnly !== true) return null;
  const protocol = plan.protocols.get(protocolSha256);
  const rule = isRecord(protocol) ? protocol["record"] : undefined;
  const number = (key: string): number => {
    const value = isRecord(rule) ? rule[key] : undefined;
    return value == null || value === "" ? NaN : Number(value);
  };
  const most = (value: number): number => (value > 0 ? value : Infinity);
  const timeS = number("time_s");
  return {
    timeMs: timeS > 0 ? 1000 * TIME_SHARE * timeS : 0,
    voltageV: most(number("voltage_V")),
    currentA: most(number("current_mA") / 1000),
  };
}
