/** Colours of pictures, on white paper and on dark. */
export interface Theme {
  readonly paper: string;
  readonly ink: string;
  /** Of what is said beside. */
  readonly faint: string;
  readonly grid: string;
  /** Of places that hold nothing. */
  readonly empty: string;
  /** Few things told apart, also by eyes that see no red or no green. */
  readonly apart: readonly [string, string, string, string];
  /** From early to late, from little to much: each end stands out from the paper. */
  readonly scale: readonly (readonly [number, number, number])[];
}

export const LIGHT: Theme = {
  paper: "#ffffff",
  ink: "#1c2128",
  faint: "#5d6873",
  grid: "#e7eaed",
  empty: "#f1f3f5",
  apart: ["#0067a8", "#cf5300", "#00876a", "#8a4fa3"],
  scale: [
    [253, 219, 130],
    [247, 160, 80],
    [222, 92, 84],
    [160, 42, 107],
    [78, 20, 98],
  ],
};

export const DARK: Theme = {
  paper: "#14171c",
  ink: "#e8eaed",
  faint: "#9aa5b1",
  grid: "#2a3038",
  empty: "#20252c",
  apart: ["#58b4f0", "#ff9a4d", "#3fcfa6", "#cf9ae6"],
  scale: [
    [84, 62, 150],
    [160, 62, 134],
    [222, 92, 84],
    [248, 160, 80],
    [253, 231, 150],
  ],
};
