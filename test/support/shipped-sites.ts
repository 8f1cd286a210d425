/** The sites of the repository, and what becomes of one that was spoilt in one place. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Finding } from "../../protocols/base/finding.ts";
import type { Site } from "../../protocols/site/site.ts";
import { loadSite } from "../../tui/load-campaign.ts";
import { repositoryText, tables } from "./campaign-files.ts";

const FOLDER = "protocols/sites";

export const SHIPPED_SITES: readonly string[] = readdirSync(fileURLToPath(new URL(`../../${FOLDER}`, import.meta.url)))
  .filter((file) => file.endsWith(".yaml"))
  .map((file) => file.replace(/\.yaml$/, ""));

export function sitePathOf(name: string): string {
  return `${FOLDER}/${name}.yaml`;
}

export function shippedSite(name: string): Site {
  const { site, findings } = loadSite(contextOf(), sitePathOf(name));
  if (site === undefined) throw new Error(JSON.stringify(findings));
  return site;
}

/** `from` must be there exactly once. */
export function findingsOf(name: string, from: string, to: string): readonly Finding[] {
  const text = repositoryText(sitePathOf(name));
  if (text.split(from).length !== 2) throw new Error(`${name} does not hold exactly one ${from}`);
  return loadSite(contextOf({ [sitePathOf(name)]: text.replace(from, to) }), sitePathOf(name)).findings;
}

function contextOf(files: Readonly<Record<string, string>> = {}) {
  return {
    readText: (path: string): string => files[path] ?? repositoryText(path),
    attenuationTables: () => tables,
  };
}
