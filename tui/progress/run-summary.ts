/**
 * The end of a campaign in numbers: `beamrack simulate --json` prints it and `summary.json` in the data folder holds it,
 * so names and units are a contract with other programs. `null` where a thing is not known.
 */
export interface RunSummary {
  readonly campaign: string;
  readonly seed: number | null;
  readonly faults: string;
  readonly world: string;
  /** The shutter was locked shut: what is called made was rehearsed. Left out otherwise. */
  readonly rehearsal?: true;
  readonly virtual_s: number;
  readonly wall_s: number;
  readonly cells: { readonly total: number; readonly by_state: Readonly<Record<string, number>> };
  readonly requests: {
    readonly asked: number;
    readonly met: number;
    readonly late: number;
    readonly missed: number;
    readonly missed_by_reason: Readonly<Record<string, number>>;
  };
  readonly exposures: { readonly made: number; readonly partial: number; readonly aborted: number };
  readonly sweeps: {
    readonly count: number;
    readonly duration_s: { readonly min: number | null; readonly median: number | null; readonly max: number | null };
    readonly bound_s: { readonly median: number | null };
  };
  readonly dose: {
    readonly limit_fraction_max: number | null;
    readonly refused: number;
    readonly booked_not_settled: number;
  };
  readonly samples: { readonly acknowledged: number; readonly stored: number; readonly gaps: number };
  /** Spectra on record, parts by themselves; left out without any. */
  readonly spectra?: number;
  /** Exposed spots against control spots, by the last look; left out in a campaign without controls. */
  readonly beam_effect?: {
    readonly verdict: string;
    readonly looks: number;
    readonly pairs: number;
    readonly cells: Readonly<Record<string, number>>;
  };
  /** `defects`: raised because a part of beamrack itself broke. */
  readonly alarms: { readonly raised: number; readonly open: number; readonly defects?: number };
  /** From the simulated world, not from the controller. */
  readonly truth: Readonly<Record<string, number | null>>;
  /** How often each invariant was checked. */
  readonly checks: Readonly<Record<string, number>>;
  readonly violations: readonly SummaryViolation[];
  readonly log: { readonly events: number; readonly digest: string };
}

export interface SummaryViolation {
  readonly invariant: string;
  readonly at_s: number | null;
  readonly what: string;
}

/** What the command says, and fails for, when a part of beamrack broke in the run; null when none did. */
export function defectText(summary: RunSummary, folder: string): string | null {
  if ((summary.alarms.defects ?? 0) === 0) return null;
  return `A part of beamrack broke; where it touches the beam, exposing was stopped until a person resumes. The alarm beamrack.defect in ${folder} says what: report it with the folder.`;
}
