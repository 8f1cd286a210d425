/** What a running campaign tells the person who waits for it. Pure data, made by whoever runs the campaign. */
export interface ProgressState {
  readonly campaign: string;
  /** Virtual (or campaign) time gone by, seconds. */
  readonly virtualS: number;
  /** How long the campaign is to run, seconds. */
  readonly totalS: number;
  /** Wall time gone by, seconds. */
  readonly wallS: number;
  /** Number of cells in each state, by the state's name. */
  readonly cellsByState: Readonly<Record<string, number>>;
  /** The sweep under way or last made, from 1, and how many are planned. */
  readonly sweep: { readonly number: number; readonly of: number };
  /** Largest share of any dose limit that was given, with the uncertainty. */
  readonly doseLimitFractionMax: number;
  readonly exposuresMade: number;
  readonly alarmsOpen: number;
  /** Code and place of the open ones, oldest first. */
  readonly alarmNames?: readonly string[];
  /** Exposures refused because, with all uncertainty, they could have passed a dose limit. */
  readonly refused: number;
  /** Why nothing happens, when nothing happens; or what just happened. */
  readonly note?: string;
}
