/** Reads a campaign from disk with the site and the protocol files it names, and gathers everything that is wrong. */
import { createHash } from "node:crypto";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { canonicalJson, type Json } from "../protocols/base/canonical-json.ts";
import { FAULT_CATALOGUE } from "../protocols/base/fault-catalogue.ts";
import { isFault } from "../protocols/base/fault.ts";
import { hasErrors } from "../protocols/base/finding.ts";
import type { Finding } from "../protocols/base/finding.ts";
import type { Campaign } from "../protocols/campaign/campaign.ts";
import { calendarOf } from "../protocols/campaign/beam-forecast.ts";
import { judgeReach } from "../protocols/campaign/judge-reach.ts";
import { readCampaign } from "../protocols/campaign/read-campaign.ts";
import { campaignReferences } from "../protocols/campaign/resolve-protocols.ts";
import { protocolFile } from "../protocols/echem/formats/protocol-file.ts";
import type { MaterialLookup } from "../protocols/input/layer.ts";
import { fileKindOf } from "../protocols/input/file-kind.ts";
import { findingAt, parseDocument } from "../protocols/input/document.ts";
import type { InputDocument, Path } from "../protocols/input/document.ts";
import { readSite } from "../protocols/site/read-site.ts";
import type { SiteFiles } from "../protocols/site/site-files.ts";
import type { Site } from "../protocols/site/site.ts";
import { loadCalibration, placedSite, type LoadedCalibration } from "./align/load-calibration.ts";
import type { CommandContext } from "./command-context.ts";

export type LoadedCampaign =
  | {
      readonly kind: "loaded";
      /** The campaign file as it was read, for findings that point into it. */
      readonly document: InputDocument;
      readonly campaign: Campaign;
      /** With the rack where its calibrations have it. */
      readonly site: Site;
      /** What was measured of the site, where it names a file that could be read. */
      readonly calibration: LoadedCalibration | undefined;
      /** SHA-256 of the resolved campaign, protocols and materials included. */
      readonly campaignHash: string;
      readonly siteHash: string;
      readonly sitePath: string;
      /** Warnings and notes. */
      readonly findings: readonly Finding[];
    }
  | { readonly kind: "refused"; readonly findings: readonly Finding[] };

/**
 * `sitePath` replaces the site the campaign names. Throws Fault `file.missing`, `file.too-large` or `file.syntax` when
 * the campaign file itself cannot be read; whatever is wrong beyond that is a finding.
 */
export function loadCampaign(
  context: Pick<CommandContext, "readText" | "attenuationTables">,
  campaignPath: string,
  sitePath?: string,
): LoadedCampaign {
  const document = parseDocument(context.readText(campaignPath), campaignPath);
  const mistaken = otherKind(document, "campaign");
  if (mistaken !== undefined) return { kind: "refused", findings: [mistaken] };
  const findings: Finding[] = [];
  const beside = (path: string): string => (isAbsolute(path) ? path : normalize(join(dirname(campaignPath), path)));
  const references = campaignReferences(document);
  const tables = context.attenuationTables();

  const siteFile = sitePath ?? (references.sitePath === undefined ? undefined : beside(references.sitePath));
  const site =
    siteFile === undefined
      ? undefined
      : readSiteFile(context, siteFile, tables, sitePath === undefined ? document : undefined, findings);

  const protocolFiles = new Map<string, InputDocument>();
  for (const { path, at } of references.protocols) {
    if (protocolFiles.has(path)) continue;
    const inItsForm: Reader = (text, fileName) => protocolFile(text, fileName).document;
    const file = readDocument(context, beside(path), document, at, findings, inItsForm);
    if (file !== undefined) protocolFiles.set(path, file);
  }
  const named = calendarOf(document);
  const calendar =
    named === undefined ? undefined : readDocument(context, beside(named.path), document, named.at, findings);
  const read = readCampaign({ document, protocolFiles, calendar, site, materials: tables });
  findings.push(...read.findings);
  const calibration =
    site === undefined || siteFile === undefined ? undefined : loadCalibration(context, site, siteFile, findings);
  const placed = site === undefined ? undefined : placedSite(site, calibration, findings);
  if (placed !== undefined && read.campaign !== undefined) findings.push(...judgeReach(read.campaign, placed));
  if (
    hasErrors(findings) ||
    placed === undefined ||
    read.campaign === undefined ||
    site === undefined ||
    siteFile === undefined
  ) {
    return { kind: "refused", findings: inOrder(findings) };
  }
  return {
    kind: "loaded",
    document,
    campaign: read.campaign,
    site: placed,
    calibration,
    campaignHash: hashOf(read.campaign),
    siteHash: hashOf(site),
    sitePath: siteFile,
    findings: inOrder(findings),
  };
}

/** One site file by itself. */
export function loadSite(
  context: Pick<CommandContext, "readText" | "attenuationTables">,
  path: string,
): { readonly site: Site | undefined; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const site = readSiteFile(context, path, context.attenuationTables(), undefined, findings);
  return { site, findings };
}

function readSiteFile(
  context: Pick<CommandContext, "readText">,
  path: string,
  materials: MaterialLookup,
  named: InputDocument | undefined,
  findings: Finding[],
): Site | undefined {
  const document = readDocument(context, path, named, ["site"], findings);
  if (document === undefined) return undefined;
  const mistaken = otherKind(document, "site");
  if (mistaken !== undefined) {
    findings.push(mistaken);
    return undefined;
  }
  const read = readSite(document, materials, filesBeside(context, path));
  findings.push(...read.findings);
  return read.site;
}

/** One finding instead of one for every key that such a file does not have. */
function otherKind(document: InputDocument, wanted: "campaign" | "site"): Finding | undefined {
  const kind = fileKindOf(document.value);
  if (kind === undefined || kind === wanted) return undefined;
  const what = `this is a ${kind}, not a ${wanted}`;
  return { severity: "error", code: "file.other-kind", where: document.fileName, what, advice: ADVICE[wanted] };
}

const ADVICE = {
  campaign: "Give the campaign's file; a site goes with --site, and protocols are named in the campaign.",
  site: "Give the file of the hardware, with rack, stage, shutter, detector, channels and io.",
} as const;

/** The files a site names, from where it lies. */
function filesBeside(context: Pick<CommandContext, "readText">, sitePath: string): SiteFiles {
  return (path) => {
    const fileName = isAbsolute(path) ? path : normalize(join(dirname(sitePath), path));
    try {
      return { kind: "text", text: context.readText(fileName), fileName };
    } catch (error) {
      if (!isFault(error)) throw error;
      const { code, message, advice } = error;
      return { kind: "refused", code, what: `${fileName}: ${message}`, advice };
    }
  };
}

type Reader = (text: string, fileName: string) => InputDocument;

/** `named` is the document that names the file, at `at`: a file that cannot be read is reported there. */
function readDocument(
  context: Pick<CommandContext, "readText">,
  path: string,
  named: InputDocument | undefined,
  at: Path,
  findings: Finding[],
  read: Reader = parseDocument,
): InputDocument | undefined {
  try {
    return read(context.readText(path), path);
  } catch (error) {
    if (!isFault(error)) throw error;
    const what = `${path}: ${error.message}`;
    const { advice } = FAULT_CATALOGUE[error.code];
    findings.push(
      named === undefined
        ? { severity: "error", code: error.code, where: path, what: error.message, advice }
        : findingAt(named, "error", error.code, at, what, advice),
    );
    return undefined;
  }
}

const SEVERITY_ORDER = { error: 0, warning: 1, note: 2 } as const;

/** Errors first, then by file and line, as a person would work through them; each finding once. */
function inOrder(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  const unique = findings.filter((finding) => {
    const key = JSON.stringify(finding);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  return unique.sort(
    (a, b) =>
      SEVERITY_ORDER[a.severity] - SEVERITY_ORDER[b.severity] ||
      compareText(fileOf(a), fileOf(b)) ||
      lineOf(a) - lineOf(b),
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const PLACE = /^(.*?):(\d+)(?: |$)/;

function fileOf(finding: Finding): string {
  return PLACE.exec(finding.where)?.[1] ?? finding.where;
}

function lineOf(finding: Finding): number {
  return Number(PLACE.exec(finding.where)?.[2] ?? 0);
}

/**
 * SHA-256 of what a file says once it is read, as the record of a run states it. What a site demands to be measured is no
 * part of it: a run that was begun before the rack was aligned goes on after.
 */
export function hashOf(value: Campaign | Site): string {
  const said = "calibrations" in value ? { ...value, calibrations: undefined } : value;
  const plain = JSON.parse(JSON.stringify(said)) as Json;
  return createHash("sha256").update(canonicalJson(plain)).digest("hex");
}
