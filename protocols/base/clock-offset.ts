/** How far the computer's clock is off UTC, as the service says that keeps it. */

export interface ClockOffset {
  /** Who says so. */
  readonly source: string;
  /** To be added to the computer's clock to have UTC, s. */
  readonly offsetS: number;
  /** UTC lies within so much of that, s, by the source's own bound. */
  readonly uncertaintyS: number;
}

/**
 * What `chronyc -n tracking` prints in English; null where chrony has no time to compare with. The clock's error is at
 * most its offset, the root dispersion and half the root delay, as chrony's manual has it.
 */
export function parseChronyTracking(text: string): ClockOffset | null {
  const fields = new Map(
    text.split("\n").flatMap((line) => {
      const at = line.indexOf(":");
      return at < 0 ? [] : [[line.slice(0, at).trim(), line.slice(at + 1).trim()] as const];
    }),
  );
  if (!["Normal", "Insert second", "Delete second"].includes(fields.get("Leap status") ?? "")) return null;
  const system = /^(\d+(?:\.\d+)?) seconds (slow|fast) of NTP time$/.exec(fields.get("System time") ?? "");
  const delayS = secondsOf(fields.get("Root delay"));
  const dispersionS = secondsOf(fields.get("Root dispersion"));
  if (system === null || delayS === null || dispersionS === null) return null;
  const apartS = Number(system[1]);
  return {
    source: "chrony",
    // Slow: the clock shows too little.
    offsetS: apartS === 0 ? 0 : system[2] === "slow" ? apartS : -apartS,
    uncertaintyS: dispersionS + Math.abs(delayS) / 2,
  };
}

function secondsOf(text: string | undefined): number | null {
  const found = /^(-?\d+(?:\.\d+)?) seconds$/.exec(text ?? "");
  return found === null ? null : Number(found[1]);
}
