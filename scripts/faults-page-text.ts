/** The operator's page of faults, made from the catalogue so that the two cannot differ. */
import { FAULT_CATALOGUE } from "../protocols/base/fault-catalogue.ts";

const SEVERITIES: Readonly<Record<string, string>> = {
  retry: "beamrack tries again by itself, a bounded number of times, and shows that it does.",
  hold: "What is concerned is made safe, everything is kept, and beamrack waits for a person.",
  stop: "Exposing ends safely; cells stay on their own limits.",
  refuse: "The request was turned down before anything moved.",
};

export function faultsPage(): string {
  const lines = [
    "# Faults",
    "",
    "Every fault has a code to search for, a sentence with values and units, the place where it happened, and advice.",
    "This page is made from the catalogue in `protocols/base/fault-catalogue.ts` by `node --import tsx scripts/faults-page.ts`.",
    "",
    "| severity | what beamrack does |",
    "|---|---|",
    ...Object.entries(SEVERITIES).map(([severity, meaning]) => `| ${severity} | ${meaning} |`),
  ];
  let area = "";
  for (const [code, { severity, advice }] of Object.entries(FAULT_CATALOGUE)) {
    const areaOfCode = code.slice(0, code.indexOf("."));
    if (areaOfCode !== area) {
      area = areaOfCode;
      lines.push("", `## ${area}`, "", "| code | severity | what to do |", "|---|---|---|");
    }
    lines.push(`| \`${code}\` | ${severity} | ${advice.replaceAll("|", "\\|")} |`);
  }
  return `${lines.join("\n")}\n`;
}
