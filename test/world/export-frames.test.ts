import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ExportedCampaign } from "../../controller/export/exported-campaign.ts";
import { exportCommand } from "../../tui/commands/export.ts";
import { createExportFolder } from "../../tui/export/export-folder.ts";
import { searchFrames } from "../../tui/export/frame-search.ts";
import { exported, exporting, fileEnding, filesIn, newPlace, removePlaces } from "../support/exports.ts";
import { sha256Of, twoGroupsRun } from "../support/exports.ts";
import { field, type WorldRun } from "../support/world-campaign.ts";

afterAll(removePlaces);

interface Frame {
  readonly exposure: string;
  readonly position: string;
  readonly file: string;
  readonly image_index: number;
  readonly sha256: string | null;
  readonly copied_as: string | null;
}

let run: WorldRun;
/** Frames of cell A1 and no other's, each with bytes of its own. */
let folder: string;
let ofA1: readonly string[];

beforeAll(async () => {
  run = await twoGroupsRun();
  folder = newPlace();
  mkdirSync(folder);
  ofA1 = run
    .of("exposure-ended")
    .filter((event) => field(event, "position") === "A1")
    .map((event) => field(event, "frame"));
  for (const [index, path] of ofA1.entries()) writeFileSync(join(folder, basename(path)), `frame ${String(index)}`);
  expect(ofA1.length).toBeGreaterThan(1);
});

function framesOf(out: string): readonly Frame[] {
  return (JSON.parse(readFileSync(join(out, "frames.json"), "utf8")) as { readonly frames: readonly Frame[] }).frames;
}

describe("frames of an export", () => {
  it("are named with file, image and geometry, and stay where they are", async () => {
    const out = await exported(run.folder, "--as", "csv");
    const frames = framesOf(out);
    expect(frames).toHaveLength(run.summary.exposures.made);
    for (const frame of frames) expect(frame).toMatchObject({ image_index: 0, sha256: null, copied_as: null });
    expect(JSON.parse(readFileSync(join(out, "frames.json"), "utf8"))).toMatchObject({
      detector: { energy_keV: 60, distance_mm: 1200, two_theta_deg: [expect.any(Number), expect.any(Number)] },
    });
  });

  it("have the checksum of what was found, and the others are told and end nothing", async () => {
    const out = newPlace();
    const context = { ...exporting(), json: false };
    expect(await exportCommand(context, [run.folder, "--as", "bluesky", "--out", out, "--frames", folder])).toBe(0);
    const missing = run.summary.exposures.made - ofA1.length;
    expect(context.lines.join("\n")).toMatch(
      new RegExp(
        `frames that are not there, ${String(missing)} of ${String(run.summary.exposures.made)}: .*, .*, .* and`,
      ),
    );
    const found = framesOf(out).filter(({ sha256 }) => sha256 !== null);
    expect(found.map(({ file }) => file)).toEqual(ofA1);
    for (const { file, sha256 } of found) expect(sha256).toBe(sha256Of(join(folder, basename(file))));
    const primary = readFileSync(fileEnding(out, "", ".jsonl"), "utf8");
    for (const { sha256 } of found) expect(primary).toContain(`"detector_frame_sha256":"${String(sha256)}"`);
    expect(filesIn(out).filter((name) => name.startsWith("frames/"))).toEqual([]);
  });

  it("go with the export as copies on request, and the crate describes them", async () => {
    const out = await exported(run.folder, "--as", "rocrate", "--tables", "csv", "--frames", folder, "--copy-frames");
    const copies = framesOf(out).flatMap(({ copied_as: copy, file }) => (copy === null ? [] : [{ copy, file }]));
    expect(copies.map(({ file }) => file)).toEqual(ofA1);
    const crate = readFileSync(join(out, "ro-crate-metadata.json"), "utf8");
    for (const { copy, file } of copies) {
      expect(sha256Of(join(out, copy))).toBe(sha256Of(join(folder, basename(file))));
      expect(crate).toContain(`"@id": "${copy}"`);
    }
  });

  it("are looked for nowhere outside of their folder, and a name that no file can have ends nothing", () => {
    const root = newPlace();
    const frames = join(root, "frames");
    mkdirSync(frames, { recursive: true });
    const strange = "  a (1)\nb.h5";
    for (const path of [join(root, "secret.h5"), join(frames, "f.h5"), join(frames, strange)])
      writeFileSync(path, "frame");
    const names = ["../secret.h5", "x/../../secret.h5", "..", "a\0b", "n".repeat(5000), "/data/f.h5", strange];
    const exposures = names.map((frame, index) => ({ exposureId: `X-${String(index)}`, frame }));
    const campaign = { cells: [{ exposures }], corrections: [] } as unknown as ExportedCampaign;
    const target = createExportFolder(newPlace(), "frames");
    const running = searchFrames(campaign, target, { folder: frames, isCopied: true });
    let step = running.next();
    while (step.done !== true) step = running.next();
    target.discard();
    expect([...step.value.found.keys()]).toEqual(["X-5", "X-6"]);
    expect(step.value.missing).toEqual(names.slice(0, 5));
    for (const { name } of target.files) expect(name).toMatch(/^frames\/[\w.-]+$/);
  });
});
