import { expect, it } from "vitest";
import { FAULT_CATALOGUE } from "../../../protocols/base/fault-catalogue.ts";
import { alarmsOfExposures } from "../../../controller/resume/alarms-of-exposures.ts";

const WHERE = { cells: [{ position: "A1" }], channels: [{ name: "potentiostat A1" }] };

/** Of every alarm there can be, open at a place, those that the first exposure after a restart clears. */
function cleared(where: string): readonly string[] {
  const open = Object.keys(FAULT_CATALOGUE).map((code, id) => ({
    ...{ id, code, where, what: "", advice: "", raisedAtMs: 0 },
  }));
  return alarmsOfExposures(open, WHERE).map(({ code }) => code);
}

it("an exposure that goes well after a restart ends what exposures came to grief of before, and no warning of anything else", () => {
  const of = cleared("stage");
  expect(of).toEqual(
    expect.arrayContaining(["stage.alarm", "detector.late", "trigger.late", "shutter.stuck-closed", "link.timeout"]),
  );
  const kept = ["safety.", "stop.", "wait.", "notify.", "disk.", "calibration.", "correction.", "rehearsal.", "rack."];
  const more = ["interlock.", "beam.", "cell.", "dose.", "frame.", "custody.", "sensor.", "link.isolated", "changer."];
  expect(of.filter((code) => [...kept, ...more].some((begin) => code.startsWith(begin)))).toEqual([]);
  expect(of).not.toContain("shutter.beam-not-off");
});

it("a permit that was refused is over with it, an interlock is not", () => {
  expect(cleared("shutter permit")).toContain("interlock.tripped");
  expect(cleared("hutch door")).not.toContain("interlock.tripped");
});

it("nor what a cell or its channel said", () => {
  expect([...cleared("A1"), ...cleared("potentiostat A1")]).toEqual([]);
});
