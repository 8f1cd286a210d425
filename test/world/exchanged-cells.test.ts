import { afterAll, describe, expect, it } from "vitest";
import { fixedIdentity } from "../../controller/custody/identity-evidence.ts";
import type { IdentityEvidence, OtherCell } from "../../controller/custody/identity-proof.ts";
import { parsePosition, positionIndex } from "../../protocols/base/position.ts";
import { campaign, field, numeric, removeFolders, runWorld, type WorldRun } from "../support/world-campaign.ts";

afterAll(removeFolders);

/** Five cells of one chemistry in row A, five of another in row B. */
const mixed = {
  ...campaign,
  cells: campaign.cells.map((cell) =>
    cell.position.startsWith("A") ? cell : { ...cell, chemistry: "nmc811-graphite-siox" as const },
  ),
};

function at(position: string): number {
  const found = parsePosition(position);
  if (found === undefined) throw new Error(`${position} is no position`);
  return positionIndex(found);
}

function whyIsolated(run: WorldRun, position: string): string {
  const event = run.of("cell-isolated").find((one) => field(one, "position") === position);
  return `${field(event, "code")} ${field(event, "what")}`;
}

function positionsOf(run: WorldRun, type: string): ReadonlySet<string> {
  return new Set(run.of(type).map((event) => field(event, "position")));
}

describe("cells that were sent in", () => {
  it("get neither current nor beam where another lies in their place or nobody can say which one does; the others go on", async () => {
    const before = await runWorld({ hours: 0.02, campaign: mixed });
    const voltages = new Map(
      before.of("cell-proof").map((event) => [field(event, "position"), numeric(event, "open_circuit_V")]),
    );
    const known = mixed.cells.map(({ position, barcode }) => ({
      position,
      barcode,
      isOwn: true,
      fingerprint: {
        openCircuitV: voltages.get(position) ?? null,
        resistanceOhm: null,
        impedanceOhm: null,
        ageS: 86_400,
      },
    }));
    const unread = ["A3", "A4", "B3"];
    const identity = known.map(({ position, barcode, fingerprint }): IdentityEvidence => {
      const others: readonly OtherCell[] = known.filter((other) => other.barcode !== barcode);
      const isUnread = unread.includes(position);
      return {
        ...{ barcode, fingerprint, others, against: [] },
        scanned: isUnread ? null : position === "A5" ? "R-Z9" : barcode,
        candidates: isUnread
          ? known.filter((other) => other.barcode !== barcode && unread.includes(other.position))
          : [],
      };
    });
    const displaced = new Map([
      [at("A2"), at("B2")],
      [at("B2"), at("A2")],
      // In their places, but nobody can know it.
      ...["A3", "A4", "A5"].map((position) => [at(position), at(position)] as const),
    ]);
    const run = await runWorld({ hours: 0.15, campaign: mixed, identity: fixedIdentity(identity), displaced });
    expect(whyIsolated(run, "A2")).toMatch(/^cell\.wrong its code says R-A2, but it has .* it is as S-B\d was/);
    expect(whyIsolated(run, "B2")).toMatch(/^cell\.wrong its code says S-B2, but it has .* it is as R-A\d was/);
    expect(whyIsolated(run, "A5")).toMatch(/^cell\.wrong the code read at this slot is R-Z9/);
    expect(whyIsolated(run, "A3")).toMatch(/^cell\.identity-unknown .*could as well be R-A4/);
    expect(whyIsolated(run, "A4")).toMatch(/^cell\.identity-unknown .*could as well be R-A3/);
    expect(run.summary.violations).toEqual([]);
    const kept = ["A2", "A3", "A4", "A5", "B2"];
    for (const position of kept) {
      expect(positionsOf(run, "step-started").has(position)).toBe(false);
      expect(positionsOf(run, "exposure-booked").has(position)).toBe(false);
    }
    expect(positionsOf(run, "step-started")).toEqual(new Set(["A1", "B1", "B3", "B4", "B5"]));
    expect(positionsOf(run, "exposure-booked")).toEqual(new Set(["A1", "B1", "B3", "B4", "B5"]));
    expect(
      run
        .of("cell-proof")
        .filter((event) => field(event, "position") === "A2")
        .map((event) => numeric(event, "current_A")),
    ).toEqual([NaN]);
    expect(run.alarms.filter((alarm) => alarm.startsWith("cell."))).toHaveLength(5);
    expect(run.virtual.run.isDone()).toBe(true);
  });

  it("late are waited for, measured and driven once they lie in their slot, and never before; the others do not wait", async () => {
    const evidence = campaign.cells.map(({ barcode }): IdentityEvidence => {
      const nothing = { openCircuitV: null, resistanceOhm: null, impedanceOhm: null, ageS: 0 };
      return { barcode, scanned: barcode, fingerprint: nothing, candidates: [], others: [], against: [] };
    });
    const late = new Map([
      [at("A2"), 302_000],
      [at("A3"), Infinity],
    ]);
    const there = new Set<number>();
    let changed = (): void => undefined;
    const run = await runWorld({
      hours: 0.2,
      absentUntilMs: late,
      identity: {
        ...fixedIdentity(evidence),
        awaited(cellIndex) {
          const index = at(campaign.cells[cellIndex]?.position ?? "");
          return late.has(index) && !there.has(index) ? "its box to come" : null;
        },
        onChange(handler) {
          changed = handler;
        },
      },
      at: [
        [
          120,
          ({ run: { views } }) => {
            expect([1, 2].map((index) => views.stateOf(index))).toEqual(["expected", "expected"]);
            expect(views.waits()?.find(([where]) => where === "A2")?.[1]).toMatchObject({ reason: "its box to come" });
            changed();
            expect(views.stateOf(1)).toBe("expected");
          },
        ],
        [
          302,
          () => {
            there.add(at("A2"));
            changed();
          },
        ],
      ],
    });
    expect(run.summary.violations).toEqual([]);
    expect(run.alarms).toEqual([]);
    const timeOf = (type: string, position: string): number =>
      run.of(type).find((event) => field(event, "position") === position)?.atMs ?? NaN;
    expect(timeOf("cell-come", "A2")).toBe(302_000);
    expect(timeOf("cell-proof", "A2")).toBeGreaterThan(302_000);
    expect(timeOf("exposure-booked", "A2")).toBeGreaterThan(timeOf("cell-proof", "A2"));
    expect(timeOf("step-started", "A1")).toBeLessThan(302_000);
    for (const type of ["cell-proof", "step-started", "exposure-booked"]) expect(timeOf(type, "A3")).toBeNaN();
    expect(run.of("cell-stopped").map((event) => field(event, "position"))).toEqual(["A3"]);
    expect(run.virtual.run.isDone()).toBe(true);
  });

  it("exchanged where nobody looks would be driven and exposed, and the observer says so", async () => {
    const displaced = new Map([[at("A2"), at("B2")]]);
    const run = await runWorld({ hours: 0.1, campaign: mixed, displaced });
    const broken = run.summary.violations.map(({ invariant }) => invariant);
    expect(broken).toContain("right-cell");
    expect(broken).toContain("cell-limits");
  });
});
