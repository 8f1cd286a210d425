import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { readCalibration } from "../../../protocols/calibration/calibration-schema.ts";
import { parseDocument } from "../../../protocols/input/document.ts";
import { calibrationFindings } from "../../../tui/align/load-calibration.ts";
import { tables } from "../../support/campaign-files.ts";
import { shippedSite } from "../../support/shipped-sites.ts";

const folder = mkdtempSync(join(tmpdir(), "beamrack-calibrated-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

it("a file of the detector that is gone, or is another than was noted, is refused where its kind is required", () => {
  const path = join(folder, "measured.yaml");
  const noted = createHash("sha256").update("as it was").digest("hex");
  const text = `calibration: reference\nrecords:\n  - { kind: dark, at: "2026-03-02T07:00:00Z", by: Ada, method: closed, valid_h: 24, file: dark.cbf, sha256: ${noted}, detector: detector }\n`;
  const { calibration } = readCalibration(parseDocument(text, path));
  if (calibration === undefined) throw new Error("it could not be read");
  const found = (required: readonly "dark"[]) =>
    calibrationFindings(
      { attenuationTables: () => tables, clock: { wallMs: () => Date.parse("2026-03-02T08:00:00Z") } as never },
      {
        site: {
          ...shippedSite("reference"),
          calibrations: { file: "measured.yaml", required, driftMax: 0.05, whenExpired: "tell" },
        },
        calibration: { path, calibration, sha256: noted },
        campaign: { durationS: 3600 },
      },
    ).map(({ severity, code, what }) => `${severity} ${code} ${what.replace(folder, "")}`);
  expect(found(["dark"])).toEqual(["error calibration.changed dark: /dark.cbf cannot be read here"]);
  writeFileSync(join(folder, "dark.cbf"), "as it is now");
  expect(found(["dark"])[0]).toMatch(/^error calibration.changed dark: .* another file than was noted/);
  expect(found([])[0]).toMatch(/^warning calibration.changed/);
  writeFileSync(join(folder, "dark.cbf"), "as it was");
  expect(found(["dark"])).toEqual([]);
});
