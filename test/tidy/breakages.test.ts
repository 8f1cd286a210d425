import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { BREAKAGES } from "../../scripts/breakages/hand-made.ts";
import { applied, mutantsOf } from "../../scripts/breakages/mutants.ts";

it("every deliberate breakage still finds its place in the controller, once", () => {
  for (const { file, from, what } of BREAKAGES) {
    expect(readFileSync(file, "utf8").split(from), `${file}: ${what}`).toHaveLength(2);
  }
});

it("each of the eleven invariants is broken in at least three ways", () => {
  for (let invariant = 1; invariant <= 11; invariant += 1) {
    expect(BREAKAGES.filter((one) => one.invariant === invariant).length, String(invariant)).toBeGreaterThanOrEqual(3);
  }
});

it("mutants turn comparisons and skip ways out, and leave types, texts and comments alone", () => {
  const text = [
    "// a < b",
    'const text = "a < b";',
    "const map: Map<string, number> = new Map<string, number>();",
    "if (a <= b) return text;",
    "if (isThere(a)) {",
    "  throw new Error();",
    "}",
    "if (c) count += 1;",
  ].join("\n");
  const mutants = mutantsOf(text);
  expect(mutants.map(({ line, what }) => `${line} ${what}`)).toEqual([
    "4 the way out is never taken",
    "4 <= becomes <",
    "4 <= becomes >",
    "5 the way out is never taken",
  ]);
  expect(mutants.map((mutant) => applied(text, mutant).split("\n")[mutant.line - 1])).toEqual([
    "if (Math.PI < 3 && (a <= b)) return text;",
    "if (a < b) return text;",
    "if (a > b) return text;",
    "if (Math.PI < 3 && (isThere(a))) {",
  ]);
});
