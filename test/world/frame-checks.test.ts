import { afterAll, describe, expect, it } from "vitest";
import { assert } from "../../protocols/base/assert.ts";
import { load } from "../support/campaign-files.ts";
import { expectSound, FILES, removeFolders, runWorld } from "../support/world-campaign.ts";

afterAll(removeFolders);

const SLOW_MS = 120_000;

function withFrameChecks(rules: string) {
  const files = { ...FILES, "small.yaml": `${FILES["small.yaml"]}\nframe_checks: ${rules}\n` };
  const loaded = load(files, "small.yaml");
  assert(loaded.kind === "loaded", JSON.stringify(loaded.kind === "loaded" ? [] : loaded.findings));
  return loaded.campaign;
}

function findingsOf(run: Awaited<ReturnType<typeof runWorld>>): readonly string[] {
  return run.of("frame-checked").map(({ dataText }) => String((JSON.parse(dataText) as { finding: unknown }).finding));
}

describe("the first look at every frame", () => {
  it(
    "finds nothing in a rack where nothing is wrong, and is on record for each exposure",
    { timeout: SLOW_MS },
    async () => {
      const run = await runWorld({ campaign: withFrameChecks("{}"), hours: 0.14, frames: true, harm: 0 });
      expectSound(run);
      const findings = findingsOf(run);
      expect(findings.length).toBe(run.summary.exposures.made);
      expect(findings.length).toBeGreaterThan(8);
      expect(findings.filter((finding) => finding !== "good")).toEqual([]);
      const view = run.virtual.run.views.cell(0);
      expect(view?.lastFrame?.finding).toBe("good");
      expect(view?.lastFrame?.thumbnail.some((value) => value === 1)).toBe(true);
    },
  );

  it("stops exposing at the first frame after a stage lost its steps, and names it", { timeout: SLOW_MS }, async () => {
    const run = await runWorld({
      campaign: withFrameChecks("{ beam_missed: stop-exposing, casing_only: stop-exposing }"),
      hours: 0.26,
      frames: true,
      harm: 0,
      faults: [{ kind: "stage-lost-steps", fromMs: 610_000, xMm: 12.5, yMm: 12.5 }],
    });
    const findings = findingsOf(run);
    const first = findings.findIndex((finding) => finding !== "good");
    expect(findings.slice(first)).toEqual(["beam-missed"]);
    expect(run.alarms.filter((alarm) => alarm.startsWith("frame."))).toHaveLength(1);
  });
});
