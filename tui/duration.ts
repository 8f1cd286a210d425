/** DURATION on the command line: `90s`, `15min`, `24h`, `7d`. */
const UNITS_S: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600, d: 86_400 };

/** Seconds, or undefined when the text is no duration above zero. */
export function parseDurationS(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(s|min|h|d)$/.exec(text);
  const seconds = Number(match?.[1]) * (UNITS_S[match?.[2] ?? ""] ?? NaN);
  return seconds > 0 ? seconds : undefined;
}
