/** Campaign files in memory, so that a test can spoil one of them in one place and see what is said of it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { Fault } from "../../protocols/base/fault.ts";
import { parseAttenuationTables } from "../../protocols/dose/attenuation.ts";
import { loadCampaign } from "../../tui/load-campaign.ts";
import type { LoadedCampaign } from "../../tui/load-campaign.ts";
import { packageRoot } from "../../tui/rim/package-root.ts";

export function repositoryText(path: string): string {
  return readFileSync(join(packageRoot().folder, path), "utf8");
}

export const tables = parseAttenuationTables(
  JSON.parse(repositoryText("protocols/data/xray/mass_attenuation.json")),
  JSON.parse(repositoryText("protocols/data/xray/materials.json")),
);

export const goodFiles: Readonly<Record<string, string>> = {
  "good.yaml": repositoryText("test/fixtures/bad-campaigns/good.yaml"),
  "cycle.yaml": repositoryText("test/fixtures/bad-campaigns/cycle.yaml"),
  "site.yaml": repositoryText("protocols/sites/reference.yaml"),
};

/** Replaces `from`, which must be there exactly once, in one of the good files. */
export function spoilt(file: string, from: string, to: string): Readonly<Record<string, string>> {
  const text = goodFiles[file] ?? "";
  if (text.split(from).length !== 2) throw new Error(`${file} does not hold exactly one ${from}`);
  return { ...goodFiles, [file]: text.replace(from, to) };
}

export function contextOf(files: Readonly<Record<string, string>>) {
  return {
    readText(path: string): string {
      const text = files[path];
      if (text === undefined) throw new Fault("file.missing", path, "no such file");
      return text;
    },
    attenuationTables: () => tables,
  };
}

export function load(files: Readonly<Record<string, string>>, path = "good.yaml"): LoadedCampaign {
  return loadCampaign(contextOf(files), path);
}

/** A campaign of the repository, read from disk. */
export function loadShipped(path: string): LoadedCampaign {
  return loadCampaign({ readText: repositoryText, attenuationTables: () => tables }, path);
}

export interface Spoilt {
  readonly where: string;
  readonly what: string;
  readonly advice: string;
  readonly code: string;
}

/** The errors, each of them complete, in the order in which they are printed. */
export function errorsOf(loaded: LoadedCampaign): readonly Spoilt[] {
  return loaded.findings.filter((finding) => finding.severity === "error");
}

/** File, what is replaced by what, and the error that must follow. */
export type SpoiltCase = readonly [
  name: string,
  file: string,
  from: string,
  to: string,
  code: string,
  where: string,
  what: RegExp,
  advice: RegExp,
];

export function expectRefused([, file, from, to, code, where, what, advice]: SpoiltCase): void {
  const loaded = load(spoilt(file, from, to));
  expect(loaded.kind).toBe("refused");
  const errors = errorsOf(loaded);
  const found = errors.find((error) => error.code === code);
  expect(found, JSON.stringify(errors, null, 1)).toBeDefined();
  expect(found?.where).toBe(where);
  expect(found?.what).toMatch(what);
  expect(found?.advice).toMatch(advice);
}
