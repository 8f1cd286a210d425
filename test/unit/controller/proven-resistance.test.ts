import { expect, it } from "vitest";
import type { LeftStep } from "../../../controller/machines/programme.ts";
import type { ChannelStep } from "../../../protocols/roles/channel.ts";
import { leftStep } from "../../../controller/machines/cell-news.ts";
import { createCellFold } from "../../../controller/resume/recorded-cell.ts";
import { campaign } from "../../support/world-campaign.ts";
import { createEffectsBench, LIMITS } from "./effects-bench.ts";

const COMMON = { untilTimeS: 3600, sampleIntervalS: 60, limits: LIMITS };
const DISCHARGE = { ...COMMON, kind: "constant-current", currentA: -0.0014, untilVoltageV: 3 } as const;

/** A cell off at 3.10 V, and what it has against its discharge after a restart that found it so. */
async function lookAfterRestart(left: LeftStep): Promise<string | null> {
  const { effects } = createEffectsBench({ measureOpenCircuitV: () => Promise.resolve(3.1) }, { wasLeft: true });
  await effects.findAgain(left);
  const discharge = { stepNumber: 3, cycleNumber: 1, label: "", channelStep: DISCHARGE };
  return (await effects.lookBefore?.(discharge, "out-of-turn"))?.kind ?? null;
}

/** By its record: proven, and put back later where `backOhm` is given. */
function leftBy(proofOhm: number | null, backOhm?: number): LeftStep {
  const [cell] = campaign.cells;
  if (cell === undefined) throw new Error("no cell");
  const fold = createCellFold(cell, 1);
  fold.event("cell-proof", 0, { is_proven: true, ...(proofOhm === null ? {} : { resistance_ohm: proofOhm }) });
  fold.event("step-started", 10, {});
  if (backOhm !== undefined) fold.event("cell-put-back", 20, { resistance_ohm: backOhm });
  const { left } = fold.state();
  return { ...leftStep({ left, cursor: null } as unknown as Parameters<typeof leftStep>[0]), step: null };
}

it("a cell's resistance is known after a restart by its proof on record: a step whose end is behind it does not begin", async () => {
  expect(await lookAfterRestart(leftBy(150))).toBe("over");
  expect(await lookAfterRestart(leftBy(20))).toBeNull();
  expect(await lookAfterRestart(leftBy(20, 150))).toBe("over");
  expect(await lookAfterRestart(leftBy(null))).toBeNull();
});

it("a step that broke off is over where its end is behind it: of a discharge as the proof found the cell, of a charge at rest", async () => {
  const lookedAt = async (step: ChannelStep, openCircuitV: number, ohm: number) => {
    let measured = 0;
    const measureOpenCircuitV = () => {
      measured += 1;
      return Promise.resolve(openCircuitV);
    };
    const { effects } = createEffectsBench({ measureOpenCircuitV }, { wasLeft: true });
    await effects.findAgain(leftBy(ohm));
    const unfit = await effects.lookBefore?.(
      { stepNumber: 3, cycleNumber: 1, label: "", channelStep: step },
      "broken-off",
    );
    return [unfit?.kind ?? null, measured - 1];
  };
  expect(await lookedAt(DISCHARGE, 3.1, 150)).toEqual(["over", 1]);
  expect(await lookedAt(DISCHARGE, 3.1, 20)).toEqual([null, 1]);
  expect(await lookedAt(DISCHARGE, 2.999, 0)).toEqual(["over", 1]);
  const charge = { ...DISCHARGE, currentA: 0.0014, untilVoltageV: 4.15 };
  expect(await lookedAt(charge, 4.1, 150)).toEqual([null, 1]);
  expect(await lookedAt(charge, 4.15, 150)).toEqual(["over", 1]);
  // Of a sample a minute old the break itself tells: 0.07 V for 1.4 mA.
  const bench = createEffectsBench({ measureOpenCircuitV: () => Promise.resolve(3.19) }, { wasLeft: true });
  await bench.effects.findAgain(leftBy(150));
  bench.intake.lastSeen(0, 0, 3.12, -0.0014);
  bench.time.nowMs = 60_000;
  const unfit = await bench.effects.lookBefore?.(
    { stepNumber: 3, cycleNumber: 1, label: "", channelStep: DISCHARGE },
    "broken-off",
  );
  expect(unfit).toBeNull();
  const hold = { ...COMMON, kind: "constant-voltage", voltageV: 4.15, untilCurrentA: null } as const;
  expect(await lookedAt(hold, 3.1, 150)).toEqual(["lead", 1]);
  expect(await lookedAt(hold, 4.12, 150)).toEqual([null, 1]);
});
