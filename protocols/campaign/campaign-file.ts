/**
 * The sections of a campaign file, each checked by itself, so that one slip does not hide the others. A section is
 * undefined when it could not be read; its findings say why.
 */
import type * as z from "zod";
import type { Finding } from "../base/finding.ts";
import { findingAt, pathText, valueAt, valueText } from "../input/document.ts";
import type { InputDocument, Path } from "../input/document.ts";
import { readSection } from "../input/section.ts";
import { wordAdvice } from "../input/suggest.ts";
import {
  beamSchema,
  callSchema,
  CAMPAIGN_KEYS,
  cellDefaultsSchema,
  cellGroupSchema,
  doseLimitSchema,
  durationSchema,
  endConditionSchema,
  labelListSchema,
  labelSchema,
  nameSchema,
  pathSchema,
  presetSchema,
  rateSchema,
  simulatedSchema,
  stackLayerSchema,
  startSchema,
  stepRuleSchema,
  timeZoneSchema,
  uncertaintySchema,
} from "./campaign-schema.ts";
import type { CellRecord, DoseLimitRecord, PresetRecord, RateRecord, StepRuleRecord } from "./campaign-schema.ts";
import { readTriggers, type WrittenTrigger } from "./trigger-schema.ts";

/** An item of a list, with the place it stands at; undefined record: it has findings of its own. */
export interface Item<Record> {
  readonly path: Path;
  readonly record: Record | undefined;
}

export interface CellGroupItem {
  readonly path: Path;
  readonly positions: readonly string[];
  readonly cell: CellRecord;
  readonly overrides: readonly { readonly position: string; readonly path: Path; readonly cell: CellRecord }[];
}

export interface CampaignFile {
  readonly name: string | undefined;
  readonly title: string | undefined;
  readonly sources: readonly string[] | undefined;
  readonly chosen: readonly string[] | undefined;
  readonly start: string | undefined;
  /** Null: not given, so until the last cell has ended. */
  readonly durationH: number | null | undefined;
  /** Null: people read UTC alone. */
  readonly timeZone: string | null | undefined;
  readonly sitePath: string | undefined;
  /** Who stays with the rack while it runs; null: nobody is named. */
  readonly attendedBy: string | null | undefined;
  /** Folder of the custody ledger, from where the campaign lies; null: its cells were not sent in. */
  readonly custodyPath: string | null | undefined;
  readonly calls: readonly Item<z.output<typeof callSchema>>[];
  /** Null: the virtual world has nothing in store for it. */
  readonly simulated: z.output<typeof simulatedSchema> | null | undefined;
  readonly beam: z.output<typeof beamSchema> | undefined;
  readonly uncertainty: z.output<typeof uncertaintySchema> | undefined;
  readonly protocolNames: readonly string[];
  readonly stacks: readonly {
    readonly name: string;
    readonly layers: readonly Item<z.output<typeof stackLayerSchema>>[];
  }[];
  /** Undefined when they could not be read; empty when none are given. */
  readonly cellDefaults: CellRecord | undefined;
  /** Groups that could be read. */
  readonly groups: readonly CellGroupItem[];
  /** A group could not be read: counts over all cells would mislead. */
  readonly groupsIncomplete: boolean;
  readonly presets: readonly (Item<PresetRecord> & { readonly name: string })[];
  readonly triggers: readonly WrittenTrigger[];
  readonly doseLimits: readonly Item<DoseLimitRecord>[];
  readonly endConditions: readonly Item<z.output<typeof endConditionSchema>>[];
  readonly stepRules: readonly Item<StepRuleRecord>[];
  readonly rates: readonly Item<RateRecord>[];
}

export function readCampaignFile(document: InputDocument, findings: Finding[]): CampaignFile | undefined {
  const value = document.value;
  if (value === undefined) return undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    findings.push(
      findingAt(
        document,
        "error",
        "campaign.invalid",
        [],
        `${valueText(value)} is no campaign`,
        "Give a mapping of sections.",
      ),
    );
    return undefined;
  }
  for (const key of Object.keys(value)) {
    if ((CAMPAIGN_KEYS as readonly string[]).includes(key)) continue;
    findings.push(
      findingAt(
        document,
        "error",
        "file.unknown-key",
        [key],
        `unknown key ${key}`,
        wordAdvice(key, CAMPAIGN_KEYS, "Known here"),
      ),
    );
  }
  const has = (key: string): boolean => valueAt(value, [key]) !== undefined;
  const list = <Schema extends z.ZodType>(
    key: string,
    schema: Schema,
    isNeeded: boolean,
  ): readonly Item<z.output<Schema>>[] => readItems(document, [key], schema, findings, isNeeded);
  const groups = readGroups(document, findings);
  return {
    name: readSection(document, ["campaign"], nameSchema, findings),
    title: has("title") ? readSection(document, ["title"], labelSchema, findings) : undefined,
    sources: has("sources") ? readSection(document, ["sources"], labelListSchema, findings) : [],
    chosen: has("chosen") ? readSection(document, ["chosen"], labelListSchema, findings) : [],
    start: readSection(document, ["start"], startSchema, findings),
    durationH: has("duration_h") ? readSection(document, ["duration_h"], durationSchema, findings) : null,
    timeZone: has("timezone") ? readSection(document, ["timezone"], timeZoneSchema, findings) : null,
    sitePath: readSection(document, ["site"], pathSchema, findings),
    attendedBy: has("attended_by") ? readSection(document, ["attended_by"], labelSchema, findings) : null,
    custodyPath: has("custody") ? readSection(document, ["custody"], pathSchema, findings) : null,
    calls: has("calls") ? list("calls", callSchema, false) : [],
    simulated: has("simulated") ? readSection(document, ["simulated"], simulatedSchema, findings) : null,
    beam: readSection(document, ["beam"], beamSchema, findings),
    uncertainty: readSection(document, ["uncertainty"], uncertaintySchema, findings),
    protocolNames: namesOf(document, ["protocols"], findings),
    stacks: namesOf(document, ["stacks"], findings).map((name) => ({
      name,
      layers: readItems(document, ["stacks", name], stackLayerSchema, findings, true),
    })),
    cellDefaults: has("cell_defaults") ? readSection(document, ["cell_defaults"], cellDefaultsSchema, findings) : {},
    groups: groups.filter((group) => group !== undefined),
    groupsIncomplete: groups.length === 0 || groups.includes(undefined),
    presets: (has("presets") ? namesOf(document, ["presets"], findings) : []).map((name) => ({
      name,
      path: ["presets", name],
      record: readSection(document, ["presets", name], presetSchema, findings),
    })),
    triggers: readTriggers(document, findings),
    doseLimits: list("dose_limits", doseLimitSchema, false),
    endConditions: list("end_conditions", endConditionSchema, false),
    stepRules: list("step_rules", stepRuleSchema, false),
    rates: list("rates", rateSchema, false),
  };
}

function namesOf(document: InputDocument, path: Path, findings: Finding[]): readonly string[] {
  const value = valueAt(document.value, path);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return Object.keys(value);
  findings.push(
    findingAt(
      document,
      "error",
      "file.schema",
      path,
      value === undefined ? `${pathText(path)} is missing` : `${pathText(path)} is ${valueText(value)}`,
      "Give a mapping of names to values.",
    ),
  );
  return [];
}

function readItems<Schema extends z.ZodType>(
  document: InputDocument,
  path: Path,
  schema: Schema,
  findings: Finding[],
  isNeeded: boolean,
): readonly Item<z.output<Schema>>[] {
  const value = valueAt(document.value, path);
  if (value === undefined && !isNeeded) return [];
  if (!Array.isArray(value)) {
    const what = value === undefined ? `${pathText(path)} is missing` : `${valueText(value)} is no list`;
    findings.push(findingAt(document, "error", "file.schema", path, what, "Give a list."));
    return [{ path, record: undefined }];
  }
  return value.map((_item, index) => ({
    path: [...path, index],
    record: readSection(document, [...path, index], schema, findings),
  }));
}

/** Overrides are read one by one: a wrong one does not take its group with it. */
function readGroups(document: InputDocument, findings: Finding[]): readonly (CellGroupItem | undefined)[] {
  const value = valueAt(document.value, ["cells"]);
  if (!Array.isArray(value) || value.length === 0) {
    findings.push(
      findingAt(
        document,
        "error",
        "campaign.no-cells",
        ["cells"],
        value === undefined ? "cells is missing" : `cells is ${valueText(value)}`,
        "Give a list of groups, each with positions such as A1..D12.",
      ),
    );
    return [];
  }
  return value.map((item: unknown, index) => {
    const path: Path = ["cells", index];
    if (typeof item !== "object" || item === null || Array.isArray(item)) {
      findings.push(
        findingAt(document, "error", "file.schema", path, `${valueText(item)} is no group of cells`, "Give a mapping."),
      );
      return undefined;
    }
    const record = readSection(document, path, cellGroupSchema, findings);
    const overridePath: Path = [...path, "overrides"];
    if (record === undefined) return undefined;
    const { positions, overrides: written, ...cell } = record;
    return {
      path,
      positions: [positions].flat(),
      cell,
      overrides: Object.keys(written).flatMap((position) => {
        const at: Path = [...overridePath, position];
        const override = readSection(document, at, cellDefaultsSchema, findings);
        return override === undefined ? [] : [{ position, path: at, cell: override }];
      }),
    };
  });
}
