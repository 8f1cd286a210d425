/** What a step that begins is to be held against. */
export interface StartedStep {
  /** After a break: its charge is added to what the step had before. */
  readonly continues: boolean;
  readonly sampleIntervalS: number;
  /** The instrument ends it after this time at the latest. */
  readonly untilTimeS: number;
  /** What flows if no sample says otherwise; NaN where the step does not fix it. */
  readonly currentA: number;
  /** Where the step does not fix it, most that can flow, either way; left out where nothing is known of it. */
  readonly mostA?: number;
  /** Most charge that may flow in it, either way, breaks included, A h; left out where nothing limits it. */
  readonly chargeMaxAh?: number | undefined;
  /** From the command to the instrument's word that it runs; left out where nobody knows any more. */
  readonly startTookMs?: number;
}
