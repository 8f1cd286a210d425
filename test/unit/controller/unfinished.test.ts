import { describe, expect, it } from "vitest";
import { NO_NUMBERS } from "../../../controller/beam/request-numbers.ts";
import type { LedgerRow } from "../../../controller/record/ledger-row.ts";
import type { RecordedRequest } from "../../../controller/resume/recorded-run.ts";
import {
  askedAgain,
  chargedToMs,
  settleUnfinished,
  unfinishedBookings,
  type RepeatDeps,
} from "../../../controller/resume/unfinished.ts";
import type { AccountedExposure } from "../../../controller/run/tally.ts";

const booking = {
  kind: "booking",
  exposureId: "X-S0001-B6",
  position: "B6",
  spotIndex: 0,
  atMs: 948_319,
  openTimeS: 5.39,
} as LedgerRow;

it.each([
  [
    "a controller that is back at once claims light for as long as it charges: a shutter may still be closing",
    950_781,
    953_709,
  ],
  [
    "one that is back later claims it until then, and for as long as closing takes: it may have opened just before",
    990_000,
    992_000,
  ],
])("%s", (_, nowMs, untilMs) => {
  const claimed: AccountedExposure[] = [];
  const told: unknown[] = [];
  settleUnfinished([booking], {
    ledger: { settle: () => ({ ...booking, kind: "charge-in-full" }) } as never,
    recorder: { record: (type: string, data: unknown) => told.push([type, data]) },
    tally: { accounted: (exposure: AccountedExposure) => claimed.push(exposure), exposed: () => undefined } as never,
    nowMs: () => nowMs,
    worstClosingMs: 2000,
  });
  expect(claimed).toEqual([{ positionIndex: 17, startMs: 948_319, endMs: untilMs }]);
  expect(told).toContainEqual([
    "exposure-ended",
    expect.objectContaining({ outcome: "unknown", lit_from_ms: 948_319, lit_until_ms: untilMs }),
  ]);
});

it("what was booked is unfinished until it is settled or charged, whichever was booked first", () => {
  const [first, second, third] = ["x1", "x2", "x3"].map((exposureId): LedgerRow => ({ ...booking, exposureId }));
  if (first === undefined || second === undefined || third === undefined) throw new Error("three rows");
  const closing = (row: LedgerRow, kind: string) => ({ ...row, kind }) as LedgerRow;
  const rows = [first, second, closing(first, "settlement"), third, closing(third, "charge-in-full")];
  expect(unfinishedBookings(rows)).toEqual([second]);
});

it("charges cover whatever may have come up to their bound, or up to what was last seen closed", () => {
  const settled = { ...booking, kind: "settlement", atMs: 954_000 } as LedgerRow;
  const inFull = { ...booking, kind: "charge-in-full", atMs: 990_000 } as LedgerRow;
  expect(chargedToMs([booking], false)).toBe(953_709);
  expect(chargedToMs([booking, inFull], false)).toBe(953_709);
  expect(chargedToMs([booking, settled], false)).toBeNull();
  expect(chargedToMs([booking, settled], true)).toBe(954_000);
  expect(chargedToMs([], true)).toBeNull();
});

it.each([
  ["X-S0001-B6", { sweep: 1 }, 1],
  ["X-R000018-B6", { request: 18 }, 0],
] as const)("what %s was booked for counts as missed for the beam, whoever asked", (exposureId, name, sweep) => {
  const told: unknown[] = [];
  const counted: unknown[][] = [];
  settleUnfinished(
    [
      { ...booking, exposureId },
      { ...booking, exposureId: "align 3" },
    ],
    {
      ledger: { settle: () => ({ ...booking, kind: "charge-in-full" }) } as never,
      recorder: { record: (type: string, data: unknown) => told.push([type, data]) },
      tally: { accounted: () => undefined, exposed: (...of: unknown[]) => counted.push(of) } as never,
      nowMs: () => 990_000,
      worstClosingMs: 2000,
    },
  );
  expect(told.map((one) => (one as [string])[0])).toEqual(["exposure-ended", "request-missed", "exposure-ended"]);
  expect(told[1]).toMatchObject(["request-missed", { ...name, position: "B6", reason: "beam" }]);
  expect(counted).toEqual([[sweep, 990_000, "partial", false, "beam"]]);
});

describe("an exposure that was under way as the controller was lost", () => {
  const answer = { acceptFromFraction: null, otherwise: "repeat-once" } as const;
  const partial = { acceptFromFraction: 0.8, otherwise: "skip", causes: { controllerKilled: answer } } as const;
  const ofStep = { kind: "wanted", number: 18, latestMs: 960_000, askedAtMs: 900_000 } as unknown as RecordedRequest;

  function repeated(
    bookings: readonly Partial<LedgerRow>[],
    changes: { readonly partial?: object; readonly requests?: readonly object[] } & Partial<
      Pick<RepeatDeps, "nowMs" | "endAtMs">
    > = {},
  ) {
    const { partial: rules = partial, requests = [ofStep], nowMs = 950_000, endAtMs = 2_000_000 } = changes;
    const before = { wanted: [], lastNumbers: NO_NUMBERS };
    return askedAgain(
      before,
      bookings.map((one): LedgerRow => ({ ...booking, ...one }) as LedgerRow),
      {
        campaign: {
          cells: [{ position: "A1" }, { position: "B6" }],
          sweeps: [{ preset: { partial: rules } }],
        } as never,
        requests: requests as readonly RecordedRequest[],
        window: (sweep) => ({ latestMs: sweep === 1 ? 955_000 : 0 }),
        ...{ nowMs, endAtMs },
      },
    );
  }

  it("is asked for once more where the campaign says so of a killed controller, with a number of its own", () => {
    const { asked, repeats } = repeated([{}]);
    expect(repeats).toEqual([
      {
        ...{ number: 18, cellIndex: 1, position: "B6", reason: "repeat of X-S0001-B6", askedAtMs: 950_000 },
        ...{ latestMs: 955_000, repeatOf: "X-S0001-B6" },
      },
    ]);
    expect([asked.wanted, [...asked.lastNumbers]]).toEqual([repeats, [["B6", 18]]]);
    expect(repeated([{}, {}]).repeats.map(({ number }) => number)).toEqual([18, 114]);
  });

  it("is the first cell's as well", () => {
    expect(repeated([{ position: "A1" as never }]).repeats).toMatchObject([{ cellIndex: 0, number: 1 }]);
  });

  it("keeps the window of the step that asked, and the wish of whoever did", () => {
    const wish = { key: "soc B6 2c 0.30", reason: "at 30 %", weight: 2 };
    const others = [
      { kind: "wanted", number: 114, latestMs: 0, controlIndex: 0 },
      { kind: "exposed", number: 18, latestMs: 0 },
    ];
    const { repeats } = repeated([{ exposureId: "X-R000018-B6" }], { requests: [...others, { ...ofStep, wish }] });
    expect(repeats).toMatchObject([
      { latestMs: 960_000, wish: { key: "soc B6 2c 0.30, again", reason: "repeat of X-R000018-B6", weight: 2 } },
    ]);
    expect(repeated([{ exposureId: "X-R000018-B6" }]).repeats[0]).not.toHaveProperty("wish");
  });

  it.each([
    ["the campaign says so of other causes alone", {}, { partial: { ...partial, ...answer, causes: {} } }],
    ["it was no request's", { exposureId: "align 3" }, {}],
    ["its cell is not here any more", { position: "C1" as never }, {}],
    ["the window of its sweep is over", {}, { nowMs: 955_000 }],
    ["the campaign is over", {}, { endAtMs: 950_000 }],
    ["the step's time is over", { exposureId: "X-R000018-B6" }, { nowMs: 960_000 }],
    ["it was a repeat itself", { exposureId: "X-R000018-B6" }, { requests: [{ ...ofStep, repeatOf: "X-S0001-B6" }] }],
    ["it was a control visit", { exposureId: "X-R000018-B6" }, { requests: [{ ...ofStep, controlIndex: 0 }] }],
  ])("is not asked for once more where %s", (_, one, changes) => {
    expect(repeated([one], changes).repeats).toEqual([]);
  });
});
