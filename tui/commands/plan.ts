/** `beamrack plan MANIFEST ... --site SITE --out CAMPAIGN`: boxes of several groups in one rack, and what it would come to. */
import { existsSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readCustody } from "../../controller/custody/custody-ledger.ts";
import { against } from "../../controller/custody/custody.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { findingText, hasErrors, type Finding } from "../../protocols/base/finding.ts";
import { checkCampaign } from "../../protocols/campaign/check-campaign.ts";
import { meetsBeam, type Campaign } from "../../protocols/campaign/campaign.ts";
import { TECHNIQUE_NAMES } from "../../protocols/echem/channel-step.ts";
import { parsePositionRange } from "../../protocols/input/position-range.ts";
import { assignCells, type Assignment, type TemperatureZone } from "../../protocols/manifest/assign-cells.ts";
import { campaignText, type CampaignTextInputs } from "../../protocols/manifest/campaign-text.ts";
import { fairShares, type BeamWish } from "../../protocols/manifest/fair-shares.ts";
import { libraryParameters } from "../../protocols/manifest/library-parameters.ts";
import type { Manifest, ManifestCell } from "../../protocols/manifest/manifest.ts";
import type { ChannelTechnique, Site } from "../../protocols/site/site.ts";
import type { CommandContext } from "../command-context.ts";
import { loadCampaign, loadSite } from "../load-campaign.ts";
import { LIBRARY_PREFIX, loadProtocol } from "../load-protocol.ts";
import { alternatives, forecastGroups, type Alternative, type GroupForecast } from "../plan/plan-forecast.ts";
import { plainText } from "../progress/number-text.ts";
import { writeWhole } from "../virtual/world-files.ts";
import { besideOf, loadManifest } from "./manifest.ts";

export type PlanContext = Pick<
  CommandContext,
  "json" | "print" | "printError" | "readText" | "attenuationTables" | "clock"
>;

/** Before it is known how long the protocols take. */
const FIRST_GUESS_H = 24 * 7;
/** Beyond the forecast end of the last cell. */
const SPARE_SHARE = 0.05;
const ROOM_C = 25;
const EXPOSURE_S = 6;

interface PlanOptions {
  readonly manifestPaths: readonly string[];
  readonly sitePath: string;
  readonly out: string;
  readonly isWritten: boolean;
  readonly name: string;
  readonly custody: string | undefined;
  readonly startMs: number;
  readonly hours: number | undefined;
  readonly exposureS: number;
  readonly filters: readonly string[];
  readonly zones: readonly TemperatureZone[];
}

/** Exit 0: planned, and written where --out says. 2: refused. 3: a cell has no slot, or check has something against it; nothing is written. */
export function planCommand(context: PlanContext, args: readonly string[]): Promise<number> {
  return new Promise((done) => {
    done(plan(context, args));
  });
}

function plan(context: PlanContext, args: readonly string[]): number {
  const options = parseOptions(context, args);
  const refused: Finding[] = [];
  const manifests = readManifests(context, options.manifestPaths, refused);
  const { site, findings } = loadSite(context, options.sitePath);
  if (manifests === undefined || site === undefined) {
    refuse(context, [...refused, ...findings]);
    return 2;
  }
  const assignment = assignCells({
    manifests,
    channels: site.channels,
    zones: options.zones,
    roomC: ROOM_C,
    techniquesOf: techniques(context),
  });
  const placement = [...placementFindings(assignment), ...custodyFindings(options.custody, assignment)];
  if (assignment.left.length > 0) {
    refuse(context, placement);
    context.printError("nothing is planned: take a box away, or give a site with channels for these cells");
    return 3;
  }
  const planned = checkedPlan(context, options, assignment, site);
  const { groups, alternatives: others } = planned;
  const isOk = planned.isOk && !hasErrors(placement);
  const all = [...placement, ...planned.findings];
  if (isOk && options.isWritten) writeWhole(options.out, planned.text);
  if (context.json) {
    const document = { ok: isOk, out: isOk && options.isWritten ? options.out : null, findings: all };
    const cells = assignment.placed.map(({ position, cell, manifest }) => ({
      position,
      barcode: cell.barcode,
      group: manifest.group,
    }));
    context.print(
      JSON.stringify({ ...document, cells, groups: groups.map(groupJson), what_if: others.map(alternativeJson) }),
    );
  } else {
    tell(
      context,
      all.filter(({ severity }) => severity !== "note"),
    );
    for (const line of [...groupLines(groups), ...alternativeLines(others)]) context.print(plainText(line));
    if (isOk) context.print(options.isWritten ? `written to ${options.out}` : "nothing is written without --out");
    else context.printError("not planned: check has something against it");
  }
  return isOk ? 0 : 3;
}

interface Planned {
  /** Check has nothing against it. */
  readonly isOk: boolean;
  readonly text: string;
  readonly groups: readonly GroupForecast[];
  readonly alternatives: readonly Alternative[];
  readonly findings: readonly Finding[];
}

/** Written, read back as any campaign is, and checked; again with the time that its protocols need, and with what each group wishes for in that time. */
function checkedPlan(context: PlanContext, options: PlanOptions, { placed }: Assignment, site: Site): Planned {
  const folder = dirname(options.out);
  const fromOut = (path: string): string => relative(resolve(folder), resolve(path)).replaceAll("\\", "/");
  const inputs: Omit<CampaignTextInputs, "durationH" | "shares"> = {
    name: options.name,
    placed,
    site,
    sitePath: fromOut(options.sitePath),
    pathOf: (manifest, path) => fromOut(besideOf(manifest.fileName, path)),
    custodyPath: options.custody === undefined ? null : fromOut(options.custody),
    startMs: options.startMs,
    exposureS: options.exposureS,
    filters: options.filters,
  };
  const tables = context.attenuationTables();
  let durationH = options.hours;
  let shares: ReadonlyMap<string, number> | undefined;
  for (;;) {
    const text = campaignText({
      ...inputs,
      durationH: durationH ?? FIRST_GUESS_H,
      shares: shares ?? new Map<string, number>(),
    });
    const own = { ...context, readText: (path: string) => (path === options.out ? text : context.readText(path)) };
    const loaded = loadCampaign(own, options.out, options.sitePath);
    if (loaded.kind === "refused") {
      return { isOk: false, text, groups: [], alternatives: [], findings: loaded.findings };
    }
    const check = checkCampaign(loaded.campaign, loaded.site, tables, loaded.document);
    const groups = forecastGroups(loaded.campaign, loaded.site, check);
    if (durationH === undefined) {
      const longestS = Math.max(0, ...check.forecast.protocols.map(({ durationS }) => durationS));
      durationH = longestS > 0 ? Math.ceil((longestS * (1 + SPARE_SHARE)) / 3600) : FIRST_GUESS_H;
      continue;
    }
    if (shares === undefined) {
      shares = fairShares(wishesOf(groups, loaded.campaign), durationH);
      continue;
    }
    const findings = [...loaded.findings, ...check.findings];
    const others = alternatives(loaded.campaign, loaded.site, groups, tables);
    return { isOk: check.ok, text, groups, alternatives: others, findings };
  }
}

function wishesOf(groups: readonly GroupForecast[], { cells }: Campaign): readonly BeamWish[] {
  return groups.map(({ group, beamH }) => ({
    group,
    cells: cells.filter((cell) => cell.group === group && meetsBeam(cell)).length,
    hours: beamH ?? Infinity,
  }));
}

function techniques(context: PlanContext): (cell: ManifestCell, manifest: Manifest) => ReadonlySet<ChannelTechnique> {
  const known = new Map<string, ReadonlySet<ChannelTechnique>>();
  return ({ protocol, chemistry }, { fileName }) => {
    const path = protocol.kind === "file" ? besideOf(fileName, protocol.path) : `${LIBRARY_PREFIX}${protocol.name}`;
    const settings = protocol.kind === "library" ? libraryParameters(protocol, chemistry) : {};
    const key = JSON.stringify([path, settings]);
    const found = known.get(key);
    if (found !== undefined) return found;
    const steps = loadProtocol(context, path, settings).protocol?.steps ?? [];
    const needed = new Set<ChannelTechnique>();
    for (const step of steps) if (step.kind !== "tag" && step.kind !== "loop") needed.add(TECHNIQUE_NAMES[step.kind]);
    known.set(key, needed);
    return needed;
  };
}

/** Undefined where one is refused, or two have a barcode or a group's name in common that they must not. */
function readManifests(
  context: PlanContext,
  paths: readonly string[],
  refused: Finding[],
): readonly Manifest[] | undefined {
  const manifests: Manifest[] = [];
  const held = new Map<string, string>();
  let isRefused = false;
  const refuseTwin = (where: string, what: string, advice: string): void => {
    isRefused = true;
    refused.push({ severity: "error", code: "manifest.duplicate", where, what, advice });
  };
  for (const path of paths) {
    const { manifest, findings } = loadManifest(context, path);
    refused.push(...findings.filter(({ severity }) => severity === "error"));
    if (manifest === undefined) {
      isRefused = true;
      continue;
    }
    for (const { barcode, where } of manifest.cells) {
      const other = held.get(barcode);
      if (other === undefined) held.set(barcode, where);
      else
        refuseTwin(
          where,
          `barcode ${barcode} stands in ${other} too`,
          "One of the two groups has to print other codes.",
        );
    }
    const twin = manifests.find((one) => one.shipment === manifest.shipment && one.group === manifest.group);
    if (twin !== undefined)
      refuseTwin(path, `box ${manifest.shipment} of ${manifest.group} is given twice`, "Give it once.");
    manifests.push(manifest);
  }
  return isRefused ? undefined : manifests;
}

function placementFindings({ left, beside }: Assignment): readonly Finding[] {
  return [
    ...left.map(({ cell, manifest, what }): Finding => ({
      severity: "error",
      code: "plan.no-slot",
      where: cell.where,
      what: `${cell.barcode} of ${manifest.group}: ${what}`,
      advice: "Relax what the cell asks for, or give a site that has it.",
    })),
    ...beside.map(({ position, other }): Finding => ({
      severity: "warning",
      code: "plan.hazards",
      where: position,
      what: `${position} and ${other} hold cells that may leak, swell or short, side by side`,
      advice: "There was no other slot; leave one free between them.",
    })),
  ];
}

/** What the ledger has against cells that are planned; they keep their slots, and wait there until it is settled. */
function custodyFindings(folder: string | undefined, { placed }: Assignment): readonly Finding[] {
  if (folder === undefined) return [];
  const { custody, entries, findings } = readCustody(folder);
  if (entries.length === 0 && findings.length === 0) {
    const what = "there is no custody ledger in it yet";
    const advice = "beamrack receive begins one; run refuses a campaign whose ledger is not there.";
    return [{ severity: "warning", code: "plan.custody", where: folder, what, advice }];
  }
  const found = placed.flatMap(({ cell: { barcode }, position }): readonly Finding[] => {
    const open = against(custody, barcode);
    const state = custody.cells.get(barcode)?.state;
    const where = `${folder} ${barcode}`;
    const about = { severity: "warning", code: "plan.custody", where } as const;
    if (open.length > 0) {
      const what = `${open.map((one) => one.what).join("; ")}; the plan has it at ${position}`;
      const isMissing = open.every(({ kind }) => kind === "missing");
      const advice = isMissing
        ? "Its slot waits for it; take its box out of the plan if it will not come."
        : "Look at it and settle it, or take it out of the plan: it is not cycled before.";
      return [{ ...about, what, advice }];
    }
    if (state === undefined) {
      return [
        { ...about, what: "the ledger does not know it", advice: "beamrack receive --manifest announces its box." },
      ];
    }
    if (state !== "returned" && state !== "disposed" && state !== "ready-to-leave") return [];
    return [{ ...about, what: `it is ${state}`, advice: "It cannot be loaded: take it out of the plan." }];
  });
  return [...findings, ...found];
}

/** In JSON a document says it too. */
function refuse(context: PlanContext, findings: readonly Finding[]): void {
  tell(context, findings);
  if (!context.json) return;
  context.print(JSON.stringify({ ok: false, out: null, findings, cells: [], groups: [], what_if: [] }));
}

function tell({ json, print, printError }: PlanContext, findings: readonly Finding[]): void {
  for (const finding of findings) {
    const line = plainText(findingText(finding));
    if (finding.severity === "error") printError(line);
    else if (!json) print(line);
  }
}

function parseOptions(context: PlanContext, args: readonly string[]): PlanOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: true,
    options: {
      site: { type: "string" },
      out: { type: "string" },
      name: { type: "string", default: "mail-in" },
      custody: { type: "string" },
      start: { type: "string" },
      hours: { type: "string" },
      exposure: { type: "string", default: String(EXPOSURE_S) },
      filter: { type: "string", multiple: true, default: [] },
      zone: { type: "string", multiple: true, default: [] },
    },
  });
  const usage = (what: string): Fault => new Fault("command.usage", "beamrack plan", what);
  const { site, out, name, start } = values;
  if (positionals.length === 0) throw usage("takes the manifests of the boxes");
  if (site === undefined) throw usage("--site SITE.yaml says into which rack");
  if (out !== undefined && existsSync(out)) throw new Fault("export.exists", out, "there is something of this name");
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name))
    throw usage(`--name takes letters, digits, points and hyphens, not ${name}`);
  const startMs = start === undefined ? nextHour(context.clock.wallMs()) : Date.parse(start);
  if (!Number.isFinite(startMs))
    throw usage(`--start takes a UTC time such as 2026-03-02T08:00:00Z, not ${start ?? ""}`);
  const hours = values.hours === undefined ? undefined : Number(values.hours);
  if (hours !== undefined && !(hours > 0)) throw usage(`--hours takes a number above 0, not ${values.hours ?? ""}`);
  const exposureS = Number(values.exposure);
  if (!(exposureS > 0)) throw usage(`--exposure takes seconds, not ${values.exposure}`);
  return {
    manifestPaths: positionals,
    sitePath: site,
    out: out ?? "campaign.yaml",
    isWritten: out !== undefined,
    name,
    custody: values.custody,
    startMs,
    hours,
    exposureS,
    filters: values.filter,
    zones: values.zone.map((text) => zoneOf(text, usage)),
  };
}

function nextHour(wallMs: number): number {
  return 3_600_000 * Math.ceil(wallMs / 3_600_000);
}

/** `A1..D12=45` */
function zoneOf(text: string, usage: (what: string) => Fault): TemperatureZone {
  const [range = "", degrees = ""] = text.split("=");
  const found = parsePositionRange(range);
  const temperatureC = Number(degrees);
  if (found.kind === "refused" || degrees === "" || !Number.isFinite(temperatureC)) {
    throw usage(`--zone takes positions and degrees, A1..D12=45, not ${text}`);
  }
  return { positions: new Set(found.positions), temperatureC };
}

function groupLines(groups: readonly GroupForecast[]): readonly string[] {
  if (groups.length === 0) return [];
  const head = ["group", "cells", "exposures", "beam", "of the beam", "share", "of its limit", "ends after"];
  return table([
    head,
    ...groups.map((one) => [
      ...[one.group, String(one.cells), numberText(one.exposures, 0), hoursText(one.beamH)],
      ...[shareText(one.beamShare), shareText(one.plannedShare), shareText(one.doseFraction), hoursText(one.endH)],
    ]),
  ]);
}

function alternativeLines(rows: readonly Alternative[]): readonly string[] {
  if (rows.length === 0) return [];
  const head = ["what if", "beam", "of the time", "of a limit"];
  return [
    "",
    ...table([
      head,
      ...rows.map((one) => [one.what, hoursText(one.beamH), shareText(one.busyShare), shareText(one.doseFraction)]),
    ]),
  ];
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((text, column) => (column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0)))
      .join("  "),
  );
}

function numberText(value: number | null, decimals: number): string {
  return value === null ? "-" : value.toFixed(decimals);
}

function hoursText(value: number | null): string {
  return value === null ? "-" : `${value.toFixed(1)} h`;
}

function shareText(value: number | null): string {
  return value === null ? "-" : `${(100 * value).toFixed(1)} %`;
}

function groupJson(one: GroupForecast): object {
  return {
    group: one.group,
    cells: one.cells,
    exposures: one.exposures,
    beam_h: one.beamH,
    beam_share: one.beamShare,
    planned_share: one.plannedShare,
    dose_limit_fraction: one.doseFraction,
    end_h: one.endH,
  };
}

function alternativeJson(one: Alternative): object {
  return { what: one.what, beam_h: one.beamH, busy_share: one.busyShare, dose_limit_fraction: one.doseFraction };
}
