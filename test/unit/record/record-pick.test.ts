import { describe, expect, it } from "vitest";
import { createCellTable } from "../../../controller/export/cell-rows.ts";
import { recordPickOf, type RecordPick } from "../../../controller/export/record-pick.ts";
import { channelStep } from "../../../protocols/echem/channel-step.ts";
import { campaign } from "../../support/world-campaign.ts";

type Row = readonly [atS: number, voltageV: number, currentA: number, flags?: number];

/** Times of the rows that are picked. */
function picked(pick: RecordPick, samples: readonly Row[], stepsAtS: readonly number[] = []): readonly number[] {
  const steps = stepsAtS.map((atS) => ({ atMs: atS * 1000 }));
  const times: number[] = [];
  const table = createCellTable(
    { sensors: [], clock: { startMs: 0, wallOffsetS: null, utc: null } },
    { steps: steps as never },
    4,
    (rows) => {
      times.push(...rows.testTimeS);
    },
    pick,
  );
  table.take({
    channelIndex: 0,
    atMs: Float64Array.from(samples, ([atS]) => atS * 1000),
    voltageV: Float64Array.from(samples, ([, voltageV]) => voltageV),
    currentA: Float64Array.from(samples, ([, , currentA]) => currentA),
    flags: Uint32Array.from(samples, ([, , , flags = 0]) => flags),
  });
  table.finish();
  expect(table.rows).toBe(times.length);
  return times;
}

const still = (count: number): readonly Row[] => Array.from({ length: count }, (_, index) => [index, 3.7, 0] as const);
const NONE = { voltageV: Infinity, currentA: Infinity };

describe("records that a protocol's rule asks for", () => {
  it("come by time, with the first and the last of each step", () => {
    expect(picked({ timeMs: 9990, ...NONE }, still(26))).toEqual([0, 10, 20, 25]);
    expect(picked({ timeMs: 9990, ...NONE }, still(26), [0, 13])).toEqual([0, 10, 12, 13, 23, 25]);
  });

  it("come by change since the last record, and not since the last sample", () => {
    const ramp = Array.from({ length: 21 }, (_, index): Row => [index, 3.7 + index / 1000, index > 10 ? 0.002 : 0]);
    const rule = { timeMs: 1e6, voltageV: 0.0049, currentA: Infinity };
    expect(picked(rule, ramp)).toEqual([0, 5, 10, 15, 20]);
    expect(picked({ ...rule, voltageV: Infinity, currentA: 0.001 }, ramp)).toEqual([0, 11, 20]);
  });

  it("come where the instrument flagged a sample", () => {
    expect(picked({ timeMs: 1e6, ...NONE }, [...still(5), [5, 3.7, 0, 2], [6, 3.7, 0]])).toEqual([0, 5, 6]);
  });

  it("are read from the protocol as it stands on record", () => {
    const plan = { protocols: new Map([["p", { record: { time_s: "10", voltage_V: 0.005, current_mA: null } }]]) };
    const of = (options: object): RecordPick | null =>
      recordPickOf({ plan: plan as never }, { protocolSha256: "p" }, options);
    expect(of({})).toBeNull();
    expect(of({ recordsOnly: true })).toEqual({ timeMs: 9990, voltageV: 0.005, currentA: Infinity });
  });

  it("have samples to be picked from: a channel is asked every second where changes are to be met", () => {
    const [cell] = campaign.cells;
    const step = cell?.protocol.steps.find((one) => one.kind === "open-circuit-voltage");
    if (cell === undefined || step === undefined) throw new Error("the small campaign has a rest");
    const intervalS = (changes: object): unknown => {
      const protocol = { ...cell.protocol, record: { timeS: 10, voltageV: null, currentMa: null, ...changes } };
      const made = channelStep(protocol, step, { ...cell, sampleIntervalMinS: 0.1 });
      return made.kind === "step" ? made.step.sampleIntervalS : made.why;
    };
    expect([intervalS({}), intervalS({ voltageV: 0.001 }), intervalS({ currentMa: 0.1, timeS: 0.5 })]).toEqual([
      10, 1, 0.5,
    ]);
  });
});
