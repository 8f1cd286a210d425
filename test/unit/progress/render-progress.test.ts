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
    expect(text).toContain("12 h of 24 h");
    expect(text).toContain("left 20 s");
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
    const dose = "dose    at most 87 % of a limit   2 refused: the next could pass a limit";
    for (const part of ["sweep 43 of 96", "exposures 4,103", dose, "3 open"]) {
      expect(text).toContain(part);
    }
  });

  it.each([20, 24, 40, 79, 80, 200])("keeps every line within %i columns and loses no number", (columns) => {
    const lines = renderProgress({ ...HALF, note: "waits for the stage since 12:00:03" }, columns);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    expect(lines.join("\n")).toContain("charging 84");
  });

  it("keeps its lines where they are in a terminal of 80 columns, whatever the numbers", () => {
    const early = { ...HALF, virtualS: 1, wallS: 1, refused: 0, exposuresMade: 0, sweep: { number: 1, of: 96 } };
    const late = { ...HALF, virtualS: 86_340, refused: 1234, doseLimitFractionMax: 9, exposuresMade: 123_456 };
    const labels = (state: ProgressState): readonly string[] =>
      renderProgress(state, 79).map((line) => line.slice(0, 6));
    expect(labels(late).map((label) => label.replace(/#/g, "."))).toEqual(labels(early));
    expect(labels(early)).toEqual(["format", "[.....", "time  ", "cells ", "beam  ", "dose  ", "alarms"]);
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

  it("names the newest alarms, so that nobody has to go and look which they are", () => {
    const alarmNames = ["beam.lost ring current", "dose.limit D6", "dose.limit E7", "stage.alarm stage"];
    const state = { ...HALF, alarmsOpen: 4, alarmNames };
    const said = "4 open: stage.alarm stage, dose.limit E7, dose.limit D6, ...";
    expect(renderProgress(state, 79)).toContain(`alarms  ${said}`);
    expect(renderProgressLine(state)).toContain(`ALARMS ${said}`);
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
    [0, "0 s"],
    [59.4, "59 s"],
    [59.6, "1 min"],
    [485, "8 min 5 s"],
    [3600, "1 h"],
    [3660, "1 h 1 min"],
    [38_880, "10 h 48 min"],
    [86_400, "24 h"],
    [2 * 86_400, "2 d"],
    [400.2 * 86_400, "400 d 5 h"],
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
