/** Colours of the figures: a few that tell things apart, and two scales that grow from light or dark. */

const APART = ["#0067a8", "#cf5300", "#00876a", "#b5568e", "#7a5c00", "#2a9fd8", "#444444", "#8a2be2"] as const;

/** For the `index`-th of a few things. */
export function colourOf(index: number): string {
  return APART[index % APART.length] ?? APART[0];
}

export type ColourScale = readonly (readonly [number, number, number])[];

export const TIME_COLOURS: ColourScale = [
  [36, 27, 110],
  [45, 90, 160],
  [35, 145, 140],
  [110, 180, 70],
  [225, 170, 20],
];

export const DOSE_COLOURS: ColourScale = [
  [255, 246, 222],
  [253, 200, 110],
  [236, 110, 60],
  [168, 24, 66],
  [56, 12, 60],
];

/** `part` of the way along the scale, 0..1, in `levels` steps when given. */
export function colourAt(scale: ColourScale, part: number, levels = 0): string {
  const held = Math.min(1, Math.max(0, Number.isFinite(part) ? part : 0));
  const stepped = levels > 1 ? Math.round(held * (levels - 1)) / (levels - 1) : held;
  const at = stepped * (scale.length - 1);
  const index = Math.min(scale.length - 2, Math.floor(at));
  const channels = [0, 1, 2].map((channel) => {
    const from = scale[index]?.[channel] ?? 0;
    const to = scale[index + 1]?.[channel] ?? from;
    return Math.round(from + (at - index) * (to - from))
      .toString(16)
      .padStart(2, "0");
  });
  return `#${channels.join("")}`;
}
