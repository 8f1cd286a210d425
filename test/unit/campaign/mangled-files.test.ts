import { describe, expect, it } from "vitest";
import { goodFiles, load } from "../../support/campaign-files.ts";

/** Numerical Recipes' quick generator: enough to spoil files in the same ways every time. */
function chanceOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const SCRAPS = [
  "",
  " ",
  "\n",
  "\t",
  ":",
  "-",
  "{",
  "}",
  "[",
  "]",
  "&a ",
  "*a",
  "!",
  "#",
  '"',
  "'",
  "|",
  "?",
  ".nan",
  "-1e309",
  "null",
  "~",
  "0x7fffffffffffffff",
  "é",
  "\u0000",
  "<<: *a",
  "__proto__: 1",
  "constructor: 1",
  "A1..H12",
  "9999999999999999999999",
];

describe("files mangled at random", () => {
  it.each(["good.yaml", "cycle.yaml", "site.yaml"])("are judged without a throw, whatever became of %s", (file) => {
    const chance = chanceOf(20260302);
    const original = goodFiles[file] ?? "";
    let refused = 0;
    for (let round = 0; round < 50; round += 1) {
      let text = original;
      for (let cut = chance(3); cut >= 0; cut -= 1) {
        const from = chance(text.length);
        const scrap = SCRAPS[chance(SCRAPS.length)] ?? "";
        text = text.slice(0, from) + scrap + text.slice(from + chance(12));
      }
      const loaded = load({ ...goodFiles, [file]: text });
      if (loaded.kind === "refused") {
        refused += 1;
        const errors = loaded.findings.filter((finding) => finding.severity === "error");
        expect(errors.length, text).toBeGreaterThan(0);
        for (const error of errors) expect(error.where, text).toMatch(/^(good|cycle|site)\.yaml/);
      }
    }
    expect(refused).toBeGreaterThan(25);
  });
});
