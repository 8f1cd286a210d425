/** What a correction frame tells: whether the calibrant's rings lie where they belong, and how dark the dark is. Pure. */
import { calibrantName, type CorrectionFrame } from "../../protocols/calibration/correction-frames.ts";
import type { PowderPattern } from "../../protocols/diffraction/powder-pattern.ts";
import { readCalibrant } from "../../protocols/images/calibrant-lines.ts";

export interface JudgedCorrection {
  readonly finding: "good" | "moved" | "too-bright" | "too-weak" | "unclear";
  /** For people. */
  readonly what: string;
  /** Mean counts per bin and second. */
  readonly levelPerS: number;
  /** Of the rings' radius against where they belong; null where nobody read rings. */
  readonly radiusOff: number | null;
  readonly radiusSigma: number | null;
  readonly lines: number | null;
}

/** Of a flat field, counts of a ring: with fewer its noise is larger than what it is to take away. */
const FLAT_MEAN_MIN = 1000;

export function judgeCorrection(frame: CorrectionFrame, pattern: PowderPattern): JudgedCorrection {
  const { counts } = pattern;
  let sum = 0;
  for (let bin = 0; bin < counts.length; bin += 1) sum += counts[bin] ?? 0;
  const levelPerS = sum / Math.max(1, counts.length) / frame.exposureS;
  const plain = { levelPerS, radiusOff: null, radiusSigma: null, lines: null } as const;
  if (frame.kind === "dark") {
    const most = frame.levelMaxPerS ?? Infinity;
    const said = `${short(levelPerS)} counts per bin and second with the shutter closed`;
    return levelPerS <= most
      ? { ...plain, finding: "good", what: said }
      : { ...plain, finding: "too-bright", what: `${said}, more than ${most}` };
  }
  const name = frame.kind === "calibrant" ? calibrantName(frame.what) : undefined;
  if (name === undefined) {
    const said = `${short(levelPerS)} counts per bin and second`;
    const mean = sum / Math.max(1, counts.length);
    const least = frame.kind === "flat" ? FLAT_MEAN_MIN : 0;
    // Air alone scatters too: a frame without any count had no beam, or no detector.
    return mean > 0 && mean >= least
      ? { ...plain, finding: "good", what: said }
      : {
          ...plain,
          finding: "too-weak",
          what: `${said} with beam${least > 0 ? `: ${least} in a bin are the least` : ""}`,
        };
  }
  const read = readCalibrant(pattern, name);
  if (read.kind === "unclear") return { ...plain, finding: "unclear", what: read.reason };
  const { radiusOff, sigma, found } = read;
  const most = frame.driftMax ?? Infinity;
  const said = `the rings of ${name} lie ${percent(radiusOff)} of their radius from where they belong, by ${found} lines`;
  const isMoved = !(Math.abs(radiusOff) <= most);
  return {
    ...{ levelPerS, radiusOff, radiusSigma: sigma, lines: found },
    finding: isMoved ? "moved" : "good",
    what: isMoved ? `${said}; ${percent(most)} are allowed` : said,
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(3)} %`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
