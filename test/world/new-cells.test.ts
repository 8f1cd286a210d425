/** Cells that come while a campaign goes on: brought by a person, proven whole, and each with its own record. */
import { afterAll, expect, it } from "vitest";
import { verifyRecord } from "../../controller/record/verify.ts";
import { replayDecisions } from "../../controller/run/replay-decisions.ts";
import { assert } from "../../protocols/base/assert.ts";
import { parsePosition, positionIndex } from "../../protocols/base/position.ts";
import type { VirtualCampaign } from "../../tui/virtual/virtual-campaign.ts";
import { expectSound, field, numeric, removeFolders, runWorld, SIX } from "../support/world-campaign.ts";

afterAll(removeFolders);

const BY = { author: "anna", reason: "a late cell" };

function indexOf(position: string): number {
  const parsed = parsePosition(position);
  assert(parsed !== undefined, position);
  return positionIndex(parsed);
}

function begin(virtual: VirtualCampaign, position: string): string | null {
  const { access } = virtual.run;
  const why = access.refusal("begin", position, BY);
  if (why === null) access.begin(position, BY);
  return why;
}

function end(virtual: VirtualCampaign, position: string, code: string): string | null {
  const { access } = virtual.run;
  const why = access.refusal("end", position, BY, { code });
  if (why === null) access.end(position, BY, { code });
  return why;
}

it("a cell joins while the others cycle: nothing flows before a person has brought it, and a kill forgets nothing of it", async () => {
  const position = "A2";
  const without = { ...SIX, cells: SIX.cells.filter((cell) => cell.position !== position) };
  const barcode = SIX.cells.find((cell) => cell.position === position)?.barcode ?? "";
  const said: (string | null)[] = [];
  const run = await runWorld({
    ...{ hours: 0.25, campaign: SIX, beginsWith: without, kills: [{ atS: 200, downS: 20 }] },
    absentUntilMs: new Map([[indexOf(position), 300_000]]),
    amendedLive: [{ atS: 100, propose: () => SIX, judged: ({ kind }) => said.push(kind) }],
    at: [
      [150, ({ run: { views } }) => said.push(views.stateOf(5), views.cell(5)?.waitingFor?.reason ?? null)],
      [240, (virtual) => said.push(begin(virtual, position))],
      [310, (virtual) => said.push(end(virtual, position, "LNO-A3"), end(virtual, position, barcode))],
    ],
  });
  const bring = `a person to bring ${barcode}: beamrack swap begin A2, and once it lies there swap end A2 --cell ${barcode}`;
  const wrong = expect.stringMatching(/the code read at A2 is LNO-A3, .*Bring/) as unknown;
  expect(said).toEqual(["amended", "away", bring, null, wrong, null]);
  expectSound(run);
  const closedMs = run.of("access-closed")[0]?.atMs ?? Infinity;
  const of = (type: string) => run.of(type).filter((event) => field(event, "position") === position);
  expect(of("cell-joined").length).toBe(1);
  // Proven whole, once, and before its first step.
  const proofs = of("cell-proof");
  expect(proofs.map((event) => event.atMs < closedMs)).toEqual([true]);
  expect(of("step-started").every(({ atMs }) => atMs >= (proofs[0]?.atMs ?? Infinity))).toBe(true);
  expect(of("step-started").length).toBeGreaterThan(0);
  expect(of("exposure-ended").filter((event) => numeric(event, "open_asked_at_ms") > closedMs).length).toBeGreaterThan(
    0,
  );
  expect(of("exposure-ended").every(({ atMs }) => atMs > closedMs)).toBe(true);
  expect(run.of("cell-isolated")).toEqual([]);
  const report = verifyRecord(run.folder, replayDecisions);
  expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
});
