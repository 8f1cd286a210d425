/** Layer stacks and dose limits of a campaign, and which limits hold for which cell. */
import { isNamed, type Occupant } from "../base/position.ts";
import type { Finding } from "../base/finding.ts";
import { findingAt } from "../input/document.ts";
import type { InputDocument, Path } from "../input/document.ts";
import { resolveLayer } from "../input/layer.ts";
import type { MaterialLookup } from "../input/layer.ts";
import { parseOccupants } from "../input/position-range.ts";
import { wordAdvice } from "../input/suggest.ts";
import type { CampaignFile } from "./campaign-file.ts";
import type { DoseLimitRecord } from "./campaign-schema.ts";
import { meetsBeam, type CellLayer, type DoseLimit } from "./campaign.ts";
import { CHEMISTRY_IDS, isChemistryId } from "./chemistry.ts";
import { positionsText } from "./rack-text.ts";
import type { DraftCell } from "./resolve-cells.ts";

export function resolveStacks(
  document: InputDocument,
  file: CampaignFile,
  materials: MaterialLookup,
  findings: Finding[],
): ReadonlyMap<string, readonly CellLayer[]> {
  const stacks = new Map<string, readonly CellLayer[]>();
  for (const { name, layers: items } of file.stacks) {
    const path: Path = ["stacks", name];
    const layers: CellLayer[] = [];
    for (const { path: at, record } of items) {
      if (record === undefined) continue;
      const layer = resolveLayer(document, at, record, materials, findings);
      if (layer === null) continue;
      if (layers.some((other) => other.name === layer.name)) {
        findings.push(
          findingAt(
            document,
            "error",
            "campaign.duplicate-layer",
            [...at, "name"],
            `two layers are named ${layer.name}`,
            "Give each layer a name of its own; limits refer to it.",
          ),
        );
      }
      layers.push({ ...layer, material: record.material ?? null, keepsDose: record.dose });
    }
    if (items.length === 0) {
      findings.push(
        findingAt(
          document,
          "error",
          "campaign.stack",
          path,
          `stack ${name} has no layers`,
          "List the layers, the one upstream first.",
        ),
      );
    } else if (layers.length === items.length) {
      if (!layers.some((layer) => layer.keepsDose)) {
        findings.push(
          findingAt(
            document,
            "error",
            "campaign.stack",
            path,
            `no layer of stack ${name} keeps a dose`,
            "Mark with dose: true the layers whose dose counts.",
          ),
        );
      }
      stacks.set(name, layers);
    }
  }
  return stacks;
}

interface LimitEntry {
  readonly path: Path;
  readonly record: DoseLimitRecord;
  readonly positions: readonly Occupant[] | null;
  /** Materials of the layers it was found to cover. */
  readonly used: Set<string>;
}

/** Limits per position. A cell to be exposed that has no limit for the total dose of a spot is an error: no limit never means unlimited. */
export function resolveDoseLimits(
  document: InputDocument,
  file: CampaignFile,
  drafts: readonly DraftCell[],
  stacks: ReadonlyMap<string, readonly CellLayer[]>,
  findings: Finding[],
): ReadonlyMap<Occupant, readonly DoseLimit[]> {
  const entries = file.doseLimits.flatMap(({ path, record }): readonly LimitEntry[] => {
    if (record === undefined) return [];
    checkLimit(document, path, record, findings);
    const positions = limitPositions(document, path, record, drafts, findings);
    return [{ path, record, positions, used: new Set() }];
  });
  const limits = new Map<Occupant, readonly DoseLimit[]>();
  const unlimited: Occupant[] = [];
  const strangers = new Map<LimitEntry, Set<string>>();
  for (const draft of drafts) {
    const layers = draft.stackName === undefined ? undefined : stacks.get(draft.stackName);
    const own = entries.filter((entry) => appliesTo(entry, draft));
    // Without a stack it cannot be told which layers a limit of a material covers; the stack has its own finding.
    const resolved = own.flatMap((entry): readonly DoseLimit[] => {
      if (layers === undefined) return [limitOf(entry.record, entry.record.layer ?? "", -1)];
      const indices = layersOf(entry.record, layers);
      for (const index of indices) entry.used.add(layers[index]?.material ?? "");
      const isUncovered = indices.length === 0 && entry.record.layer !== undefined;
      if (isUncovered || indices.some((index) => layers[index]?.keepsDose !== true)) {
        const names = strangers.get(entry) ?? new Set();
        strangers.set(entry, names.add(draft.stackName ?? ""));
        return [];
      }
      return indices.map((index) => limitOf(entry.record, layers[index]?.name ?? "", index));
    });
    const hasTotal =
      resolved.some((limit) => limit.scope === "spot-total" && limit.doseGy !== null) ||
      // One of a layer that is not there has its own finding.
      own.some((entry) => entry.record.scope === "spot_total" && strangers.has(entry));
    if (meetsBeam(draft) && !hasTotal) unlimited.push(draft.position);
    if (layers !== undefined) limits.set(draft.position, resolved);
  }
  for (const entry of entries) {
    const { material } = entry.record;
    if (material === undefined || entry.used.size > 0) continue;
    const materials = new Set([...stacks.values()].flat().flatMap((layer) => layer.material ?? []));
    findings.push(
      findingAt(
        document,
        "error",
        "campaign.limit-layer",
        [...entry.path, "material"],
        `no layer of the cells that this limit is for is of material ${material}`,
        wordAdvice(material, [...materials], "Materials of layers"),
      ),
    );
  }
  for (const [{ path, record }, names] of strangers) {
    for (const name of names) {
      const layers = stacks.get(name) ?? [];
      const known = layers.filter((layer) => layer.keepsDose).map((layer) => layer.name);
      findings.push(
        findingAt(
          document,
          "error",
          "campaign.limit-layer",
          [...path, record.layer === undefined ? "material" : "layer"],
          record.layer === undefined
            ? `stack ${name} has a layer of ${record.material ?? ""} whose dose it does not keep`
            : `stack ${name} keeps no dose for a layer ${record.layer}`,
          record.layer === undefined
            ? "Mark every layer of that material with dose: true."
            : wordAdvice(record.layer, known, "Layers with dose: true"),
        ),
      );
    }
  }
  // A limit that could not be read may be the very one: its own finding says enough.
  if (unlimited.length > 0 && file.doseLimits.every(({ record }) => record !== undefined)) {
    const where: Path = file.doseLimits.length > 0 ? ["dose_limits"] : ["cells"];
    findings.push(
      findingAt(
        document,
        "error",
        "campaign.limit-missing",
        where,
        `no limit of the total dose per spot for ${positionsText(unlimited)}`,
        "Add to dose_limits an entry with scope: spot_total and dose_Gy for these cells, or give them role: dark-control.",
      ),
    );
  }
  return limits;
}

function checkLimit(document: InputDocument, path: Path, record: DoseLimitRecord, findings: Finding[]): void {
  const refuse = (key: string, code: string, what: string, advice: string): void => {
    findings.push(findingAt(document, "error", code, key === "" ? path : [...path, key], what, advice));
  };
  if (record.convention !== "en") {
    refuse(
      "convention",
      "campaign.limit-convention",
      `the limit is in convention ${record.convention}, the ledger keeps en`,
      "Convert the value to en with the composition and energy of its source, and say convention: en.",
    );
  }
  if ((record.layer === undefined) === (record.material === undefined)) {
    refuse("", "campaign.limit-layer", "the limit must name one of layer and material", "Give layer: or material:.");
  }
  if (record.vouched_by === undefined) {
    refuse(
      "",
      "campaign.limit-voucher",
      "nobody vouches for this limit",
      "Add vouched_by: the person who answers for it.",
    );
  }
  if (record.source === undefined) {
    refuse("", "campaign.limit-source", "the limit names no source", "Add source: where the number comes from.");
  }
  if (record.dose_Gy === undefined && record.dose_rate_Gy_s === undefined) {
    refuse("", "campaign.limit-empty", "the limit limits nothing", "Give dose_Gy, dose_rate_Gy_s, or both.");
  }
}

/** Null: not bound to positions. */
function limitPositions(
  document: InputDocument,
  path: Path,
  record: DoseLimitRecord,
  drafts: readonly DraftCell[],
  findings: Finding[],
): readonly Occupant[] | null {
  const at: Path = [...path, "applies_to"];
  for (const chemistry of record.applies_to?.chemistry ?? []) {
    if (isChemistryId(chemistry)) continue;
    findings.push(
      findingAt(
        document,
        "error",
        "campaign.unknown-chemistry",
        [...at, "chemistry"],
        `unknown chemistry ${chemistry}`,
        wordAdvice(chemistry, CHEMISTRY_IDS, "Known"),
      ),
    );
  }
  for (const group of record.applies_to?.group ?? []) {
    const groups = [...new Set(drafts.map((draft) => draft.group))];
    if (groups.includes(group)) continue;
    findings.push(
      findingAt(
        document,
        "error",
        "campaign.limit-group",
        [...at, "group"],
        `no cell is of group ${group}`,
        wordAdvice(group, groups, "Groups"),
      ),
    );
  }
  const written = record.applies_to?.positions;
  if (written === undefined) return null;
  return [written].flat().flatMap((text) => {
    const range = parseOccupants(text);
    if (range.kind === "refused") {
      findings.push(findingAt(document, "error", "campaign.position", [...at, "positions"], range.what, range.advice));
      return [];
    }
    const empty = range.positions.filter((one) => !drafts.some(({ position }) => isNamed(position, [one])));
    if (empty.length > 0) {
      findings.push(
        findingAt(
          document,
          "warning",
          "campaign.limit-empty-position",
          [...at, "positions"],
          `no cell at ${positionsText(empty)}`,
          "Correct the positions, or leave it if cells will follow.",
        ),
      );
    }
    return range.positions;
  });
}

const SCOPES = { spot_total: "spot-total", spot_cycle: "spot-cycle", per_exposure: "per-exposure" } as const;

function appliesTo(entry: LimitEntry, draft: DraftCell): boolean {
  const chemistry = entry.record.applies_to?.chemistry;
  if (chemistry !== undefined && (draft.chemistry === undefined || !chemistry.includes(draft.chemistry))) return false;
  const groups = entry.record.applies_to?.group;
  if (groups !== undefined && !groups.includes(draft.group)) return false;
  return entry.positions === null || isNamed(draft.position, entry.positions);
}

/** Indices of the layers that the limit names, by itself or by their material. */
function layersOf(record: DoseLimitRecord, layers: readonly CellLayer[]): readonly number[] {
  return layers.flatMap((layer, index) =>
    (record.layer === undefined ? layer.material === record.material : layer.name === record.layer) ? [index] : [],
  );
}

function limitOf(record: DoseLimitRecord, layerName: string, layerIndex: number): DoseLimit {
  return {
    layerName,
    layerIndex,
    location: record.location,
    convention: record.convention,
    doseGy: record.dose_Gy ?? null,
    doseRateGyS: record.dose_rate_Gy_s ?? null,
    scope: SCOPES[record.scope],
    source: record.source ?? "",
    vouchedBy: record.vouched_by ?? "",
  };
}
