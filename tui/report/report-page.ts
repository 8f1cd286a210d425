/**
 * A report as one page that needs nothing else: piece by piece, so that a rack of 96 cells is never held whole. A strict
 * policy in its head lets its own style and script run and nothing else, and nothing be fetched.
 */
import { createHash } from "node:crypto";
import { doseSection, effectSection, timetableSection } from "./beam-sections.ts";
import { cellSection } from "./cell-section.ts";
import { headSection, reportTitle } from "./head-section.ts";
import { likeSection } from "./like-section.ts";
import { escapedText } from "./markup.ts";
import { PAGE_SCRIPT } from "./page-script.ts";
import { pageStyle } from "./page-style.ts";
import { provenanceSection } from "./provenance-section.ts";
import { accountSection, custodySection, incidentSection, qualitySection } from "./quality-sections.ts";
import { rackSection } from "./rack-section.ts";
import { sharedControlSection } from "./shared-control-section.ts";
import type { ReportInput } from "./report-input.ts";

/** By what a half-written page of beamrack's is told from any other file. */
export const PAGE_BEGIN = "<!doctype html>\n<!-- a report of beamrack -->\n";

export async function* reportPage(input: ReportInput): AsyncGenerator<string, void> {
  const title = reportTitle(input);
  const style = pageStyle(`${title} - beamrack report`);
  const policy = [
    "default-src 'none'",
    `style-src '${digestOf(style)}'`,
    `script-src '${digestOf(PAGE_SCRIPT)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  yield PAGE_BEGIN;
  yield headOf(title, input.softwareVersion, style, policy);
  yield headSection(input).markup;
  yield `\n<main id="main">\n`;
  const sections = [
    ...[rackSection, likeSection, sharedControlSection, timetableSection, doseSection, effectSection],
    ...[qualitySection, incidentSection, accountSection, custodySection],
  ];
  for (const section of sections) yield `${section(input).markup}\n`;
  yield `<section id="cells"><h2>Cells</h2>\n`;
  for (const facts of input.report.cells)
    yield cellSection(input, facts, await input.patterns(facts.cell.position)).markup;
  yield `</section>\n${provenanceSection(input).markup}\n</main>\n</div>\n<script>${PAGE_SCRIPT}</script>\n</body>\n</html>\n`;
}

/** Not a template: style and script are known by the digest of every byte between their tags. */
function headOf(title: string, version: string, style: string, policy: string): string {
  return [
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    '<meta name="color-scheme" content="light dark">',
    `<meta name="generator" content="beamrack ${escapedText(version)}">`,
    `<title>${escapedText(title)} - beamrack report</title>`,
    `<style>${style}</style>`,
    "</head>",
    "<body>",
    '<a class="skip" href="#main">To the content</a>',
    '<div class="page">',
    "",
  ].join("\n");
}

function digestOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
