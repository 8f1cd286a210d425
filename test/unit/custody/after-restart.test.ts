import { describe, expect, it } from "vitest";
import { createCellEffects, type CellEffectsDeps } from "../../../controller/cells/cell-effects.ts";
import { fixedIdentity } from "../../../controller/custody/identity-evidence.ts";
import type { IdentityEvidence } from "../../../controller/custody/identity-proof.ts";
import type { LeftStep } from "../../../controller/machines/programme.ts";

/** A cell whose step has run on while the controller was away. */
function effectsOf(identity: Partial<IdentityEvidence> | undefined) {
  const known = { openCircuitV: 3, resistanceOhm: null, impedanceOhm: null, ageS: 0 };
  const whole = { barcode: "LNO-1", scanned: "LNO-1", fingerprint: known, candidates: [], others: [], against: [] };
  const deps = {
    channel: { listen: () => undefined, hasTakenOver: true, capabilities: { buffersSamples: true } },
    ...{ intake: { lastAtMs: [] }, clock: { monoMs: () => 0 }, recorder: { record: () => undefined } },
    ...{ cellIndex: 0, position: "A1", proof: { code: {} }, wasLeft: true },
    ...(identity === undefined ? {} : { identity: fixedIdentity([{ ...whole, ...identity }]) }),
  };
  return createCellEffects(deps as unknown as CellEffectsDeps);
}

const LEFT = { step: null } as unknown as LeftStep;

describe("a cell that goes on after a restart", () => {
  it("does not where another code was read at its slot meanwhile, or something stands against it", async () => {
    await expect(effectsOf({ scanned: "LNO-2" }).findAgain(LEFT)).rejects.toMatchObject({ code: "cell.wrong" });
    await expect(effectsOf({ scanned: "LNO-2" }).confirmBack(LEFT)).rejects.toMatchObject({ code: "cell.wrong" });
    await expect(effectsOf({ against: ["it leaks"] }).findAgain(LEFT)).rejects.toMatchObject({
      code: "cell.identity-unknown",
    });
  });

  it("does where the ledger has nothing against it, or the campaign names none", async () => {
    await expect(effectsOf({}).findAgain(LEFT)).resolves.toEqual({ kind: "running" });
    await expect(effectsOf({ scanned: null }).findAgain(LEFT)).resolves.toEqual({ kind: "running" });
    await expect(effectsOf(undefined).findAgain(LEFT)).resolves.toEqual({ kind: "running" });
  });
});

describe("a cell that is found off after a restart", () => {
  function foundAt(openCircuitV: number) {
    const deps = {
      channel: {
        ...{ listen: () => undefined, hasTakenOver: false, capabilities: { runsProgrammeAlone: true } },
        measureOpenCircuitV: () => Promise.resolve(openCircuitV),
      },
      intake: { lastAtMs: [0], lastVoltageV: [3.3], lastCurrentA: [0], releasedV: [NaN], switchedOff: () => undefined },
      ...{ clock: { monoMs: () => 10_000 }, recorder: { record: () => undefined }, cellIndex: 0, position: "A1" },
      ...{ proof: { code: {}, limits: { voltageMinV: 2.5, voltageMaxV: 4.25 } }, wasLeft: true },
    };
    const left = { step: null, runningSinceMs: null, elapsedS: 0 } as LeftStep;
    return createCellEffects(deps as unknown as CellEffectsDeps).findAgain(left);
  }

  it("goes on by a voltage that can have come from where it was left, and by no other", async () => {
    await expect(foundAt(3.35)).resolves.toMatchObject({ kind: "off", openCircuitV: 3.35 });
    for (const openCircuitV of [3.1, 3.6]) {
      await expect(foundAt(openCircuitV)).rejects.toMatchObject({ code: "cell.unproven" });
    }
  });
});
