/** Reads a campaign with its protocols and resolves it against a site: everything that is wrong, or the campaign. */
import { hasErrors } from "../base/finding.ts";
import type { Finding } from "../base/finding.ts";
import { findingAt } from "../input/document.ts";
import type { InputDocument, Path } from "../input/document.ts";
import type { MaterialLookup } from "../input/layer.ts";
import { wordAdvice } from "../input/suggest.ts";
import type { Site } from "../site/site.ts";
import { admitCells } from "./admit-cells.ts";
import { limitsOf } from "./judge-safety.ts";
import { readCampaignFile } from "./campaign-file.ts";
import type { CampaignFile } from "./campaign-file.ts";
import type { PresetRecord } from "./campaign-schema.ts";
import type {
  Campaign,
  CampaignCell,
  CellLayer,
  CutCause,
  DoseLimit,
  EndCondition,
  ExposurePreset,
  PartialAnswer,
  PartialRules,
  SpotOffset,
} from "./campaign.ts";
import type { Occupant } from "../base/position.ts";
import { resolveBeamPlan, type BeamPlanSections } from "./beam-forecast.ts";
import { resolveCells } from "./resolve-cells.ts";
import type { DraftCell } from "./resolve-cells.ts";
import type { ControlPlan } from "./control-plan.ts";
import { resolveControls } from "./resolve-controls.ts";
import { resolveFrameRules, type FrameRules } from "./frame-rules.ts";
import { resolveDoseLimits, resolveStacks } from "./resolve-limits.ts";
import { resolveProtocols } from "./resolve-protocols.ts";
import type { ProtocolSource } from "./resolve-protocols.ts";
import { measuredRatesOf, resolveRates } from "./resolve-rates.ts";
import { resolveStepRules } from "./resolve-step-rules.ts";
import { resolveTriggers } from "./resolve-triggers.ts";
import { sweepsOf } from "./trigger-schema.ts";
import type { CampaignTrigger } from "./trigger.ts";
import { ratesOf, ruledProtocol, rulesOf, type CampaignRules } from "./ruled-protocol.ts";
import { stepNamed, stepNames } from "./step-names.ts";

export interface CampaignInputs {
  readonly document: InputDocument;
  /** Protocol files by their path as the campaign writes it. */
  readonly protocolFiles: ReadonlyMap<string, InputDocument>;
  /** The beamtime's calendar, where the campaign names one that could be read. */
  readonly calendar?: InputDocument | undefined;
  /** Undefined when the site could not be read: the campaign is still searched for everything else. */
  readonly site: Site | undefined;
  readonly materials: MaterialLookup;
}

export interface ReadCampaign {
  /** Undefined when a finding is an error. */
  readonly campaign: Campaign | undefined;
  readonly findings: readonly Finding[];
}

export function readCampaign({ document, protocolFiles, calendar, site, materials }: CampaignInputs): ReadCampaign {
  const findings: Finding[] = [...document.findings, ...(calendar?.findings ?? [])];
  const file = readCampaignFile(document, findings);
  if (file === undefined) return { campaign: undefined, findings };
  const sources = resolveProtocols(document, file.protocolNames, protocolFiles, findings);
  const drafts = resolveCells(document, file, findings);
  const stacks = resolveStacks(document, file, materials, findings);
  const doseLimits = resolveDoseLimits(document, file, drafts, stacks, findings);
  const rules: CampaignRules = {
    rules: resolveStepRules(document, file, drafts, sources, findings),
    rates: resolveRates(document, file, drafts, sources, findings),
  };
  findings.push(...admitCells(document, drafts, sources, rules, site, file.attendedBy ?? null));
  const presets = resolvePresets(document, file, site, findings);
  const controls = resolveControls(document, drafts, presets, site, findings);
  const frameRules = resolveFrameRules(document, findings);
  checkSweeps(document, file, findings);
  const triggers = resolveTriggers({ document, file, drafts, sources, rules, presets, findings });
  const groups = drafts.map(({ group }) => group);
  const beamPlan = resolveBeamPlan(document, calendar, groups, findings);
  checkEndConditions(document, file, sources, findings);
  if (site !== undefined) checkBeam(document, file, site, findings);
  reportUnused(document, file, drafts, rules, findings);
  if (hasErrors(findings) || site === undefined) return { campaign: undefined, findings };
  return {
    campaign: assemble(file, {
      site,
      sources,
      rules,
      drafts,
      stacks,
      doseLimits,
      presets,
      controls,
      frameRules,
      triggers,
      beamPlan,
    }),
    findings,
  };
}

/** Half the diameter of a 2032 coin cell. */
const CELL_RADIUS_MM = 10;

function resolvePresets(
  document: InputDocument,
  file: CampaignFile,
  site: Site | undefined,
  findings: Finding[],
): readonly ExposurePreset[] {
  return file.presets.flatMap(({ name, path, record }) => {
    if (record === undefined) return [];
    const known = site?.filters.map((filter) => filter.name);
    for (const filter of record.filters) {
      if (known === undefined || known.includes(filter)) continue;
      findings.push(
        findingAt(
          document,
          "error",
          "campaign.unknown-filter",
          [...path, "filters"],
          `the site has no filter ${filter}`,
          wordAdvice(filter, known, "It has"),
        ),
      );
    }
    const spots = spotsOf(record);
    const far = spots.find((spot) => Math.hypot(spot.xMm, spot.yMm) >= CELL_RADIUS_MM);
    if (far !== undefined) {
      findings.push(
        findingAt(
          document,
          "error",
          "campaign.spot",
          [...path, "spots"],
          `the spot at ${far.xMm}, ${far.yMm} mm lies outside the cell`,
          `Keep spots within ${CELL_RADIUS_MM} mm of the centre.`,
        ),
      );
    }
    return [
      {
        name,
        technique: record.technique,
        exposureS: record.exposure_s,
        frames: record.frames,
        filters: record.filters,
        spots,
        partial: partialOf(record.partial),
      },
    ];
  });
}

function partialOf({ accept_from_fraction, otherwise, causes }: PresetRecord["partial"]): PartialRules {
  const general = { acceptFromFraction: accept_from_fraction, otherwise };
  if (causes === undefined) return general;
  const answers: Partial<Record<CutCause, PartialAnswer>> = {};
  for (const [key, cause] of CAUSES) {
    const record = causes[key];
    if (record === undefined) continue;
    const own = "accept_from_fraction" in record ? record.accept_from_fraction : undefined;
    answers[cause] = { acceptFromFraction: own ?? null, otherwise: record.otherwise };
  }
  return { ...general, causes: answers };
}

const CAUSES = [
  ["pause", "pause"],
  ["beam_loss", "beamLoss"],
  ["shutter", "shutter"],
  ["detector", "detector"],
  ["controller_killed", "controllerKilled"],
] as const;

/** A grid is centred on the cell and walked row by row. */
function spotsOf(record: PresetRecord): readonly SpotOffset[] {
  if ("list" in record.spots) return record.spots.list.map(({ x_mm: xMm, y_mm: yMm }) => ({ xMm, yMm }));
  const { columns, rows, pitch_mm: pitchMm } = record.spots.grid;
  const offset = (index: number, count: number): number => Number(((index - (count - 1) / 2) * pitchMm).toFixed(6));
  return Array.from({ length: columns * rows }, (_, index) => ({
    xMm: offset(index % columns, columns),
    yMm: offset(Math.floor(index / columns), rows),
  }));
}

function checkSweeps(document: InputDocument, file: CampaignFile, findings: Finding[]): void {
  const sweeps = sweepsOf(file);
  const second = sweeps[1];
  if (second === undefined) return;
  findings.push(
    findingAt(
      document,
      "error",
      "campaign.triggers",
      second.path,
      `${sweeps.length} sweeps`,
      "Give one sweep: a campaign has one at the most. Other triggers may stand beside it.",
    ),
  );
}

function checkEndConditions(
  document: InputDocument,
  file: CampaignFile,
  sources: readonly ProtocolSource[],
  findings: Finding[],
): void {
  for (const { path, record } of file.endConditions) {
    if (record === undefined) continue;
    const source = sources.find((candidate) => candidate.name === record.protocol);
    if (source === undefined) {
      findings.push(
        findingAt(
          document,
          "error",
          "campaign.unknown-protocol",
          [...path, "protocol"],
          `unknown protocol ${record.protocol}`,
          wordAdvice(record.protocol, file.protocolNames, "Known"),
        ),
      );
      continue;
    }
    if (source.protocol === undefined) continue;
    const ids = stepNames(source.protocol).map((item) => item.name);
    const step = source.protocol.steps[stepNamed(source.protocol, record.step) ?? -1];
    if (step === undefined) {
      findings.push(
        findingAt(
          document,
          "error",
          "campaign.unknown-step",
          [...path, "step"],
          `protocol ${record.protocol} has no step with id or tag ${record.step}`,
          wordAdvice(record.step, ids, "Ids and tags"),
        ),
      );
    } else if (step.kind !== "constant-current" || (step.rateC ?? step.currentMa ?? 0) > 0) {
      findings.push(
        findingAt(
          document,
          "error",
          "campaign.end-condition",
          [...path, "step"],
          `step ${record.step} is no discharge`,
          "State of health is measured by a discharge at constant current.",
        ),
      );
    }
  }
}

/** The plan must have been made for the beam it meets: another energy or flux makes every forecast wrong. */
function checkBeam(document: InputDocument, file: CampaignFile, site: Site, findings: Finding[]): void {
  if (file.beam === undefined) return;
  const { beam } = site;
  const refuse = (key: string, what: string, advice: string): void => {
    findings.push(findingAt(document, "error", "campaign.other-beam", ["beam", key], what, advice));
  };
  if (Math.abs(file.beam.energy_keV - beam.energyKeV) > 0.005 * beam.energyKeV) {
    refuse(
      "energy_keV",
      `planned for ${file.beam.energy_keV} keV, the site has ${beam.energyKeV} keV`,
      "Plan for the site's energy.",
    );
  }
  const planned = file.beam.flux_ref_ph_s / file.beam.ring_current_ref_mA;
  const real = beam.fluxReferencePhS / beam.ringCurrentReferenceMa;
  if (Math.abs(planned - real) > beam.uncertainty.flux * real) {
    refuse(
      "flux_ref_ph_s",
      `planned for ${planned.toExponential(3)} ph/s per mA, the site has ${real.toExponential(3)}`,
      "Plan for the site's flux.",
    );
  }
}

function reportUnused(
  document: InputDocument,
  file: CampaignFile,
  drafts: readonly DraftCell[],
  rules: CampaignRules,
  findings: Finding[],
): void {
  if (file.groupsIncomplete || file.cellDefaults === undefined) return;
  const note = (path: Path, what: string): void => {
    findings.push(findingAt(document, "warning", "campaign.unused", path, what, "Remove it, or use it."));
  };
  for (const name of file.protocolNames) {
    if (!drafts.some((draft) => draft.protocolName === name))
      note(["protocols", name], `no cell runs protocol ${name}`);
  }
  for (const { name } of file.stacks) {
    if (!drafts.some((draft) => draft.stackName === name)) note(["stacks", name], `no cell has stack ${name}`);
  }
  for (const { name } of file.presets) {
    const isUsed = file.triggers.some(({ record }) => record === undefined || record.preset === name);
    if (!isUsed && !rules.rules.some(({ rule }) => "presetName" in rule && rule.presetName === name)) {
      note(["presets", name], `no trigger uses preset ${name}`);
    }
  }
}

interface Parts {
  readonly site: Site;
  readonly sources: readonly ProtocolSource[];
  readonly rules: CampaignRules;
  readonly drafts: readonly DraftCell[];
  readonly stacks: ReadonlyMap<string, readonly CellLayer[]>;
  readonly doseLimits: ReadonlyMap<Occupant, readonly DoseLimit[]>;
  readonly presets: readonly ExposurePreset[];
  readonly controls: ControlPlan | undefined;
  readonly frameRules: FrameRules | undefined;
  readonly beamPlan: BeamPlanSections;
  readonly triggers: readonly CampaignTrigger[];
}

/** Undefined only where a finding has already said so. */
function doseUncertaintyOf({ beam }: Site, stack: number): Campaign["doseUncertainty"] {
  const { flux, profile, position } = beam.uncertainty;
  return { flux, profile, position, stack };
}

function callsOf({ calls }: CampaignFile): Pick<Campaign, "calls"> {
  const written = calls.flatMap(({ record }) => record ?? []);
  return written.length === 0 ? {} : { calls: written };
}

function simulatedOf({ simulated }: CampaignFile): Pick<Campaign, "simulated"> {
  if (simulated == null) return {};
  const { boxes, exchanged, faults } = simulated;
  const hours = boxes.map(({ manifest, comes_h: h = 0 }) => ({ manifestPath: manifest, comesAfterS: 3600 * h }));
  const pairs = exchanged.flatMap(([one, other]) =>
    one === undefined || other === undefined ? [] : [[one, other] as const],
  );
  return { simulated: { boxes: hours, exchanged: pairs, faults } };
}

function assemble(file: CampaignFile, parts: Parts): Campaign | undefined {
  const { name, start, durationH, timeZone, sitePath, beam, uncertainty } = file;
  if (
    name === undefined ||
    start === undefined ||
    durationH === undefined ||
    sitePath === undefined ||
    beam === undefined ||
    uncertainty === undefined
  ) {
    return undefined;
  }
  const cells = parts.drafts.map((draft) => assembleCell(file, parts, draft));
  if (!cells.every((cell) => cell !== undefined)) return undefined;
  return {
    name,
    title: file.title ?? name,
    sources: file.sources ?? [],
    chosen: file.chosen ?? [],
    startMs: Date.parse(start),
    durationS: durationH === null ? null : durationH * 3600,
    ...(typeof timeZone === "string" ? { timeZone } : {}),
    sitePath,
    beam: {
      energyKeV: beam.energy_keV,
      fluxReferencePhS: beam.flux_ref_ph_s,
      ringCurrentReferenceMa: beam.ring_current_ref_mA,
    },
    doseUncertainty: doseUncertaintyOf(parts.site, uncertainty.stack),
    ...(file.custodyPath == null ? {} : { custodyPath: file.custodyPath }),
    ...callsOf(file),
    ...simulatedOf(file),
    presets: parts.presets,
    ...(parts.controls === undefined ? {} : { controls: parts.controls }),
    ...(parts.frameRules === undefined ? {} : { frameRules: parts.frameRules }),
    ...parts.beamPlan,
    ...(parts.triggers.length === 0 ? {} : { triggers: parts.triggers }),
    sweeps: sweepsOf(file).flatMap(({ record }) => {
      const preset = parts.presets.find((candidate) => candidate.name === record.preset);
      if (preset === undefined) return [];
      return [
        {
          name: record.name,
          preset,
          cadenceS: record.cadence_min * 60,
          firstAfterS: record.first_after_min * 60,
        },
      ];
    }),
    cells,
  };
}

function assembleCell(file: CampaignFile, parts: Parts, draft: DraftCell): CampaignCell | undefined {
  const written = parts.sources.find((source) => source.name === draft.protocolName)?.protocol;
  const protocol = written === undefined ? undefined : ruledProtocol(written, parts.rules, draft);
  const layers = draft.stackName === undefined ? undefined : parts.stacks.get(draft.stackName);
  const limits = protocol === undefined ? undefined : limitsOf(draft, protocol.safety);
  const { barcode, chemistry, electrolyte, nominalCapacityMah, stackName } = draft;
  if (
    protocol === undefined ||
    layers === undefined ||
    limits === undefined ||
    barcode === undefined ||
    chemistry === undefined ||
    electrolyte === undefined ||
    nominalCapacityMah === undefined ||
    stackName === undefined
  ) {
    return undefined;
  }
  return {
    position: draft.position,
    barcode,
    chemistry,
    electrolyte,
    nominalCapacityMah,
    group: draft.group,
    role: draft.role,
    ...(draft.isWithdrawn ? { isWithdrawn: true } : {}),
    protocol,
    endConditions: endConditionsOf(file, draft),
    stepRules: rulesOf(parts.rules, draft),
    measuredRates: measuredRatesOf(ratesOf(parts.rules, draft), draft),
    stackName,
    layers,
    limits,
    doseLimits: parts.doseLimits.get(draft.position) ?? [],
  };
}

function endConditionsOf(file: CampaignFile, draft: DraftCell): readonly EndCondition[] {
  return file.endConditions.flatMap(({ record }) =>
    record === undefined || record.protocol !== draft.protocolName
      ? []
      : [
          {
            stepId: record.step,
            kind: "state-of-health-below" as const,
            fraction: record.fraction,
            relativeTo: record.relative_to,
          },
        ],
  );
}
