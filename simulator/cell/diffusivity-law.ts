/**
 * The salt's diffusivity law as design files word it: a polynomial in m, a constant, or an exponential in m, where m is
 * the concentration in mol/l.
 */

const NUMBER = String.raw`[-+]?\s*\d+(?:\.\d+)?(?:e[-+]?\d+)?`;
const EXPONENTIAL = new RegExp(String.raw`^(${NUMBER})\s*exp\(\s*(${NUMBER})\s*m\s*\)`);
const TERM = new RegExp(String.raw`(${NUMBER})(?:\s*(m)(?:\^(\d+))?)?`, "g");

/** D(c)/D(c0) of a concentration in mol/m3; undefined for a constant, and for words that are not understood. */
export function relativeDiffusivity(words: string, c0: number): ((concentration: number) => number) | undefined {
  const law = /^D = (.*?)(?:, m = .*)?(?: \(m2\/s\))?$/.exec(words)?.[1];
  if (law === undefined) return undefined;
  const exponential = EXPONENTIAL.exec(law);
  if (exponential !== null) {
    const perMolar = numberOf(exponential[2]);
    return (concentration) => Math.exp((perMolar * (concentration - c0)) / 1000);
  }
  const terms = [...law.matchAll(TERM)].map(([, factor, variable, power]) => ({
    factor: numberOf(factor),
    power: variable === undefined ? 0 : Number(power ?? 1),
  }));
  const value = (concentration: number): number =>
    terms.reduce((sum, { factor, power }) => sum + factor * (concentration / 1000) ** power, 0);
  const reference = value(c0);
  return reference > 0 ? (concentration) => value(concentration) / reference : undefined;
}

function numberOf(text: string | undefined): number {
  return Number((text ?? "0").replaceAll(" ", ""));
}
