import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { LEARNS_NOTHING_FROM } from "../../../controller/resume/read-run.ts";
import { createRunFold, requestOf, type RecordedRun } from "../../../controller/resume/recorded-run.ts";
import type { Json } from "../../../protocols/base/canonical-json.ts";
import { campaign } from "../../support/world-campaign.ts";

type Told = readonly [type: string, atMs: number, data?: { readonly [key: string]: Json }];

function recorded(...events: readonly Told[]): RecordedRun {
  const fold = createRunFold(campaign, () => 0.1);
  for (const [type, atMs, data] of events) fold.event(type, atMs, data ?? {});
  return fold.finish();
}

function cell(run: RecordedRun, position: string) {
  return run.cells[campaign.cells.findIndex((item) => item.position === position)];
}

const A1 = { position: "A1" };

/** Its cursors have functions of their own. */
const shown = (run: RecordedRun): string => inspect(run, { depth: null, maxArrayLength: null });

describe("a run by the events of its record", () => {
  it("that had hardly begun has cells to be proven, and no sweep", () => {
    const run = recorded(["campaign-started", 0, { start_ms: 5 }]);
    expect(run).toMatchObject({ startMs: 5, lastMs: 0, isComplete: false, requests: [], held: null, latched: [] });
    expect(run.cells.map(({ left }) => left.phase)).toEqual(campaign.cells.map(() => "unproven"));
  });

  it("is the same whatever the events tell that a new controller does not look into", () => {
    const began: readonly Told[] = [
      ["campaign-started", 0, { start_ms: 5 }],
      ["cell-proof", 1, { ...A1, is_proven: true, open_circuit_V: 3.1 }],
    ];
    const telling = { ...A1, exposure_id: "X-S1-A1", request_id: "S1-A1", frame_id: "F1", outcome: "made", request: 1 };
    for (const type of LEARNS_NOTHING_FROM) {
      expect([type, shown(recorded(...began, [type, 2, telling]))]).toEqual([
        type,
        shown({ ...recorded(...began), lastMs: 2 }),
      ]);
    }
  });

  it("has of a cell whose proof is on no record since when its first step may run: before the first controller went that may have begun it", () => {
    const from = (...events: readonly Told[]): Told => ["campaign-resumed", (events.at(-1)?.[1] ?? 0) + 900_000];
    const first: readonly Told[] = [
      ["campaign-started", 0, { start_ms: 5 }],
      ["step-started", 60_000, { position: "A2" }],
    ];
    const later: readonly Told[] = [...first, from(...first), ["sensor-reading", 18_000_000]];
    const act = (kind: string): Told => ["cell-act", 500, { ...A1, act: kind, author: "anna", reason: "a look" }];
    const leftOf = (...events: readonly Told[]) => cell(recorded(...events), "A1")?.left;
    expect(leftOf(...later)).toMatchObject({ phase: "unproven", idleSinceMs: 60_000 });
    // The third knows no better than the second.
    expect(leftOf(...later, from(...later))?.idleSinceMs).toBe(60_000);
    // A person's order since is none before it.
    const held = leftOf(...later, ["cell-act", 18_000_001, { ...A1, act: "hold", author: "anna", reason: "a look" }]);
    expect(held).toMatchObject({ wasBeginning: true, idleSinceMs: 60_000 });
    // By a proof that failed whatever had flowed is on record, and nothing has begun.
    const failed: Told = ["cell-proof", 18_000_001, { ...A1, is_proven: false }];
    expect(leftOf(...later, failed)?.idleSinceMs).toBeUndefined();
    expect(leftOf(...later, failed, from(...later, failed))?.idleSinceMs).toBe(18_000_001);
    // What a person held could begin nothing.
    const inHold = [...first, act("hold"), from(...first)] as const;
    expect(leftOf(...inHold)?.idleSinceMs).toBeUndefined();
    expect(leftOf(...inHold)?.wasBeginning).toBeUndefined();
  });

  it("has of a cell that was stopped what had flowed until it was off", () => {
    const totals = (charged: number): Json => ({ charged_Ah: charged, discharged_Ah: 0, doubt_Ah: 0.001 });
    const run = recorded(
      ["cell-proof", 1, { ...A1, is_proven: true, open_circuit_V: 3.1 }],
      ["step-started", 2, { ...A1, step: 1, elapsed_s: 0, state: { totals: totals(0.001) } }],
      ["cell-stopped", 9, { ...A1, totals: totals(0.002) }],
    );
    expect(cell(run, "A1")?.offTotals).toEqual({ chargedAh: 0.002, dischargedAh: 0, doubtAh: 0.001 });
  });

  it("keeps what held exposing until a person resumed it; ending the run is no hold", () => {
    const fault = { code: "shutter.stuck-open", where: "io", what: "open" };
    expect(recorded(["exposing-held", 1, fault]).held?.fault).toMatchObject({
      code: "shutter.stuck-open",
      where: "io",
    });
    expect(recorded(["exposing-held", 1, fault], ["exposing-resumed", 2]).held).toBeNull();
    expect(recorded(["run-ended", 1], ["exposing-held", 2]).held).toBeNull();
    expect(recorded(["run-ended", 1], ["exposing-held", 2, fault]).held).not.toBeNull();
    expect(recorded(["exposing-held", 1], ["run-ended", 2], ["exposing-held", 3]).held).not.toBeNull();
    expect(recorded(["run-ended", 1], ["campaign-resumed", 2], ["exposing-held", 3]).held).not.toBeNull();
  });

  it("knows of a cell in a person's hands whether it was proven in its place again before all was told", () => {
    const opened: Told = ["access-opened", 1, { ...A1, author: "anna", reason: "" }];
    const left = (...events: readonly Told[]) => recorded(opened, ...events).access.get("A1")?.isBack;
    expect(left()).toBeUndefined();
    expect(left(["cell-put-back", 2, A1])).toBe("again");
    expect(left(["cell-put-back", 2, A1], ["cell-taken-out", 3, A1])).toBeNull();
  });

  it("keeps stops that were ordered, though it was killed before its machines had noted them; also while it ended", () => {
    const stop = (stopClass: string, positions?: readonly string[]): Told => {
      const only = positions === undefined ? {} : { positions };
      return ["stop-ordered", 3, { class: stopClass, author: "anna", reason: "smoke", ...only }];
    };
    const ended: Told = ["run-ended", 2];
    expect(recorded(ended, stop("exposing")).held).toBeNull();
    expect(recorded(ended, stop("exposing"), stop("exposing")).held).not.toBeNull();
    for (const before of [[], [ended], [ended, stop("exposing")]]) {
      const run = recorded(...before, stop("emergency"));
      expect(run.held).not.toBeNull();
      expect(run.cells.every(({ left }) => left.isOrderedOff)).toBe(true);
    }
    const steps = recorded(["cell-complete", 1, { position: "A2" }], stop("step", ["A1", "A2"]));
    expect(cell(steps, "A1")?.left.hold).toEqual({ kind: "hold", author: "anna", reason: "smoke" });
    for (const position of ["A2", "A3"]) expect(cell(steps, position)?.left.hold).toBeNull();
    const resumed = recorded(stop("step"), ["cell-act", 4, { ...A1, act: "resume", author: "anna", reason: "" }]);
    expect(cell(resumed, "A1")?.left.hold).toBeNull();
  });

  it("tells of a cell whose last step has ended and was not heard: what it read before says nothing of it", () => {
    const started: Told = ["step-started", 1000, { ...A1, elapsed_s: 0, state: {} }];
    const ended = (more: object): Told => ["step-ended", 9000, { ...A1, ended_by: "operator", totals: {}, ...more }];
    const unheard = (...events: readonly Told[]): unknown => cell(recorded(...events), "A1")?.hasEndedUnheard;
    expect(unheard(started)).toBe(false);
    expect(unheard(started, ended({}))).toBe(true);
    expect(unheard(started, ended({ samples: { from_ms: 2000, to_ms: 8000, received: 7 } }))).toBe(false);
    expect(unheard(started, ended({}), started)).toBe(false);
  });

  it("has a cell where it was that was to be taken out and given to nobody; not one that somebody has", () => {
    const taken: Told = ["cell-taken-out", 2, { ...A1, elapsed_s: 3 }];
    const refused = (isOpen: boolean): Told => ["access-refused", 3, { ...A1, author: "anna", is_open: isOpen }];
    const isOut = (...events: readonly Told[]): boolean | undefined =>
      cell(recorded(["step-started", 1, A1], taken, ...events), "A1")?.left.isCarried;
    expect([isOut(), isOut(refused(true)), isOut(refused(false))]).toEqual([true, true, undefined]);
  });

  it("knows what its proof came to of a cell that was driven by nothing since", () => {
    const flowed = (chargedAh: number) => ({ charged_Ah: chargedAh, discharged_Ah: 0, doubt_Ah: 0 });
    const chargedAh = (...events: readonly Told[]) => cell(recorded(...events), "A1")?.offTotals?.chargedAh;
    const proof: Told = ["cell-proof", 1, { ...A1, is_proven: true, totals: flowed(1e-6) }];
    const taken: Told = ["cell-taken-out", 3, { ...A1, elapsed_s: 3, totals: flowed(2e-3) }];
    const refused: Told = ["access-refused", 4, { ...A1, is_open: true, totals: flowed(3e-3) }];
    const back: Told = ["cell-put-back", 5, { ...A1, totals: flowed(4e-3) }];
    const started: Told = ["step-started", 2, A1];
    expect(chargedAh(proof)).toBe(1e-6);
    expect(chargedAh(proof, started)).toBeUndefined();
    expect(chargedAh(started, taken, refused)).toBe(3e-3);
    expect(chargedAh(started, taken, refused, back)).toBe(4e-3);
    expect(chargedAh(started, refused)).toBeUndefined();
  });

  it("keeps interlocks that broke until they were re-armed", () => {
    const broken: Told = ["interlock-broken", 1, { interlocks: ["doorClosed", "searched", "nonsense"] }];
    const { latched } = recorded(broken);
    expect(latched.length).toBeGreaterThan(0);
    expect(latched).not.toContain("nonsense");
    expect(recorded(broken, ["interlock-rearmed", 2]).latched).toEqual([]);
  });

  it("keeps alarms that were not cleared, with their numbers", () => {
    const run = recorded(
      ["alarm-raised", 1, { alarm: 1, code: "link.timeout", where: "stage", what: "late" }],
      ["alarm-raised", 2, { alarm: 2, code: "beam.lost", where: "machine", what: "gone" }],
      ["alarm-cleared", 3, { alarm: 1 }],
    );
    expect(run.alarms.raisedCount).toBe(2);
    expect(run.alarms.open).toMatchObject([{ id: 2, code: "beam.lost", raisedAtMs: 2 }]);
    expect(run.alarms.open[0]?.advice).not.toBe("");
  });

  it("tells what a failed shutter let through, which nobody had asked for", () => {
    const lit = { ...A1, exposure_id: "L-9000-A1-0", spot: 0, lit_from_ms: 5000, lit_until_ms: 9000 };
    const run = recorded(["campaign-started", 0, { start_ms: 5 }], ["lit-while-closed", 9000, lit]);
    expect(run.requests).toEqual([{ kind: "lit-while-closed", position: "A1", lit: { fromMs: 5000, toMs: 9000 } }]);
  });

  it("tells requests met, missed and failed apart, each once", () => {
    const run = recorded(
      ["sweep-begun", 10, { sweep: 1, asked: 10 }],
      ["exposure-ended", 20, { request_id: "S0001-A1", outcome: "made", open_asked_at_ms: 12, closed_seen_at_ms: 18 }],
      ["exposure-ended", 30, { request_id: "S0001-A2", outcome: "unknown", lit_from_ms: 21, lit_until_ms: 29 }],
      ["request-missed", 30, { sweep: 1, position: "A2", reason: "beam" }],
      ["exposure-refused", 31, { sweep: 1, position: "B5", reason: "dose" }],
    );
    expect(run.requests).toEqual([
      { kind: "begun", sweep: 1, atMs: 10, asked: 10 },
      expect.objectContaining({ kind: "exposed", position: "A1", outcome: "made", lit: { fromMs: 12, toMs: 18 } }),
      expect.objectContaining({ kind: "exposed", position: "A2", outcome: "partial", lit: { fromMs: 21, toMs: 29 } }),
      expect.objectContaining({ kind: "missed", position: "B5", reason: "dose" }),
    ]);
  });

  it("knows holds, isolations and cells that were ordered off", () => {
    const by = { ...A1, author: "operator", reason: "a look" };
    expect(cell(recorded(["cell-act", 1, { ...by, act: "hold" }]), "A1")?.left.hold).toMatchObject({
      reason: "a look",
    });
    const resumed = recorded(["cell-act", 1, { ...by, act: "hold" }], ["cell-act", 2, { ...by, act: "resume" }]);
    expect(cell(resumed, "A1")?.left.hold).toBeNull();
    const run = recorded(
      ["cell-isolated", 1, { ...A1, code: "cell.limit", where: "A1", what: "4.4 V" }],
      ["cells-ordered-off", 2, { author: "operator", reason: "smoke" }],
      ["cell-stopped", 3, { position: "A2" }],
    );
    expect(cell(run, "A1")?.left).toMatchObject({
      phase: "isolated",
      isOrderedOff: false,
      fault: { code: "cell.limit" },
    });
    expect(cell(run, "A2")?.left).toMatchObject({ phase: "stopped", isOrderedOff: false });
    expect(cell(run, "A3")?.left.isOrderedOff).toBe(true);
  });

  it("that is over counts as proven where the record has its proof, and else not", () => {
    const over = ["cell-stopped", 3, A1] as const;
    expect(cell(recorded(["cell-proof", 1, { ...A1, is_proven: true }], over), "A1")?.left.isProven).toBe(true);
    expect(cell(recorded(["cell-proof", 1, { ...A1, is_proven: false }], over), "A1")?.left.isProven).toBeUndefined();
    const unfinished = recorded(["cell-proof", 1, { ...A1, is_proven: true }]);
    expect(cell(unfinished, "A1")?.left).toMatchObject({ phase: "unproven" });
    expect(cell(unfinished, "A1")?.left.isProven).toBeUndefined();
  });

  it.each([
    ["the text", 5],
    ["a list", [1]],
    ["nothing", null],
    ["fields of other kinds", { position: 7, sweep: "x", alarm: "y", state: [], elapsed_s: "z", interlocks: 3 }],
  ])("is not upset by an event whose data is %s", (_, data) => {
    const fold = createRunFold(campaign, () => 0.1);
    for (const type of [
      "step-started",
      "step-ended",
      "cell-act",
      "sweep-begun",
      "alarm-raised",
      "interlock-broken",
      "exposure-ended",
    ])
      fold.event(type, 1, data);
    expect(fold.finish().lastMs).toBe(1);
  });
});

describe("the name of a request", () => {
  it("gives its sweep and position, also of a further try", () => {
    expect(requestOf("X-S0012-H12")).toMatchObject({ sweep: 12, position: "H12" });
    expect(requestOf("S0003-A1-R2")).toMatchObject({ sweep: 3, position: "A1" });
    expect(requestOf("alignment 4")).toBeUndefined();
  });
});
