import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Finding } from "../../../protocols/base/finding.ts";
import { readManifest } from "../../../protocols/manifest/read-manifest.ts";
import { breakCsv, breakJson, goodCsv, type Broken, type Chance } from "../../support/manifests.ts";
import { jsonTemplate } from "../../../protocols/manifest/manifest-template.ts";
import "../../support/property-seed.ts";

const draws = fc.array(fc.nat(1_000_000), { minLength: 6, maxLength: 6 });

/** Code units, halves of surrogate pairs and control characters among them. */
const codes = fc.array(fc.oneof(fc.nat(127), fc.nat(0xffff)), { maxLength: 8 });

function chanceOf(numbers: readonly number[]): Chance {
  let at = 0;
  return { below: (count) => (numbers[at++ % numbers.length] ?? 0) % count };
}

function placesOf(findings: readonly Finding[], fileName: string): readonly string[] {
  return findings.filter(({ severity }) => severity === "error").map(({ where }) => where.slice(fileName.length + 1));
}

/** Refused, each error with line and column, what is wrong and what would be right; one of them where the slip is. */
function expectNamed({ text, at, how }: Broken, fileName: string): void {
  const { manifest, findings } = readManifest(text, fileName);
  expect(manifest, how).toBeUndefined();
  const places = placesOf(findings, fileName);
  expect(places.length, how).toBeGreaterThan(0);
  for (const place of places) expect(place, how).toMatch(/^[1-9]\d*:[1-9]\d*( |$)/);
  for (const { what, advice } of findings) {
    expect(what.length, how).toBeGreaterThan(3);
    expect(advice, how).toMatch(/[.?]$/);
  }
  if (at === null) return;
  const wanted = `${at.line}:${at.column}`;
  expect(
    places.map((place) => place.split(" ")[0]),
    `${how}: ${JSON.stringify(findings[0])}`,
  ).toContain(wanted);
}

describe("five hundred broken manifests", () => {
  it("as CSV are each refused by line and column, where the slip is", () => {
    fc.assert(
      fc.property(draws, (numbers) => {
        expectNamed(breakCsv(chanceOf(numbers)), "box.csv");
      }),
      { numRuns: 350 },
    );
  });

  it("as JSON are each refused by line and column", () => {
    fc.assert(
      fc.property(draws, (numbers) => {
        expectNamed(breakJson(chanceOf(numbers)), "box.json");
      }),
      { numRuns: 150 },
    );
  });

  it("whatever stands in the place of a few characters, the reader ends in words and never breaks", () => {
    const good = [goodCsv(), goodCsv(3, ";"), jsonTemplate()];
    fc.assert(
      fc.property(fc.nat(2), fc.nat(4000), fc.nat(30), codes, (form, at, length, by) => {
        const text = good[form] ?? "";
        const from = at % text.length;
        const { manifest, findings } = readManifest(
          text.slice(0, from) + String.fromCharCode(...by) + text.slice(from + length),
          "box",
        );
        if (manifest !== undefined) return;
        expect(placesOf(findings, "box").every((place) => /^[1-9]\d*:[1-9]\d*( |$)/.test(place))).toBe(true);
        expect(findings.length).toBeGreaterThan(0);
      }),
      { numRuns: 80 },
    );
  });
});
