/** From groups, defaults and overrides to one record per cell, and what is wrong with the rack map. */
import { byPlace, forerunnerOf, parseOccupant } from "../base/position.ts";
import type { Occupant } from "../base/position.ts";
import type { Finding } from "../base/finding.ts";
import { findingAt, valueAt } from "../input/document.ts";
import type { InputDocument, Path } from "../input/document.ts";
import { parseOccupants } from "../input/position-range.ts";
import { wordAdvice } from "../input/suggest.ts";
import type { CampaignFile, CellGroupItem } from "./campaign-file.ts";
import type { CellRecord } from "./campaign-schema.ts";
import type { CellRole } from "./campaign.ts";
import { CHEMISTRY_IDS, isChemistryId } from "./chemistry.ts";
import type { ChemistryId } from "./chemistry.ts";
import { positionsText } from "./rack-text.ts";

/** A cell with everything its file says of it; undefined where the file says nothing usable. */
export interface DraftCell {
  readonly position: Occupant;
  /** The group the cell stands in. */
  readonly path: Path;
  readonly barcode: string | undefined;
  readonly chemistry: ChemistryId | undefined;
  readonly electrolyte: string | undefined;
  readonly nominalCapacityMah: number | undefined;
  /** Geometric, of one electrode; needed for current densities only. */
  readonly electrodeAreaCm2: number | undefined;
  /** Of the electrode that specific capacities refer to; needed for rates by mass only. */
  readonly activeMassMg: number | undefined;
  readonly protocolName: string | undefined;
  readonly stackName: string | undefined;
  readonly role: CellRole;
  readonly isWithdrawn: boolean;
  readonly group: string;
  readonly safety: NonNullable<CellRecord["safety"]>;
}

export function resolveCells(document: InputDocument, file: CampaignFile, findings: Finding[]): readonly DraftCell[] {
  const taken = new Map<Occupant, Path>();
  const drafts: DraftCell[] = [];
  for (const group of file.groups) {
    const positions = positionsOf(document, group, findings);
    checkOverrides(document, group, positions, findings);
    for (const position of positions) {
      const other = taken.get(position);
      if (other !== undefined) {
        findings.push(
          findingAt(
            document,
            "error",
            "campaign.duplicate-position",
            [...group.path, "positions"],
            `position ${position} is given twice, first in line ${document.line(other)}`,
            "Give each position to one cell.",
          ),
        );
        continue;
      }
      taken.set(position, [...group.path, "positions"]);
      drafts.push(draftOf(file, group, position));
    }
  }
  reportMissing(document, file, drafts, findings);
  reportUnknown(document, file, drafts, findings);
  reportBarcodes(document, drafts, findings);
  reportTurns(document, drafts, findings);
  return drafts.sort((a, b) => byPlace(a.position, b.position));
}

function positionsOf(document: InputDocument, group: CellGroupItem, findings: Finding[]): readonly Occupant[] {
  return group.positions.flatMap((text) => {
    const range = parseOccupants(text);
    if (range.kind === "positions") return range.positions;
    findings.push(
      findingAt(document, "error", "campaign.position", [...group.path, "positions"], range.what, range.advice),
    );
    return [];
  });
}

function checkOverrides(
  document: InputDocument,
  group: CellGroupItem,
  positions: readonly Occupant[],
  findings: Finding[],
): void {
  for (const override of group.overrides) {
    const position = parseOccupant(override.position);
    if (position !== undefined && positions.includes(position)) continue;
    const range = parseOccupants(override.position);
    findings.push(
      position === undefined && range.kind === "refused"
        ? findingAt(document, "error", "campaign.position", override.path, range.what, range.advice)
        : findingAt(
            document,
            "error",
            "campaign.override",
            override.path,
            `${override.position} is not a position of this group`,
            `Override one of its positions: ${group.positions.join(", ")}.`,
          ),
    );
  }
}

function draftOf(file: CampaignFile, group: CellGroupItem, position: Occupant): DraftCell {
  const override = group.overrides.find((candidate) => candidate.position === position)?.cell ?? {};
  const defaults = file.cellDefaults ?? {};
  const cell: CellRecord = { ...defaults, ...group.cell, ...override };
  const chemistry = cell.chemistry;
  return {
    position,
    path: group.path,
    barcode: cell.barcode?.replaceAll("{position}", position),
    chemistry: chemistry !== undefined && isChemistryId(chemistry) ? chemistry : undefined,
    electrolyte: cell.electrolyte,
    nominalCapacityMah: cell.nominal_capacity_mAh,
    electrodeAreaCm2: cell.electrode_area_cm2,
    activeMassMg: cell.active_mass_mg,
    protocolName: cell.protocol,
    stackName: cell.stack,
    role: cell.withdrawn === true ? "dark-control" : (cell.role ?? "exposed"),
    isWithdrawn: cell.withdrawn === true,
    group: cell.group ?? "default",
    safety: { ...defaults.safety, ...group.cell.safety, ...override.safety },
  };
}

const NEEDED = [
  ["barcode", "barcode", "Give a barcode, or a pattern such as LNO-{position}."],
  ["electrolyte", "electrolyte", "Name the electrolyte."],
  ["nominalCapacityMah", "nominal_capacity_mAh", "Give the nominal capacity; rates are computed from it."],
  ["protocolName", "protocol", "Name one of the protocols of this campaign."],
  ["stackName", "stack", "Name one of the layer stacks of this campaign."],
] as const;

function reportMissing(
  document: InputDocument,
  file: CampaignFile,
  drafts: readonly DraftCell[],
  findings: Finding[],
): void {
  for (const [field, key, advice] of NEEDED) {
    for (const [path, cells] of byPath(drafts.filter((draft) => draft[field] === undefined))) {
      if (isUnreadDefault(document, file, key)) continue;
      findings.push(
        findingAt(
          document,
          "error",
          "campaign.missing",
          [...path, key],
          `${key} is missing for ${countText(cells)}`,
          advice,
        ),
      );
    }
  }
}

/** The defaults give it and could not be read for something else in them, which has its own finding. */
function isUnreadDefault(document: InputDocument, file: CampaignFile, key: string): boolean {
  return file.cellDefaults === undefined && valueAt(document.value, ["cell_defaults", key]) !== undefined;
}

/** Names that refer to nothing, reported once where they are written. */
function reportUnknown(
  document: InputDocument,
  file: CampaignFile,
  drafts: readonly DraftCell[],
  findings: Finding[],
): void {
  const places: { readonly path: Path; readonly cell: CellRecord }[] = [
    ...(file.cellDefaults === undefined ? [] : [{ path: ["cell_defaults"], cell: file.cellDefaults }]),
    ...file.groups,
    ...file.groups.flatMap((group) => group.overrides),
  ];
  const stackNames = file.stacks.map((stack) => stack.name);
  for (const { path, cell } of places) {
    const checks = [
      ["chemistry", cell.chemistry, CHEMISTRY_IDS, "campaign.unknown-chemistry"],
      ["protocol", cell.protocol, file.protocolNames, "campaign.unknown-protocol"],
      ["stack", cell.stack, stackNames, "campaign.unknown-stack"],
    ] as const;
    for (const [key, name, known, code] of checks) {
      if (name === undefined || (known as readonly string[]).includes(name)) continue;
      findings.push(
        findingAt(document, "error", code, [...path, key], `unknown ${key} ${name}`, wordAdvice(name, known, "Known")),
      );
    }
  }
  const without = drafts.filter((draft) => draft.chemistry === undefined);
  for (const [path, cells] of byPath(without)) {
    const isNamed = places.some(
      (place) => (place.path === path || place.path[0] === "cell_defaults") && place.cell.chemistry !== undefined,
    );
    if (
      isNamed ||
      isUnreadDefault(document, file, "chemistry") ||
      file.groups.find((group) => group.path === path)?.overrides.some((one) => one.cell.chemistry !== undefined) ===
        true
    )
      continue;
    findings.push(
      findingAt(
        document,
        "error",
        "campaign.missing",
        [...path, "chemistry"],
        `chemistry is missing for ${countText(cells)}`,
        wordAdvice("", CHEMISTRY_IDS, "Known"),
      ),
    );
  }
}

/** A place has one cell at a time: whoever lay there before another was withdrawn. */
function reportTurns(document: InputDocument, drafts: readonly DraftCell[], findings: Finding[]): void {
  for (const { position, path } of drafts) {
    const before = forerunnerOf(position);
    if (before === undefined) continue;
    const found = drafts.find((draft) => draft.position === before);
    if (found?.isWithdrawn === true) continue;
    const what = found === undefined ? `there is no ${before}` : `${before} is not withdrawn`;
    findings.push(
      findingAt(
        document,
        "error",
        "campaign.taken-position",
        [...path, "positions"],
        `${position} is the cell that follows ${before} in its place, and ${what}`,
        `Write withdrawn: true for ${before}, under overrides of its group, or give ${position} another place.`,
      ),
    );
  }
}

/** One barcode on several cells is one slip, told once where the second of them is written. */
function reportBarcodes(document: InputDocument, drafts: readonly DraftCell[], findings: Finding[]): void {
  const holders = new Map<string, DraftCell[]>();
  for (const draft of drafts) {
    if (draft.barcode === undefined) continue;
    const list = holders.get(draft.barcode);
    if (list === undefined) holders.set(draft.barcode, [draft]);
    else list.push(draft);
  }
  for (const [barcode, cells] of holders) {
    const second = cells[1];
    // A cell that was withdrawn may lie in the rack once more.
    if (second === undefined || cells.filter(({ isWithdrawn }) => !isWithdrawn).length < 2) continue;
    const positions = positionsText(cells.map((cell) => cell.position));
    findings.push(
      findingAt(
        document,
        "error",
        "campaign.duplicate-barcode",
        barcodePath(document, second),
        `${cells.length} cells have the same barcode ${barcode}: ${positions}`,
        "Give each cell its own, for instance with {position} in it.",
      ),
    );
  }
}

/** Where the barcode of a cell is written: with the cell itself, its group, or the defaults. */
function barcodePath(document: InputDocument, cell: DraftCell): Path {
  const places: readonly Path[] = [[...cell.path, "overrides", cell.position], cell.path, ["cell_defaults"]];
  const place = places.find((path) => valueAt(document.value, [...path, "barcode"]) !== undefined);
  return [...(place ?? cell.path), "barcode"];
}

export function byPath<Entry extends { readonly path: Path }>(
  entries: readonly Entry[],
): ReadonlyMap<Path, readonly Entry[]> {
  const groups = new Map<Path, Entry[]>();
  for (const entry of entries) {
    const group = groups.get(entry.path);
    if (group === undefined) groups.set(entry.path, [entry]);
    else group.push(entry);
  }
  return groups;
}

function countText(cells: readonly DraftCell[]): string {
  const [first] = cells;
  return cells.length === 1 && first !== undefined ? `cell ${first.position}` : `${cells.length} cells`;
}
