import { describe, expect, it } from "vitest";
import { countText, durationText, percentText } from "../../../tui/progress/number-text.ts";
import type { ProgressState } from "../../../tui/progress/progress-state.ts";
import { COLOURED, renderProgress, renderProgressLine } from "../../../tui/progress/render-progress.ts";

const HALF: ProgressState = {
  campaign: "formation-day",
  virtualS: 43_200,
  totalS: 86_400,
  wallS: 20,
  cellsByState: { resting: 12, charging: 84, isolated: 0 },
  sweep: { number: 43, of: 96 },
  doseLimitFractionMax: 0.8765,
  exposuresMade: 4103,
  alarmsOpen: 0,
  refused: 2,
};

describe("progress", () => {
  it("says how far the campaign is, how fast, and how long it will still take", () => {
    const text = renderProgress(HALF, 120).join("\n");
    expect(text).toContain("50 %");
    expect(text).toContain("12:00 h of 24:00 h");
    expect(text).toContain("left 0:20");
    expect(text).toContain("2,160 x real time");
  });

  it("fills the bar in proportion", () => {
    const bar = /\[(#*)(\.*)\]/.exec(renderProgress(HALF, 120).join("\n"));
    expect(bar?.[1]?.length).toBe(16);
    expect(bar?.[2]?.length).toBe(16);
  });

  it("counts cells by state, most frequent first, without empty states", () => {
    const text = renderProgress(HALF, 120).join("\n");
    expect(text).toContain("charging 84   resting 12");
    expect(text).not.toContain("isolated");
  });

  it("shows sweep, exposures, refusals, dose and alarms", () => {
    const text = renderProgress({ ...HALF, alarmsOpen: 3 }, 120).join("\n");
    for (const part of ["sweep 43 of 96", "exposures 4,103", "refused 2", "dose max 87 % of limit", "3 open"]) {
      expect(text).toContain(part);
    }
  });

  it.each([20, 24, 40, 79, 80, 200])("keeps every line within %i columns and loses no number", (columns) => {
    const lines = renderProgress({ ...HALF, note: "waits for the stage since 12:00:03" }, columns);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    expect(lines.join("\n")).toContain("charging 84");
  });

  it("never shows NaN or Infinity before anything is known", () => {
    const start = { ...HALF, virtualS: 0, wallS: 0, totalS: 0, doseLimitFractionMax: Number.NaN };
    const text = `${renderProgress(start, 80).join("\n")}\n${renderProgressLine(start)}`;
    expect(text).not.toMatch(/NaN|Infinity/);
    expect(text).toContain("0 %");
  });

  it("lets no control character of a campaign's name reach the terminal", () => {
    const text = renderProgress({ ...HALF, campaign: "x\u001b[2Jy\u009b", note: "a\rb" }, 80).join("");
    expect(text).not.toMatch(/\p{Cc}/u);
  });

  it("says in colour only what the words say too", () => {
    const state = { ...HALF, alarmsOpen: 1 };
    const coloured = renderProgress(state, 80, COLOURED).join("\n");
    const bare = coloured.replaceAll(/\u001b\[[0-9;]*m/g, "");
    expect(coloured).not.toBe(bare);
    expect(bare).toBe(renderProgress(state, 80).join("\n"));
  });

  it("fits on one line for a log", () => {
    const line = renderProgressLine({ ...HALF, alarmsOpen: 2 });
    expect(line).not.toContain("\n");
    expect(line).toContain("50 %");
    expect(line).toContain("ALARMS 2 open");
  });
});

describe("numbers on a screen", () => {
  it.each([
    [0, "0:00"],
    [59.6, "1:00"],
    [485, "8:05"],
    [3600, "1:00 h"],
    [38_880, "10:48 h"],
    [86_400, "24:00 h"],
    [2 * 86_400, "2 d 00:00 h"],
    [Number.NaN, "-"],
  ])("%f s reads %s", (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  });

  it("never says 100 % before it is reached", () => {
    expect(percentText(0.9999)).toBe("99 %");
    expect(percentText(1)).toBe("100 %");
    expect(percentText(0.29)).toBe("29 %");
    expect(percentText(123)).toBe(">999 %");
  });

  it("groups thousands", () => {
    expect(countText(8_294_400)).toBe("8,294,400");
    expect(countText(999)).toBe("999");
  });
});
