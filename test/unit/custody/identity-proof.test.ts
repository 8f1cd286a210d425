import { describe, expect, it } from "vitest";
import {
  judgeIdentity,
  objectionTo,
  voltageSpreadV,
  type Fingerprint,
  type IdentityEvidence,
  type IdentityVerdict,
} from "../../../controller/custody/identity-proof.ts";
import { identityEvidence } from "../../../controller/custody/identity-evidence.ts";
import { withEntry } from "../../../controller/custody/custody-rules.ts";
import { NO_CUSTODY, type CustodyAct } from "../../../controller/custody/custody.ts";
import { ALL_POSITIONS, type Position } from "../../../protocols/base/position.ts";

const DAY_S = 86_400;

function print(openCircuitV: number | null, more: Partial<Fingerprint> = {}): Fingerprint {
  return { openCircuitV, resistanceOhm: null, impedanceOhm: null, ageS: DAY_S, ...more };
}

const LFP = { barcode: "LFP-1", isOwn: true, fingerprint: print(3.25) };
const TWIN = { barcode: "LNO-2", isOwn: true, fingerprint: print(3.03) };

function evidence(more: Partial<IdentityEvidence> = {}): IdentityEvidence {
  return {
    ...{ barcode: "LNO-1", scanned: "LNO-1", fingerprint: print(3.02) },
    ...{ candidates: [], others: [LFP, TWIN], against: [] },
    ...more,
  };
}

function judge(
  more: Partial<IdentityEvidence>,
  openCircuitV: number,
  resistanceOhm: number | null = null,
): IdentityVerdict {
  return judgeIdentity(evidence(more), { openCircuitV, resistanceOhm });
}

describe("the cell in a slot", () => {
  it("is the right one where its code was read and it is as it was", () => {
    expect(judge({}, 3.03)).toEqual({ kind: "confirmed", by: "code" });
    expect(judge({ fingerprint: print(null) }, 3.5)).toEqual({ kind: "confirmed", by: "code" });
  });

  it("is another where the code says so, or where code and voltage disagree, and is named by what it looks like", () => {
    expect(judge({ scanned: "LNO-2" }, 3.02)).toMatchObject({
      kind: "wrong",
      what: expect.stringContaining("is LNO-2") as string,
    });
    expect(judge({}, 3.24)).toMatchObject({ kind: "wrong", what: expect.stringContaining("as LFP-1 was") as string });
    expect(judge({}, 1.1)).toMatchObject({ kind: "wrong", what: expect.not.stringContaining(" was:") as string });
  });

  it("is never told from another group's by that one's name: alarms are read by the cell's own group", () => {
    const foreign = [
      { ...LFP, isOwn: false },
      { ...TWIN, isOwn: false },
    ];
    const verdicts = [
      judge({ scanned: "LNO-2", others: foreign }, 3.02),
      judge({ others: foreign }, 3.24),
      judge({ scanned: null, others: foreign, candidates: foreign }, 3.02),
    ];
    for (const verdict of verdicts) {
      expect(verdict).toMatchObject({ what: expect.stringContaining("a cell of another group") as string });
      expect(JSON.stringify(verdict)).not.toMatch(/LFP-1|LNO-2/);
    }
    expect(judge({ scanned: "STRAY-7", others: foreign }, 3.02)).toMatchObject({
      what: expect.stringContaining("STRAY-7") as string,
    });
  });

  it("of two of one chemistry is not told by voltage: without a code it stays unknown", () => {
    expect(judge({ scanned: null, candidates: [TWIN] }, 3.02)).toEqual({
      kind: "unknown",
      what: "no code was read, and it could as well be LNO-2",
    });
  });

  it("without a code is believed only where every cell that could lie there is far from it", () => {
    expect(judge({ scanned: null, candidates: [LFP] }, 3.02)).toEqual({ kind: "confirmed", by: "fingerprint" });
    expect(
      judge({ scanned: null, candidates: [LFP, { barcode: "X", isOwn: true, fingerprint: print(null) }] }, 3.02).kind,
    ).toBe("unknown");
    expect(judge({ scanned: null, fingerprint: print(null) }, 3.02).kind).toBe("unknown");
    expect(judge({ scanned: null }, 3.24).kind).toBe("unknown");
  });

  it("is the less certain the longer ago it was measured, and no drift makes the bound wider than it can be", () => {
    expect(judge({ scanned: null, candidates: [LFP], fingerprint: print(3.02, { ageS: 40 * DAY_S }) }, 3.02).kind).toBe(
      "unknown",
    );
    expect(voltageSpreadV({ ageS: Infinity })).toBeCloseTo(voltageSpreadV({ ageS: 1e9 }), 12);
    expect(voltageSpreadV({ ageS: 0 })).toBeLessThan(voltageSpreadV({ ageS: 10 * DAY_S }));
  });

  it("is found out by its resistance once a small current has flowed", () => {
    const seen = print(3.02, { resistanceOhm: 25, impedanceOhm: 12 });
    expect(judge({ fingerprint: seen }, 3.02, 30).kind).toBe("confirmed");
    expect(judge({ fingerprint: seen }, 3.02, 90)).toMatchObject({
      kind: "wrong",
      what: expect.stringContaining("90 ohm") as string,
    });
    expect(judge({ fingerprint: print(3.02, { impedanceOhm: 60 }) }, 3.02, 10).kind).toBe("wrong");
  });

  it("that custody holds back is unknown, whatever else agrees; so is one that cannot be read", () => {
    expect(judge({ against: ["LNO-1 is damaged"] }, 3.02).kind).toBe("unknown");
    expect(judge({}, NaN).kind).toBe("unknown");
  });
});

describe("what the ledger alone says of a cell that was proven before", () => {
  it("is asked again after a restart: another code at its slot, or something against it", () => {
    expect(objectionTo(evidence({ scanned: null }))).toBeNull();
    expect(objectionTo(evidence({ scanned: "LNO-9" }))?.kind).toBe("wrong");
    expect(objectionTo(evidence({ against: ["LNO-1 leaks"] }))?.kind).toBe("unknown");
  });
});

describe("the evidence from custody", () => {
  const [A1, A2, A3, A4] = ALL_POSITIONS as readonly [Position, Position, Position, Position];

  it("holds each cell against its last sight, and knows which others have no place by their code", () => {
    let custody = NO_CUSTODY;
    let seq = 0;
    const note = (act: CustodyAct): void => {
      seq += 1;
      custody = withEntry(custody, { seq, atMs: 1000 * DAY_S * seq, by: "ada", act });
    };
    for (const barcode of ["a", "b", "c", "d"]) {
      note({
        kind: "expect",
        cell: {
          ...{ barcode, shipment: "s", group: "g", chemistry: "lno-graphite", after: "return", hazards: ["none"] },
          ...{ openCircuitV: 3, impedanceOhm: 9, measuredMs: 0 },
        },
      });
      note({ kind: "receive", barcode });
      note({ kind: "inspect", barcode, isSound: true, note: "" });
    }
    note({ kind: "load", barcode: "a", position: A1, planned: null });
    note({ kind: "load", barcode: "b", position: A2, planned: A4 });
    note({ kind: "load", barcode: null, position: A3, planned: null });
    note({ kind: "verify", barcode: "a", position: A1, openCircuitV: 3.1, resistanceOhm: 20 });
    const planned = ["a", "b", "c", "e"].map((barcode, index) => ({ barcode, position: ALL_POSITIONS[index] ?? A1 }));
    const found = identityEvidence(custody, planned, 1000 * DAY_S * (seq + 1));
    expect(found.map(({ scanned }) => scanned)).toEqual(["a", "b", null, null]);
    expect(found[0]).toMatchObject({
      fingerprint: { openCircuitV: 3.1, resistanceOhm: 20, impedanceOhm: 9 },
      against: [],
    });
    expect(found[1]?.against).toEqual(["b lies at A2; the campaign has it at A4"]);
    expect(found[2]?.candidates.map(({ barcode }) => barcode)).toEqual(["d"]);
    expect(found[3]?.against).toEqual(["e was never announced or received"]);
    // Unread slots: what looks like a cell whose code was read elsewhere is another one.
    const exchanged = [
      { barcode: "c", position: A4 },
      { barcode: "a", position: A3 },
    ];
    expect(identityEvidence(custody, exchanged, 0).map(({ against }) => against)).toEqual([
      [],
      ["its code was read at A1"],
    ]);
    // What was read at A1 belongs at H12, in a rack that lies the wrong way round.
    const turned = identityEvidence(
      custody,
      [
        { barcode: "z", position: A1 },
        { barcode: "a", position: ALL_POSITIONS[95] ?? A1 },
      ],
      0,
    );
    expect(turned.map(({ isTurned }) => isTurned)).toEqual([true, undefined]);
    const [atA1] = turned;
    expect(atA1 === undefined ? null : objectionTo(atA1)?.what).toMatch(
      /it belongs half a turn away: the rack may lie the wrong way round$/,
    );
    note({ kind: "cycle", barcode: "a" });
    expect(identityEvidence(custody, planned, 0)[0]?.fingerprint).toMatchObject({
      openCircuitV: null,
      resistanceOhm: 20,
    });
  });
});
