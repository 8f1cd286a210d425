import { describe, expect, it } from "vitest";
import {
  nextNumber,
  NO_NUMBERS,
  recordedNumbers,
  turnOf,
  withNumbers,
  type LastNumbers,
} from "../../../controller/beam/request-numbers.ts";
import { ALL_POSITIONS } from "../../../protocols/base/position.ts";

function asked(last: LastNumbers, positions: readonly string[]): { last: LastNumbers; numbers: readonly number[] } {
  const numbers: number[] = [];
  for (const position of positions) {
    const number = nextNumber(last, position);
    numbers.push(number);
    last = withNumbers(last, [{ position, number }]);
  }
  return { last, numbers };
}

describe("numbers of requests", () => {
  it("are each position's own, whatever others ask meanwhile, and no two are the same", () => {
    const alone = asked(NO_NUMBERS, ["B1", "B1", "B1"]).numbers;
    const among = asked(NO_NUMBERS, ["A1", "B1", "H12", "B1", "A1", "A1", "B1"]);
    expect(alone).toEqual([13, 109, 205]);
    expect([1, 3, 6].map((index) => among.numbers[index])).toEqual(alone);
    expect(alone.map(turnOf)).toEqual([1, 2, 3]);
    const all = asked(NO_NUMBERS, [...ALL_POSITIONS, ...ALL_POSITIONS.toReversed()]).numbers;
    expect(new Set(all).size).toBe(2 * ALL_POSITIONS.length);
  });

  it("go on after a restart; behind numbers that counted all requests together, beyond all of them", () => {
    const { last, numbers } = asked(NO_NUMBERS, ["C3", "A1", "C3"]);
    const recorded = ["C3", "A1", "C3"].map((position, index) => ({ position, number: numbers[index] ?? 0 }));
    expect(recordedNumbers(recorded, ["A1", "C3"])).toEqual(last);
    const old = [
      { position: "A1", number: 1 },
      { position: "C3", number: 2 },
      { position: "C3", number: 150 },
      { position: "A1", number: 151 },
    ];
    const next = recordedNumbers(old, ["A1", "C3", "H12"]);
    for (const position of ["A1", "C3", "H12"]) expect(nextNumber(next, position)).toBeGreaterThan(151);
  });
});
