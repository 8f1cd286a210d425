/** A planned rack as a campaign file that a person reads and edits. Pure. */
import type { Position } from "../base/position.ts";
import type { ChemistryId } from "../campaign/chemistry.ts";
import { positionsText } from "../campaign/rack-text.ts";
import type { Site } from "../site/site.ts";
import type { PlacedCell } from "./assign-cells.ts";
import { consentingGroups } from "./consents.ts";
import { libraryParameters } from "./library-parameters.ts";
import type { CellCase, Manifest, ManifestCell, WishedTrigger } from "./manifest.ts";

export interface CampaignTextInputs {
  readonly name: string;
  readonly placed: readonly PlacedCell[];
  readonly site: Pick<Site, "beam">;
  /** From where the campaign file will lie. */
  readonly sitePath: string;
  readonly pathOf: (manifest: Manifest, protocolPath: string) => string;
  readonly custodyPath: string | null;
  readonly startMs: number;
  readonly durationH: number;
  readonly exposureS: number;
  readonly filters: readonly string[];
  /** Of the beam, by group; none where it is not shared out. */
  readonly shares: ReadonlyMap<string, number>;
}

const POSITIVE: Readonly<Record<ChemistryId, string>> = {
  "nmc811-graphite-siox": "electrode_nmc811",
  "lfp-graphite": "electrode_lfp",
  "lno-graphite": "electrode_lno",
  "lco-graphite": "electrode_lco",
};
/** Of the spacer, by the case's height, mm (chosen). */
const SPACER_MM: Readonly<Record<CellCase, number>> = { R2032: 0.5, R2025: 0.3, R2016: 0.1 };
const WEIGHTS = { 1: 4, 2: 2, 3: 1 } as const;
/** How late an exposure may come, as a share of the time to the next, and at the most (chosen). */
const LATE_SHARE = 0.5;
const LATE_MAX_S = 900;
const EDGE_LATE_S = 600;
/** Before a rest ends, whatever is seen of it counts as its end (chosen). */
const REST_EARLY_S = 300;
const CHARGE_WINDOW = 0.02;

export function campaignText(inputs: CampaignTextInputs): string {
  const { placed, site } = inputs;
  const { energyKeV, fluxReferencePhS, ringCurrentReferenceMa } = site.beam;
  const groups = unique(placed.map(({ manifest }) => manifest.group));
  const protocols = protocolNames(inputs);
  const nameOfProtocol = (one: PlacedCell): string => protocols.get(protocolKey(inputs, one))?.name ?? "";
  const lines = [
    `# ${placed.length} cells of ${groups.length} ${groups.length === 1 ? "group" : "groups"}, planned from their manifests. Everything here may be edited;`,
    "# beamrack check says whether it still holds.",
    `campaign: ${inputs.name}`,
    `title: Cells sent in by ${groups.join(", ")}`,
    "chosen:",
    "  - slots, windows, weights and shares; from the manifests and the site, by rule",
    "  - thicknesses of the stacks, typical for the parts; uncertainty of the stack",
    `start: ${new Date(inputs.startMs).toISOString().replace(".000Z", "Z")}`,
    `duration_h: ${inputs.durationH}`,
    `site: ${quoted(inputs.sitePath)}`,
    ...(inputs.custodyPath === null ? [] : [`custody: ${quoted(inputs.custodyPath)}`]),
    "",
    `beam: { energy_keV: ${energyKeV}, flux_ref_ph_s: ${exponent(fluxReferencePhS)}, ring_current_ref_mA: ${ringCurrentReferenceMa} }`,
    "uncertainty: { stack: 0.1 }",
    "",
    "protocols:",
    ...[...protocols.values()].map(({ name, text }) => `  ${name}: ${text}`),
    "",
    "stacks: # the beam enters at the positive can",
    ...stackLines(placed),
    "",
    "cells:",
    ...cellLines(placed, nameOfProtocol),
    "",
    "presets:",
    "  pattern:",
    "    technique: diffraction",
    `    exposure_s: ${inputs.exposureS}`,
    `    filters: [${inputs.filters.map(quoted).join(", ")}]`,
    "    spots: { grid: { columns: 3, rows: 3, pitch_mm: 1 } }",
    ...triggerLines(placed),
    ...limitLines(placed),
    ...shareLines(inputs.shares),
    ...consentLines(placed),
  ];
  return `${lines.join("\n")}\n`;
}

interface NamedProtocol {
  readonly name: string;
  readonly text: string;
}

function protocolKey({ pathOf }: CampaignTextInputs, { cell, manifest }: PlacedCell): string {
  const { protocol, chemistry } = cell;
  if (protocol.kind === "file") return `{ file: ${quoted(pathOf(manifest, protocol.path))} }`;
  const parameters = Object.entries(libraryParameters(protocol, chemistry)).map(([name, value]) => `${name}: ${value}`);
  return `{ library: ${protocol.name}, parameters: { ${parameters.join(", ")} } }`;
}

/** By what they are; the same one has one name, whoever asks for it. */
function protocolNames(inputs: CampaignTextInputs): ReadonlyMap<string, NamedProtocol> {
  const names = new Map<string, NamedProtocol>();
  const taken = new Set<string>();
  for (const one of inputs.placed) {
    const text = protocolKey(inputs, one);
    if (names.has(text)) continue;
    const { protocol } = one.cell;
    const base =
      protocol.kind === "library"
        ? protocol.name
        : protocol.path.replace(/\.[^.]*$/, "").replace(/[^A-Za-z0-9-]/g, "-");
    let name = base;
    for (let count = 2; taken.has(name); count += 1) name = `${base}-${count}`;
    taken.add(name);
    names.set(text, { name, text });
  }
  return names;
}

function stackName({ chemistry, case: cellCase }: ManifestCell): string {
  return `${cellCase.toLowerCase()}-${chemistry}`;
}

function stackLines(placed: readonly PlacedCell[]): readonly string[] {
  const kinds = new Map(placed.map(({ cell }) => [stackName(cell), cell]));
  return [...kinds].flatMap(([name, { chemistry, case: cellCase }]) => [
    `  ${name}:`,
    "    - { name: positive can, material: ss304, thickness_mm: 0.25 }",
    "    - { name: positive collector, material: al, thickness_mm: 0.015 }",
    `    - { name: positive electrode, material: ${POSITIVE[chemistry]}, thickness_mm: 0.07, dose: true }`,
    "    - { name: separator, material: celgard2325, thickness_mm: 0.025, dose: true }",
    "    - { name: negative electrode, material: electrode_graphite, thickness_mm: 0.07, dose: true }",
    "    - { name: negative collector, material: cu, thickness_mm: 0.01 }",
    `    - { name: spacer, material: ss304, thickness_mm: ${SPACER_MM[cellCase]} }`,
    "    - { name: negative can, material: ss304, thickness_mm: 0.25 }",
  ]);
}

function cellLines(placed: readonly PlacedCell[], protocolOf: (one: PlacedCell) => string): readonly string[] {
  const kinds = new Map<string, PlacedCell[]>();
  for (const one of placed) {
    const { cell, manifest } = one;
    const { currentMaxMa, nominalCapacityMah: capacity } = cell;
    const safety = `{ max_voltage_V: ${cell.voltageMaxV}, min_voltage_V: ${cell.voltageMinV}, max_current_mA: ${currentMaxMa}, min_current_mA: ${-currentMaxMa} }`;
    const head = [
      `    group: ${quoted(manifest.group)}`,
      `    chemistry: ${cell.chemistry}`,
      `    electrolyte: ${quoted(cell.electrolyte)}`,
      `    nominal_capacity_mAh: ${capacity}`,
      `    electrode_area_cm2: ${cell.positiveAreaCm2}`,
      `    protocol: ${protocolOf(one)}`,
      `    stack: ${stackName(cell)}`,
      `    role: ${cell.role}`,
      `    safety: ${safety}`,
    ].join("\n");
    const kind = kinds.get(head);
    if (kind === undefined) kinds.set(head, [one]);
    else kind.push(one);
  }
  return [...kinds].flatMap(([head, cells]) => [
    `  - positions: ${listText(cells)}`,
    head,
    "    overrides:",
    ...cells.map(
      ({ position, cell }) =>
        `      ${position}: { barcode: ${quoted(cell.barcode)}, active_mass_mg: ${cell.positiveActiveMassMg} }`,
    ),
  ]);
}

/** One for each group, wish and priority. */
function triggerLines(placed: readonly PlacedCell[]): readonly string[] {
  const wishes = new Map<string, { wish: WishedTrigger; cells: PlacedCell[]; name: string }>();
  for (const one of placed) {
    if (one.cell.role !== "exposed") continue;
    for (const wish of one.cell.triggers) {
      const name = `${one.manifest.group}-${wishName(wish)}-${one.cell.priority}`;
      const known = wishes.get(name);
      if (known === undefined) wishes.set(name, { wish, cells: [one], name });
      else known.cells.push(one);
    }
  }
  if (wishes.size === 0) return [];
  return [
    "",
    "triggers: # group, wish, priority",
    ...[...wishes.values()].flatMap(({ wish, cells, name }) => {
      const [first] = cells;
      return [
        `  - name: ${name}`,
        `    preset: pattern`,
        `    cells: { positions: ${listText(cells)} }`,
        ...wishLines(wish),
        `    weight: ${WEIGHTS[first?.cell.priority ?? 2]}`,
        `    owner: ${quoted(first?.manifest.group ?? "")}`,
      ];
    }),
  ];
}

function wishName(wish: WishedTrigger): string {
  if (wish.kind === "every") return `every-${wish.everyMin}min`;
  return wish.kind === "state-of-charge" ? `soc-${wish.step}` : wish.kind;
}

function wishLines(wish: WishedTrigger): readonly string[] {
  switch (wish.kind) {
    case "every": {
      const lateS = Math.min(LATE_MAX_S, LATE_SHARE * 60 * wish.everyMin);
      return ["    kind: time-grid", `    every_min: ${wish.everyMin}`, `    window: { late_s: ${lateS} }`];
    }
    case "state-of-charge": {
      const last = Number((wish.step * Math.floor((1 - wish.step / 2) / wish.step)).toFixed(6));
      const marks = `{ from: ${wish.step}, to: ${last}, every: ${wish.step} }`;
      const window = `{ early_state_of_charge: ${CHARGE_WINDOW}, late_state_of_charge: ${CHARGE_WINDOW} }`;
      return [
        "    kind: state-of-charge-grid",
        `    charge: ${marks}`,
        `    discharge: ${marks}`,
        `    window: ${window}`,
      ];
    }
    case "rest-end":
      return ["    kind: rest-end", `    window: { early_s: ${REST_EARLY_S} }`];
    case "step-edge":
      return ["    kind: step-edge", "    at: both", `    window: { late_s: ${EDGE_LATE_S} }`];
    case "cycle":
      return ["    kind: cycle", `    window: { late_s: ${EDGE_LATE_S} }`];
  }
}

function limitLines(placed: readonly PlacedCell[]): readonly string[] {
  const limits = new Map<string, PlacedCell[]>();
  for (const one of placed) {
    const { doseLimitGy } = one.cell;
    if (doseLimitGy === null) continue;
    const { fileName, contactName } = one.manifest;
    const key = [
      `    dose_Gy: ${doseLimitGy}`,
      "    scope: spot_total",
      `    source: ${quoted(`manifest ${fileName.replace(/^.*[/\\]/, "")}`)}`,
      `    vouched_by: ${quoted(contactName)}`,
    ].join("\n");
    const known = limits.get(key);
    if (known === undefined) limits.set(key, [one]);
    else known.push(one);
  }
  if (limits.size === 0) return [];
  return [
    "",
    "dose_limits:",
    ...[...limits].flatMap(([text, cells]) => [
      "  - layer: positive electrode",
      "    location: surface",
      "    convention: en",
      text,
      `    applies_to: { positions: ${listText(cells)} }`,
    ]),
  ];
}

function shareLines(shares: ReadonlyMap<string, number>): readonly string[] {
  if (shares.size < 2) return [];
  return [
    "",
    "shares: # what each wishes for; by cells in the beam where that is more than there is",
    ...[...shares].map(([group, share]) => `  ${quoted(group)}: { beam_time: ${share} }`),
  ];
}

/** Where one alone agrees, nothing is shared. */
function consentLines(placed: readonly PlacedCell[]): readonly string[] {
  const groups = consentingGroups(placed.map(({ manifest }) => manifest));
  if (groups.length < 2) return [];
  return ["", `share_dark_controls: [${groups.map(quoted).join(", ")}] # they see one another's, without names`];
}

function listText(cells: readonly { readonly position: Position }[]): string {
  return `[${positionsText(cells.map(({ position }) => position))}]`;
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}

const PLAIN = /^[A-Za-z][A-Za-z0-9 ._/-]*$/;
const WORDS_OF_YAML = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

function quoted(text: string): string {
  return PLAIN.test(text) && !text.endsWith(" ") && !WORDS_OF_YAML.test(text) ? text : JSON.stringify(text);
}

function exponent(value: number): string {
  return value
    .toExponential(4)
    .replace(/\.?0+e/, "e")
    .replace(/^(\d+)e/, "$1.0e");
}
