/** Frames as other people's software reads them: h5py, by whatever Python there is that has it. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const READER = join(ROOT, "test/support/read-frame.py");
/** Debian's h5py belongs to the system's Python, which need not be the first on the path. */
const PYTHONS = ["python3", "/usr/bin/python3"];

function pythonWithH5py(): string | undefined {
  return PYTHONS.find((python) => {
    try {
      execFileSync(python, ["-c", "import h5py"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  });
}

const python = pythonWithH5py();
/** Set where h5py was installed for this test, so that its absence is a failure there and no silence. */
const isRequired = process.env["CI_H5PY"] === "required";

const folder = mkdtempSync(join(tmpdir(), "beamrack-frames-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const attributes = z.record(z.string(), z.union([z.string(), z.number(), z.array(z.string()), z.array(z.number())]));
const frameSchema = z.object({
  file_attributes: attributes,
  entry_attributes: attributes,
  plot_attributes: attributes,
  plot_class: z.string(),
  signal: z.string(),
  axes: z.array(z.string()),
  counts: z.array(z.int().nonnegative()),
  counts_type: z.string(),
  counts_units: z.string(),
  is_same_dataset: z.boolean(),
  two_theta_deg: z.array(z.number()),
  two_theta_units: z.string(),
  energy: z.number(),
  energy_units: z.string(),
  wavelength: z.number(),
  distance_mm: z.number(),
  count_time_s: z.number(),
  monitor_integral: z.number(),
  sample: z.string(),
  start_time: z.string(),
});

it("finds h5py where it was promised", () => {
  if (isRequired) expect(python, "CI_H5PY says that h5py is installed, and no Python has it").toBeDefined();
});

describe.skipIf(python === undefined)("a frame of a simulated run, read by h5py", () => {
  const frames: z.output<typeof frameSchema>[] = [];

  beforeAll(async () => {
    const framesFolder = join(folder, "frames");
    const campaign = ["test/fixtures/world/small.yaml", "--site", "protocols/sites/reference.yaml", "--until", "12min"];
    const out = ["--data", join(folder, "data"), "--frames", framesFolder, "--json"];
    const command = [join(ROOT, "dist/tui/main.js"), "simulate", ...campaign, ...out];
    const run = promisify(execFile);
    const simulated = await run(process.execPath, command, { cwd: ROOT });
    const { files } = z
      .object({ frames: z.object({ files: z.array(z.string()) }) })
      .parse(JSON.parse(simulated.stdout)).frames;
    expect(files).toHaveLength(readdirSync(framesFolder).length);
    expect(files.length).toBeGreaterThan(5);
    const { stdout } = await run(python ?? "python3", [READER, ...files], { maxBuffer: 1e8 });
    frames.push(...z.array(frameSchema).parse(JSON.parse(stdout)));
  }, 240_000);

  it("leads from the file to its default plot, and from there to signal and axis", () => {
    for (const frame of frames) {
      expect(frame.file_attributes["default"]).toBe("entry");
      expect(frame.entry_attributes).toMatchObject({ NX_class: "NXentry", default: "data" });
      expect(frame.plot_class).toBe("NXdata");
      expect([frame.signal, frame.axes]).toEqual(["data", ["polar_angle"]]);
      expect(frame.is_same_dataset).toBe(true);
    }
  });

  it("holds one whole count per bin over the site's angles", () => {
    for (const frame of frames) {
      expect(frame.counts_type).toBe("int32");
      expect(frame.counts_units).toBe("counts");
      expect(frame.counts).toHaveLength(2500);
      expect(frame.two_theta_deg).toHaveLength(2500);
      expect(frame.two_theta_units).toBe("degree");
      expect(frame.two_theta_deg[0]).toBeCloseTo(1.3, 12);
      expect(frame.two_theta_deg[2499]).toBeCloseTo(8.9, 9);
      expect(Math.max(...frame.counts)).toBeGreaterThan(1000);
    }
  });

  it("says under which beam, for how long and of which cell", () => {
    for (const frame of frames) {
      expect([frame.energy, frame.energy_units]).toEqual([60, "keV"]);
      expect(frame.wavelength).toBeCloseTo(12.398_42 / 60, 6);
      expect(frame.distance_mm).toBe(1200);
      expect(frame.count_time_s).toBeCloseTo(5, 1);
      expect(frame.monitor_integral).toBeGreaterThan(1e10);
      expect(frame.start_time).toMatch(/^2026-03-02T08:\d\d:\d\d/);
    }
    expect(frames[0]?.sample).toBe("R-A1");
    expect(new Set(frames.map((frame) => frame.sample)).size).toBeGreaterThan(5);
  });
});
