import { afterAll, describe, expect, it } from "vitest";
import { parsePosition, positionIndex } from "../../protocols/base/position.ts";
import { CHEMISTRIES, CHEMISTRY_IDS } from "../../protocols/campaign/chemistry.ts";
import { parseWorldFaults } from "../../simulator/world/world-faults.ts";
import {
  campaign,
  expectSound,
  field,
  numeric,
  removeFolders,
  runWorld,
  type WorldRun,
} from "../support/world-campaign.ts";

afterAll(removeFolders);

function indexOf(text: string): number {
  const position = parsePosition(text);
  if (position === undefined) throw new Error(`${text} is no position`);
  return positionIndex(position);
}

/** Positions that got a step of their protocol. */
function steppedAt(run: WorldRun): ReadonlySet<string> {
  return new Set(run.of("step-started").map((event) => field(event, "position")));
}

function whyIsolated(run: WorldRun, position: string): string {
  return field(
    run.of("cell-isolated").find((event) => field(event, "position") === position),
    "what",
  );
}

describe("before the first current of a protocol", () => {
  it("every cell of a rack in order answers to its own small current, at once with all the others", async () => {
    const run = await runWorld({ hours: 0.1 });
    expectSound(run);
    const proofs = run.of("cell-proof");
    expect(proofs).toHaveLength(10);
    for (const proof of proofs) {
      expect(proof.atMs).toBeLessThan(30_000);
      // About what contact and electrodes have, and moved by far less than a thousandth of the cell's charge.
      expect(numeric(proof, "resistance_ohm")).toBeGreaterThan(5);
      expect(numeric(proof, "resistance_ohm")).toBeLessThan(300);
      expect(numeric(proof, "current_A")).toBeCloseTo(0.00409 / 20, 9);
    }
    expect(steppedAt(run).size).toBe(10);
    expect(run.of("step-started").every((event) => event.atMs > (proofs[0]?.atMs ?? Infinity) - 1000)).toBe(true);
  });

  it.each(CHEMISTRY_IDS)(
    "cells of %s are proven as they are delivered, far from the largest resistance allowed",
    async (chemistry) => {
      const { voltageMinV, voltageMaxV, hardMinV } = CHEMISTRIES[chemistry];
      const limits = { voltageMinV: hardMinV, voltageMaxV, currentMaxA: 0.002, currentMinA: -0.002 };
      const cells = campaign.cells.map((cell) => ({ ...cell, chemistry, limits }));
      const run = await runWorld({ hours: 0.05, campaign: { ...campaign, cells } });
      expect(run.summary.violations).toEqual([]);
      const ohms = run.of("cell-proof").map((event) => numeric(event, "resistance_ohm"));
      expect(ohms).toHaveLength(10);
      for (const ohm of ohms) expect(ohm).toBeLessThan((0.7 * (voltageMaxV - voltageMinV)) / 0.00409);
    },
  );

  it("two cells whose voltage leads are exchanged are both refused, each with the other's name", async () => {
    const run = await runWorld({
      hours: 0.1,
      lyingLeads: new Map([
        [indexOf("A2"), indexOf("B4")],
        [indexOf("B4"), indexOf("A2")],
      ]),
    });
    expectSound(run);
    expect(whyIsolated(run, "A2")).toContain("answers to the current of B4, not to its own");
    expect(whyIsolated(run, "B4")).toContain("answers to the current of A2, not to its own");
    expect(run.alarms).toEqual(["cell.unproven A2", "cell.unproven B4"]);
    expect(steppedAt(run).size).toBe(8);
    expect(run.summary.truth).toMatchObject({ voltage_excursions: 0, current_excursions: 0 });
  });

  it("a cell with two channels' voltage leads on it serves its own, and the other one is refused", async () => {
    const run = await runWorld({ hours: 0.1, lyingLeads: new Map([[indexOf("A2"), indexOf("A3")]]) });
    expect(whyIsolated(run, "A2")).toContain("answers to the current of A3");
    expect(run.summary.cells.by_state).toMatchObject({ isolated: 1 });
    expect(steppedAt(run).has("A2")).toBe(false);
    expect(steppedAt(run).has("A3")).toBe(true);
  });

  it("voltage leads that lie at a position without a cell read nothing, and refuse the cell before any current", async () => {
    const run = await runWorld({ hours: 0.1, lyingLeads: new Map([[indexOf("A2"), indexOf("H12")]]) });
    expect(whyIsolated(run, "A2")).toContain("outside");
    expect(run.virtual.world.cellObserver(indexOf("A2"))?.isDriven).toBe(false);
    expect(steppedAt(run).size).toBe(9);
  });

  it("current leads that are turned round against those of the voltage are told from everything else", async () => {
    const run = await runWorld({ hours: 0.1, lyingLeads: new Map([[indexOf("A2"), "current-turned"]]) });
    expect(whyIsolated(run, "A2")).toContain("was seen reversed");
    expect(steppedAt(run).size).toBe(9);
  });

  it("a contact of many kilohms is refused, one that a slow protocol can bear is not", async () => {
    const faults = [
      { kind: "high-resistance", position: "A2", ohm: 3000 },
      { kind: "high-resistance", position: "A3", ohm: 100 },
    ];
    const run = await runWorld({ hours: 0.1, faults: parseWorldFaults(faults, "faults.json") });
    expect(whyIsolated(run, "A2")).toContain("ohm: at 1C");
    expect(steppedAt(run).size).toBe(9);
  });

  it("a channel that is lost in the middle of it is proven again, alone, and the cell goes on", async () => {
    const run = await runWorld({
      hours: 0.1,
      faults: [{ kind: "link-cut", link: "channel A2", fromMs: 8000 }],
    });
    expectSound(run);
    expect(steppedAt(run).size).toBe(10);
    expect(run.summary.cells.by_state["isolated"] ?? 0).toBe(0);
    const proofs = run.of("cell-proof").filter((event) => field(event, "position") === "A2");
    expect(proofs.length).toBeGreaterThan(1);
  });
});
