import { describe, expect, it } from "vitest";
import { positionAt } from "../../../protocols/base/position.ts";
import { judgeAttendance, RUN_PROGRAMMES_ALONE } from "../../../protocols/campaign/judge-attendance.ts";
import type { Channel } from "../../../protocols/roles/channel.ts";
import { errorsOf, goodFiles, load, spoilt } from "../../support/campaign-files.ts";
import { createCyclerBench } from "../../support/cycler-bench.ts";
import { createKeithleyBench } from "../../support/keithley-bench.ts";
import { createBench } from "../../support/methodscript-bench.ts";
import { createNewareBench } from "../../support/neware-bench.ts";

/** The reference site with source-measure units on B1 and B2. */
function withUnits(files: Readonly<Record<string, string>> = goodFiles): Readonly<Record<string, string>> {
  const site = files["site.yaml"] ?? "";
  const group = /\n {2}- positions: A1\.\.H12\n[^]*?techniques: .*\n/.exec(site)?.[0];
  if (group === undefined) throw new Error("the site's channels are written otherwise");
  const units = group
    .replace("A1..H12", "B1..B2")
    .replace("palmsens-methodscript", "keithley-smu")
    .replace(", impedance_spectroscopy, voltage_scan", "")
    .replace(/link: .*/, 'link: { tcp: "smu-{position}:5025" }');
  return { ...files, "site.yaml": site.replace(group, group.replace("A1..H12", "A1..A12") + units.slice(1)) };
}

describe("a cell on a channel that runs no programme by itself", () => {
  it("is refused where nobody stays with it, and its neighbours are not blamed", () => {
    const errors = errorsOf(load(withUnits()));
    expect(errors).toMatchObject([
      {
        code: "campaign.unattended",
        where: "good.yaml:24 cells[1].positions",
        what: "nothing would end the step of B1..B2 if the controller stopped: keithley-smu runs no programme by itself",
      },
    ]);
  });

  it("may run while somebody named stays with it", () => {
    const named = spoilt("good.yaml", "site: site.yaml", "site: site.yaml\nattended_by: night shift");
    expect(errorsOf(load(withUnits(named)))).toEqual([]);
    const nobody = spoilt("good.yaml", "site: site.yaml", 'site: site.yaml\nattended_by: ""');
    expect(errorsOf(load(withUnits(nobody))).length).toBeGreaterThan(0);
  });

  it("may run behind a contactor with its own watchdog", () => {
    const cells = [{ position: positionAt(0), driver: "keithley-smu" as const }];
    expect(judgeAttendance(cells, { attendedBy: null, hasContactor: true })).toBeUndefined();
    expect(judgeAttendance(cells, { attendedBy: null, hasContactor: false })).toBeDefined();
  });
});

it.each<readonly [driver: string, channel: () => Channel | undefined]>([
  ["keithley-smu", () => createKeithleyBench().channel],
  ["modbus-cycler", () => createCyclerBench().channel],
  ["neware-bts", () => createNewareBench().channels[0]?.channel],
  ["palmsens-methodscript", () => createBench().channel],
])("what check believes of %s is what its driver says", (driver, channel) => {
  expect(channel()?.capabilities.runsProgrammeAlone).toBe(RUN_PROGRAMMES_ALONE.has(driver));
});
