import { afterAll, describe, expect, it } from "vitest";
import { assert } from "../../protocols/base/assert.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { Site } from "../../protocols/site/site.ts";
import { load, repositoryText } from "../support/campaign-files.ts";
import { sitePathOf } from "../support/shipped-sites.ts";
import { field, FILES, numeric, removeFolders, runWorld, type WorldRun } from "../support/world-campaign.ts";

afterAll(removeFolders);

/** At 1 C the current moves some 0.17 mAh until 3.5 V, the hold after it as much again within minutes. */
const CYCLE = `record: { time_s: 5 }
method:
  - { step: open_circuit_voltage, until_time_s: 60 }
  - { step: constant_current, id: charge, rate_C: C/3, until_voltage_V: 3.5, until_time_s: 3000 }
  - { step: constant_voltage, id: hold, voltage_V: 3.5, until_time_s: 3000 }
  - { step: open_circuit_voltage, until_time_s: 60 }
`;

interface Limited {
  readonly site: string;
  readonly maxCapacityMah: number;
  readonly rateC: number;
  readonly rules?: string;
}

/** A1 and A2 get a most charge that check does not let pass. */
function limited(of: Limited): { readonly campaign: Campaign; readonly site: Site } {
  const small = FILES["small.yaml"]
    .replace("max_current_mA: 2, min_current_mA: -2", "max_current_mA: 9, min_current_mA: -9")
    .replace("first_after_min: 5", "first_after_min: 170");
  const loaded = load(
    {
      ...FILES,
      "site.yaml": repositoryText(sitePathOf(of.site)),
      "cycle.yaml": CYCLE,
      "small.yaml": `${small}\n${of.rules ?? ""}`,
    },
    "small.yaml",
  );
  assert(loaded.kind === "loaded", JSON.stringify(loaded.kind === "refused" ? loaded.findings : ""));
  const { rateC, maxCapacityMah } = of;
  const cells = loaded.campaign.cells.map((cell) => {
    if (cell.position !== "A1" && cell.position !== "A2") return cell;
    const { steps, safety } = cell.protocol;
    const faster = steps.map((step) => (step.kind === "constant-current" ? { ...step, rateC } : step));
    return { ...cell, protocol: { ...cell.protocol, steps: faster, safety: { ...safety, maxCapacityMah } } };
  });
  return { site: loaded.site, campaign: { ...loaded.campaign, cells } };
}

const at = (run: WorldRun, type: string, position: string) =>
  run.of(type).filter((event) => field(event, "position") === position);

/** Charge since the step began, in mAh, when the cell was taken off; the step before it ended at `beganAh`. */
function movedMah(run: WorldRun, position: string, beganAh: number): number {
  return 1000 * (numeric(at(run, "half-cycle-ended", position).at(-1), "capacity_Ah") - beganAh);
}

function expectTakenOff(run: WorldRun): void {
  for (const position of ["A1", "A2"]) {
    const [isolated, ...more] = at(run, "cell-isolated", position);
    expect(more).toEqual([]);
    expect([field(isolated, "code"), field(isolated, "what")]).toEqual([
      "cell.limit",
      expect.stringMatching(/mAh in the step is more than the 0\.\d{4} mAh that max_capacity_mAh of the protocol/),
    ]);
  }
  expect(run.alarms).toEqual(["cell.limit A1", "cell.limit A2"]);
  expect(run.summary.cells.by_state).toEqual({ isolated: 2, complete: 8 });
  // The world knows of no fault: what was wrong was the limit. Nothing else is told of it.
  expect(run.summary.violations.map(({ what }) => what)).toEqual([
    "cell 0 was isolated without a fault",
    "cell 1 was isolated without a fault",
  ]);
  expect(run.summary.truth).toMatchObject({ voltage_excursions: 0, current_excursions: 0, samples_lost: 0 });
}

describe("the most charge of a protocol's safety block", () => {
  it.each(["reference", "neware-zaber"])("takes a cell off in a hold that passes it, at %s", async (site) => {
    const run = await runWorld({
      hours: site === "reference" ? 0.25 : 0.3,
      ...limited({ site, maxCapacityMah: 0.3, rateC: 1 }),
    });
    expectTakenOff(run);
    for (const position of ["A1", "A2"]) {
      const charge = at(run, "step-ended", position).at(-1);
      expect([numeric(charge, "step"), field(charge, "ended_by")]).toEqual([2, "voltage"]);
      const movedInHold = movedMah(run, position, numeric(charge, "charge_Ah"));
      expect(movedInHold).toBeGreaterThan(0.295);
      expect(movedInHold).toBeLessThan(0.315);
    }
  });

  it("counts the parts of a step that holds on its way as one", async () => {
    const rules = `step_rules:
  - { protocol: cycle, step: charge, hold_at_state_of_charge: { charge_mAh: 0.1, by: rest, maximum_min: 2, fallback: go-on } }`;
    const run = await runWorld({
      hours: 0.32,
      ...limited({ site: "reference", maxCapacityMah: 0.3, rateC: 1 / 3, rules }),
    });
    expectTakenOff(run);
    for (const position of ["A1", "A2"]) {
      expect(at(run, "step-started", position).map((event) => numeric(event, "step"))).toEqual([1, 2, 2, 2]);
      expect(movedMah(run, position, 0)).toBeGreaterThan(0.295);
      expect(movedMah(run, position, 0)).toBeLessThan(0.31);
    }
  });
});
