/** Gathers findings, so many of a kind and no more: a record damaged throughout must not give a million lines. */
import type { Finding, FindingSeverity } from "../../protocols/base/finding.ts";

const SHOWN_PER_CODE = 20;

export interface FindingList {
  add(severity: FindingSeverity, code: string, where: string, what: string, advice: string): void;
  /** Findings of this code, shown or not. */
  count(code: string): number;
  /** All that are shown, and for each code that was cut short how many more there are. */
  all(): readonly Finding[];
}

export function createFindingList(): FindingList {
  const findings: Finding[] = [];
  const counts = new Map<string, number>();
  const severities = new Map<string, FindingSeverity>();
  return {
    add(severity, code, where, what, advice) {
      const count = (counts.get(code) ?? 0) + 1;
      counts.set(code, count);
      if (count <= SHOWN_PER_CODE) findings.push({ severity, code, where, what, advice });
      else if (severities.get(code) !== "error") severities.set(code, severity);
    },
    count(code) {
      return counts.get(code) ?? 0;
    },
    all() {
      const rest = [...severities].map(([code, severity]): Finding => ({
        severity,
        code,
        where: "campaign.db",
        what: `${(counts.get(code) ?? 0) - SHOWN_PER_CODE} more like these`,
        advice: "The ones listed show where to look first.",
      }));
      return [...findings, ...rest];
    },
  };
}
