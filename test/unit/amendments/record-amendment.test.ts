import { expect, it } from "vitest";
import type { CampaignProgress } from "../../../controller/amendments/amendment.ts";
import { recordAmendment } from "../../../controller/amendments/record-amendment.ts";
import { createLedgerCells } from "../../../controller/dose/ledger-cells.ts";
import { assert } from "../../../protocols/base/assert.ts";
import { goodFiles, load, tables } from "../../support/campaign-files.ts";

it("a trigger that goes takes its requests along, but not one that the controller was lost over: its next start tells what became of it", () => {
  const loaded = load(goodFiles);
  assert(loaded.kind === "loaded", JSON.stringify(loaded.findings));
  const { campaign, site } = loaded;
  const asked = (number: number) => ({ request: `R${number}`, position: "A2", trigger: "gone" });
  const row = (kind: "booking" | "settlement", exposureId: string) => ({ kind, exposureId });
  const progress = {
    startMs: 0,
    requests: [2, 98, 194].map(asked),
    rows: [row("booking", "X-R0002-A2"), row("settlement", "X-R0002-A2"), row("booking", "X-R0098-A2")],
  } as unknown as CampaignProgress;
  const withdrawn: unknown[] = [];
  const recorder = {
    record: (type: string, data: Readonly<Record<string, unknown>>) =>
      type === "request-withdrawn" ? withdrawn.push(data["request"]) : 0,
  };
  recordAmendment(
    recorder,
    {
      ...{ number: 1, author: "ada", reason: "a test", changes: [], proposed: campaign },
      ...{ campaignHash: "h", texts: new Map() },
    },
    { site, cells: createLedgerCells(campaign, site, tables), progress },
  );
  expect(withdrawn).toEqual([2, 194]);
});
