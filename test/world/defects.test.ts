import { afterAll, describe, expect, it } from "vitest";
import type { VirtualCampaign } from "../../tui/virtual/virtual-campaign.ts";
import { expectSound, field, removeFolders, runWorld, sharedRun, SIX } from "../support/world-campaign.ts";

afterAll(removeFolders);

const FROM_S = 602;
const SHORT = { campaign: SIX, hours: 0.22 };

type Act = (virtual: VirtualCampaign) => void;
const resume: Act = ({ run }) => {
  run.actor.send({ type: "RESUME_EXPOSING", author: "a person" });
};

/** A part of beamrack that is asked next throws what no device can do, until it is mended. */
function broken(part: "detector" | "stage" | "heartbeat" | "levels") {
  let isBroken = false;
  const unlessBroken =
    <A extends readonly unknown[], T>(work: (...args: A) => Promise<T>) =>
    (...args: A): Promise<T> =>
      isBroken ? Promise.reject(new TypeError(`${part} is not a function`)) : work(...args);
  return {
    breaks: (({ rig }) => {
      isBroken = true;
      const { detector, stage, io } = rig.roles;
      if (part === "detector") detector.start = unlessBroken(detector.start.bind(detector));
      if (part === "stage") stage.moveTo = unlessBroken(stage.moveTo.bind(stage));
      if (part === "heartbeat")
        io.permit.renewShutterPermit = unlessBroken(io.permit.renewShutterPermit.bind(io.permit));
      if (part === "levels") io.readInputs = unlessBroken(io.readInputs.bind(io));
    }) satisfies Act,
    mended: () => {
      isBroken = false;
    },
  };
}

describe.each(["detector", "stage", "heartbeat", "levels"] as const)("a defect of beamrack itself (%s)", (part) => {
  it("stops exposing at once, visibly, and leaves the cells alone", async () => {
    const run = await runWorld({ ...SHORT, at: [[FROM_S, broken(part).breaks]] });
    const calm = await sharedRun(SHORT);
    expectSound(run);
    const opened = run.of("shutter-opened").filter((event) => event.atMs > FROM_S * 1000);
    // One more at the most, begun before the broken part was asked.
    expect(opened.length).toBeLessThanOrEqual(1);
    expect(run.alarms).toContain("beamrack.defect beamrack");
    const [held] = run.of("exposing-held");
    expect(field(held, "what")).toContain(`TypeError: ${part} is not a function`);
    expect(held?.atMs).toBeLessThan((FROM_S + 12) * 1000);
    expect(run.summary.alarms.defects).toBeGreaterThan(0);
    expect(run.summary.samples).toEqual(calm.summary.samples);
    expect(run.of("step-interrupted")).toEqual([]);
  });

  it("is over when it is mended and a person resumes, and not before", async () => {
    const defect = broken(part);
    const run = await runWorld({
      ...{ campaign: SIX, hours: 0.3 },
      at: [
        [FROM_S, defect.breaks],
        [700, defect.mended],
        [1000, resume],
      ],
    });
    expectSound(run);
    const opened = run.of("shutter-opened").map((event) => event.atMs);
    expect(opened.filter((atMs) => atMs > (FROM_S + 12) * 1000 && atMs < 1_000_000)).toEqual([]);
    expect(opened.some((atMs) => atMs > 1_000_000)).toBe(true);
    expect(run.summary.alarms.open).toBe(0);
  });
});
