import { readdirSync, readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { describe, expect, it } from "vitest";
import { ALL_CODECS } from "../../support/fuzz/all-codecs.ts";
import { fuzzCodec, type FuzzEntry } from "../../support/fuzz/fuzz-codec.ts";

/** A million each by `node --import tsx test/bench/fuzz.ts`. */
const INPUTS = 5000;

const nowMs = (): number => performance.now();

describe("a codec on a bad cable", () => {
  it.each(ALL_CODECS.map((entry) => [entry.name, entry] as const))(
    "neither throws nor hangs nor hoards: %s",
    (_, entry) => {
      const outcome = fuzzCodec(entry, { inputCount: INPUTS, seed: 3, nowMs });
      expect(outcome.messageCount).toBeGreaterThan(INPUTS / 10);
      expect(outcome.slowestMs).toBeLessThan(1000);
    },
  );

  it("would be caught if it threw, or kept what it was given", () => {
    const throws: FuzzEntry = {
      name: "throws",
      samples: ["a"],
      open: () => ({
        push: (chunk) => {
          if (chunk.includes(0x62)) throw new RangeError("b");
        },
      }),
    };
    expect(() => fuzzCodec(throws, { inputCount: 5000, seed: 1, nowMs })).toThrow(/throws, input \d+ of seed 1: /);
    let kept = 0;
    const keeps: FuzzEntry = {
      name: "keeps",
      samples: ["abc\n"],
      retainedByteMax: 1000,
      open: () => ({ push: (chunk) => void (kept += chunk.length), retainedByteCount: () => kept }),
    };
    expect(() => fuzzCodec(keeps, { inputCount: 5000, seed: 1, nowMs })).toThrow(/keeps \d+ bytes/);
  });
});

const ROOT = new URL("../../../", import.meta.url);

function read(path: string): string {
  return readFileSync(new URL(path, ROOT), "utf8");
}

function filesUnder(folder: string): readonly string[] {
  const names = readdirSync(new URL(folder, ROOT), { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".ts")).map((name) => `${folder}/${name}`);
}

describe("the codecs of protocols/wire", () => {
  const fuzzFiles = filesUnder("test/support/fuzz");
  const list = read("test/support/fuzz/all-codecs.ts");

  it("are all in the list", () => {
    for (const path of fuzzFiles.filter((file) => file.endsWith("-fuzz.ts"))) {
      expect(list).toContain(`"./${path.slice(path.lastIndexOf("/") + 1)}"`);
    }
  });

  it.each(
    filesUnder("protocols/wire").flatMap((path) => {
      const names = [...read(path).matchAll(/^export function (decode[A-Z]\w*)/gm)].map(([, name]) => name ?? "");
      return names.length === 0 ? [] : [[path, names] as const];
    }),
  )("are fed bad bytes function by function: %s", (path, names) => {
    const importers = fuzzFiles.map(read).filter((text) => text.includes(`/${path}"`));
    expect(importers, `a file in test/support/fuzz imports ${path}`).not.toHaveLength(0);
    for (const name of names) expect(importers.join("\n")).toMatch(new RegExp(`\\b${name}\\(`));
  });

  it("have an entry for each folder", () => {
    const folders = new Set(
      filesUnder("protocols/wire").flatMap((path) => path.match(/^protocols\/wire\/([^/]+)\//)?.[1] ?? []),
    );
    expect(folders.size).toBeGreaterThan(10);
    const imported = fuzzFiles.map(read).join("\n");
    for (const folder of folders) expect(imported, folder).toContain(`protocols/wire/${folder}/`);
  });
});
