/** The operator's page of faults, made from the catalogue so that the two cannot differ. */
import { FAULT_ANSWERS, isFaultCode, usualRule } from "../protocols/base/fault-answers.ts";
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
    "",
    "Each falls under a rule for when nobody is there. What beamrack does is the same in every campaign:",
    "",
    "| rule | what it does |",
    "|---|---|",
    ...Object.entries(FAULT_ANSWERS).map(([answer, meaning]) => `| ${answer} | ${meaning} |`),
    "",
    "`now` and `day` say whether somebody is called in quiet hours too, or when they are over ([notifications.md](notifications.md));",
    "a campaign's `calls` say otherwise where it must.",
  ];
  let area = "";
  for (const [code, { severity, advice }] of Object.entries(FAULT_CATALOGUE)) {
    const areaOfCode = code.slice(0, code.indexOf("."));
    if (areaOfCode !== area) {
      area = areaOfCode;
      lines.push("", `## ${area}`, "", "| code | severity | rule | called | what to do |", "|---|---|---|---|---|");
    }
    const { answer, call } = isFaultCode(code) ? usualRule(code) : { answer: "", call: "" };
    lines.push(`| \`${code}\` | ${severity} | ${answer} | ${call} | ${advice.replaceAll("|", "\\|")} |`);
  }
  return `${lines.join("\n")}\n`;
}
