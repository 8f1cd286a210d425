/** Layer stacks and dose limits of a campaign, and which limits hold for which cell. */
import type { Position } from "../base/position.ts";
import type { Finding } from "../base/finding.ts";
import { findingAt } from "../input/document.ts";
import type { InputDocument, Path } from "../input/document.ts";
import { resolveLayer } from "../input/layer.ts";
import type { MaterialLookup } from "../input/layer.ts";
import { parsePositionRange } from "../input/position-range.ts";
import { wordAdvice } from "../input/suggest.ts";
import type { CampaignFile } from "./campaign-file.ts";
import type { DoseLimitRecord } from "./campaign-schema.ts";
import type { CellLayer, DoseLimit } from "./campaign.ts";
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
  readonly positions: readonly Position[] | null;
}

/** Limits per position. A cell to be exposed that has no limit for the total dose of a spot is an error: no limit never means unlimited. */
export function resolveDoseLimits(
  document: InputDocument,
  file: CampaignFile,
  drafts: readonly DraftCell[],
  stacks: ReadonlyMap<string, readonly CellLayer[]>,
  findings: Finding[],
): ReadonlyMap<Position, readonly DoseLimit[]> {
  const entries = file.doseLimits.flatMap(({ path, record }): readonly LimitEntry[] => {
    if (record === undefined) return [];
    checkLimit(document, path, record, findings);
    return [{ path, record, positions: limitPositions(document, path, record, drafts, findings) }];
  });
  const limits = new Map<Position, readonly DoseLimit[]>();
  const unlimited: Position[] = [];
  const strangers = new Map<LimitEntry, Set<string>>();
  for (const draft of drafts) {
    const layers = draft.stackName === undefined ? undefined : stacks.get(draft.stackName);
    const own = entries.filter((entry) => appliesTo(entry, draft));
    const hasTotal = own.some(({ record }) => record.scope === "spot_total" && record.dose_Gy !== undefined);
    if (draft.role === "exposed" && !hasTotal) unlimited.push(draft.position);
    if (layers === undefined) continue;
    limits.set(
      draft.position,
      own.flatMap((entry) => {
        const layerIndex = layers.findIndex((layer) => layer.name === entry.record.layer);
        if (layerIndex >= 0 && layers[layerIndex]?.keepsDose === true) return [limitOf(entry.record, layerIndex)];
        const names = strangers.get(entry) ?? new Set();
        strangers.set(entry, names.add(draft.stackName ?? ""));
        return [];
      }),
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
          [...path, "layer"],
          `stack ${name} keeps no dose for a layer ${record.layer}`,
          wordAdvice(record.layer, known, "Layers with dose: true"),
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
): readonly Position[] | null {
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
  const written = record.applies_to?.positions;
  if (written === undefined) return null;
  return [written].flat().flatMap((text) => {
    const range = parsePositionRange(text);
    if (range.kind === "refused") {
      findings.push(findingAt(document, "error", "campaign.position", [...at, "positions"], range.what, range.advice));
      return [];
    }
    const empty = range.positions.filter((position) => !drafts.some((draft) => draft.position === position));
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

function appliesTo(entry: LimitEntry, draft: DraftCell): boolean {
  const chemistry = entry.record.applies_to?.chemistry;
  if (chemistry !== undefined && (draft.chemistry === undefined || !chemistry.includes(draft.chemistry))) return false;
  return entry.positions?.includes(draft.position) ?? true;
}

function limitOf(record: DoseLimitRecord, layerIndex: number): DoseLimit {
  return {
    layerName: record.layer,
    layerIndex,
    location: record.location,
    convention: record.convention,
    doseGy: record.dose_Gy ?? null,
    doseRateGyS: record.dose_rate_Gy_s ?? null,
    scope: record.scope === "spot_total" ? "spot-total" : "per-exposure",
    source: record.source ?? "",
    vouchedBy: record.vouched_by ?? "",
  };
}
