/** How fast the campaign's clock runs: as it was asked for, or, where the machine cannot keep up with that, as it does. */

export interface PaceMeter {
  /** Both clocks as they stand, milliseconds. Called about once a second. */
  note(dayMs: number, campaignMs: number): void;
  /** Seconds of the campaign for one of the day. */
  readonly pace: number;
}

/** What is measured over less is chance. */
const WINDOW_MIN_MS = 3000;
const WINDOW_MAX_MS = 10_000;
/** Nearer to what was asked for than this is what was asked for. */
const SHARE_MIN = 0.9;

/** @param asked seconds of the campaign for one of the day */
export function createPaceMeter(asked: () => number): PaceMeter {
  let marks: { readonly dayMs: number; readonly campaignMs: number }[] = [];
  return {
    note(dayMs, campaignMs) {
      marks = [...marks.filter((mark) => dayMs - mark.dayMs <= WINDOW_MAX_MS), { dayMs, campaignMs }];
    },
    get pace() {
      const wanted = asked();
      const [first, last] = [marks[0], marks.at(-1)];
      if (first === undefined || last === undefined || last.dayMs - first.dayMs < WINDOW_MIN_MS) return wanted;
      const measured = (last.campaignMs - first.campaignMs) / (last.dayMs - first.dayMs);
      return measured >= SHARE_MIN * wanted ? wanted : Number(measured.toPrecision(2));
    },
  };
}
