/** What a check found, in the form every check prints: the shape is a contract (`beamrack check`, `verify`). */

export type FindingSeverity = "error" | "warning" | "note";

export interface Finding {
  readonly severity: FindingSeverity;
  /** A code to search for, e.g. `campaign.duplicate-position`. */
  readonly code: string;
  /** File and path: `formation-day.yaml:12 cells[3].position`. */
  readonly where: string;
  /** What is wrong, with the value found. */
  readonly what: string;
  /** What would be right. */
  readonly advice: string;
}

export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.severity === "error");
}

export function findingText(finding: Finding): string {
  return `${finding.severity} ${finding.where}: ${finding.what} [${finding.code}] ${finding.advice}`;
}
