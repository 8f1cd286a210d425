/**
 * What a campaign says of steps beyond their protocol: waits, holds, exposures asked at a step's edge. Everything that
 * waits has a longest time and a fallback, or is refused.
 */
import { parseOccupant } from "../base/position.ts";
import type { Finding } from "../base/finding.ts";
import type { Protocol, TechniqueStep } from "../echem/protocol.ts";
import { findingAt } from "../input/document.ts";
import type { InputDocument, Path } from "../input/document.ts";
import { wordAdvice } from "../input/suggest.ts";
import type { CampaignFile, Item } from "./campaign-file.ts";
import type { StepRuleRecord } from "./campaign-schema.ts";
import type { StepRule, WaitFallback } from "./campaign.ts";
import { positionsText } from "./rack-text.ts";
import type { DraftCell } from "./resolve-cells.ts";
import type { ProtocolSource } from "./resolve-protocols.ts";
import { stepNamed, stepNames } from "./step-names.ts";
import { sweepsOf } from "./trigger-schema.ts";

/** A rule with the place it is written at. */
export interface PlacedRule {
  readonly path: Path;
  readonly protocolName: string;
  readonly rule: StepRule;
}

export const RULE_KEYS = {
  "wait-for-exposure": "wait_for_exposure",
  "hold-at-charge": "hold_at_state_of_charge",
  "end-on-cell": "end_on_cell",
  "ask-exposure": "expose",
} as const satisfies Readonly<Record<StepRule["kind"], string>>;

interface Reading {
  readonly document: InputDocument;
  readonly file: CampaignFile;
  readonly drafts: readonly DraftCell[];
  readonly sources: readonly ProtocolSource[];
  readonly findings: Finding[];
}

export function resolveStepRules(
  document: InputDocument,
  file: CampaignFile,
  drafts: readonly DraftCell[],
  sources: readonly ProtocolSource[],
  findings: Finding[],
): readonly PlacedRule[] {
  const reading = { document, file, drafts, sources, findings };
  const placed = file.stepRules.flatMap((item) => resolveOne(reading, item));
  reportTwoWaits(reading, placed);
  reportControls(reading, placed);
  return placed;
}

/** The step a record names, or a finding at `path`. Undefined too where the protocol has findings of its own. */
export function namedStep(
  { document, file, sources, findings }: Pick<Reading, "document" | "file" | "sources" | "findings">,
  protocolName: string,
  step: string,
  path: { readonly protocol: Path; readonly step: Path },
): { readonly protocol: Protocol; readonly stepIndex: number } | undefined {
  const refuse = (at: Path, code: string, what: string, advice: string): undefined => {
    findings.push(findingAt(document, "error", code, at, what, advice));
  };
  const source = sources.find((candidate) => candidate.name === protocolName);
  if (source === undefined) {
    const advice = wordAdvice(protocolName, file.protocolNames, "Known");
    refuse(path.protocol, "campaign.unknown-protocol", `unknown protocol ${protocolName}`, advice);
    return;
  }
  const { protocol } = source;
  if (protocol === undefined) return undefined;
  const stepIndex = stepNamed(protocol, step);
  if (stepIndex !== undefined) return { protocol, stepIndex };
  const names = [...new Set(stepNames(protocol).map((item) => item.name))];
  const isTwice = names.includes(step);
  refuse(
    path.step,
    "campaign.unknown-step",
    isTwice
      ? `${step} names more than one step of protocol ${protocolName}`
      : `protocol ${protocolName} has no step with id or tag ${step}`,
    isTwice ? "Give the steps ids of their own." : wordAdvice(step, names, "Ids and tags"),
  );
  return;
}

function resolveOne(reading: Reading, { path, record }: Item<StepRuleRecord>): readonly PlacedRule[] {
  if (record === undefined) return [];
  const { document, findings } = reading;
  const keys = [...path];
  const found = namedStep(reading, record.protocol, record.step, {
    protocol: [...keys, "protocol"],
    step: [...keys, "step"],
  });
  const { wait_for_exposure: wait, hold_at_state_of_charge: hold, end_on_cell: other, expose } = record;
  if (wait === undefined && hold === undefined && other === undefined && expose === undefined) {
    const advice = `Give one of ${Object.values(RULE_KEYS).join(", ")}.`;
    findings.push(findingAt(document, "error", "campaign.step-rule", path, "the rule asks for nothing", advice));
  }
  if (found === undefined) return [];
  const { stepIndex } = found;
  const step = found.protocol.steps[stepIndex];
  if (step === undefined || step.kind === "tag" || step.kind === "loop") return [];
  const at = (rule: StepRule): PlacedRule => ({
    path: [...path, RULE_KEYS[rule.kind]],
    protocolName: record.protocol,
    rule,
  });
  const placed: PlacedRule[] = [];
  if (wait !== undefined) {
    const place = [...path, "wait_for_exposure"];
    const isFit = isKind(reading, path, "wait_for_exposure", record.step, step, [
      "open-circuit-voltage",
      "constant-voltage",
    ]);
    const common = waitOf(reading, place, wait);
    const presetName = presetOf(reading, place, wait.preset);
    if (isFit && common !== undefined && presetName !== undefined) {
      placed.push(at({ kind: "wait-for-exposure", stepIndex, ...common, presetName }));
    }
  }
  if (hold !== undefined) {
    const place = [...path, "hold_at_state_of_charge"];
    const isFit = isKind(reading, path, "hold_at_state_of_charge", record.step, step, ["constant-current"]);
    const common = waitOf(reading, place, hold);
    const presetName = hold.until === "maximum" ? null : presetOf(reading, place, hold.preset);
    if ((hold.fraction === undefined) === (hold.charge_mAh === undefined)) {
      findings.push(
        findingAt(
          document,
          "error",
          "campaign.step-rule",
          place,
          "where to hold is not clear",
          "Give fraction, a state of charge from 0 to 1, or charge_mAh, the charge of the step; not both.",
        ),
      );
    } else if (isFit && common !== undefined && presetName !== undefined) {
      const mark = hold.fraction === undefined ? { chargeMah: hold.charge_mAh ?? 0 } : { stateOfCharge: hold.fraction };
      placed.push(at({ kind: "hold-at-charge", stepIndex, ...common, at: mark, by: hold.by, presetName }));
    }
  }
  if (other !== undefined) {
    const place = [...path, "end_on_cell"];
    const isFit = isKind(reading, path, "end_on_cell", record.step, step, [
      "open-circuit-voltage",
      "constant-voltage",
      "constant-current",
    ]);
    const common = waitOf(reading, place, other);
    const target = otherCell(reading, record.protocol, other, place);
    if (isFit && common !== undefined && target !== undefined) {
      placed.push(at({ kind: "end-on-cell", stepIndex, ...common, ...target }));
    }
  }
  if (expose !== undefined) {
    const presetName = presetOf(reading, [...path, "expose"], expose.preset);
    if (presetName !== undefined) {
      const edges = expose.at === "both" ? (["before", "after"] as const) : [expose.at];
      placed.push(
        ...edges.map((edge) =>
          at({ kind: "ask-exposure", stepIndex, edge, withinS: expose.within_min * 60, presetName }),
        ),
      );
    }
  }
  return placed;
}

function isKind(
  { document, findings }: Reading,
  path: Path,
  key: string,
  name: string,
  step: TechniqueStep,
  kinds: readonly TechniqueStep["kind"][],
): boolean {
  if (kinds.includes(step.kind)) return true;
  const said = kinds.map((kind) => kind.replaceAll("-", "_")).join(" or ");
  const what = `${key} is for ${said}; step ${name} is ${step.kind.replaceAll("-", "_")}`;
  findings.push(findingAt(document, "error", "campaign.step-rule", [...path, key], what, "Name a step of that kind."));
  return false;
}

interface WaitRecord {
  readonly maximum_min: number;
  readonly fallback: WaitFallback["kind"];
  readonly rest_min?: number;
}

function waitOf(
  { document, file, findings }: Reading,
  path: Path,
  record: WaitRecord,
): { readonly maximumS: number; readonly fallback: WaitFallback } | undefined {
  const maximumS = record.maximum_min * 60;
  const durationH = file.durationH ?? null;
  if (durationH !== null && maximumS > durationH * 3600) {
    findings.push(
      findingAt(
        document,
        "warning",
        "campaign.step-rule",
        [...path, "maximum_min"],
        `a wait of up to ${record.maximum_min} min is longer than the campaign`,
        "Give a shorter one, so that its fallback can come to pass.",
      ),
    );
  }
  const isRest = record.fallback === "rest";
  if (isRest !== (record.rest_min !== undefined)) {
    const what = isRest ? "fallback rest is for how long?" : `rest_min has no meaning with fallback ${record.fallback}`;
    const advice = isRest ? "Give rest_min; then the protocol goes on." : "Leave out rest_min, or give fallback: rest.";
    findings.push(findingAt(document, "error", "campaign.step-rule", [...path, "rest_min"], what, advice));
    return undefined;
  }
  return {
    maximumS,
    fallback:
      record.fallback === "rest" ? { kind: "rest", restS: (record.rest_min ?? 0) * 60 } : { kind: record.fallback },
  };
}

/** The sweep's preset: spots are kept by its pattern, whoever asks for the exposure. */
function presetOf({ document, file, findings }: Reading, path: Path, named: string | undefined): string | undefined {
  const refuse = (what: string, advice: string): undefined => {
    findings.push(findingAt(document, "error", "campaign.unknown-preset", [...path, "preset"], what, advice));
  };
  const names = file.presets.map((preset) => preset.name);
  const [sweep] = sweepsOf(file);
  const swept = sweep?.record.preset;
  if (named !== undefined && !names.includes(named)) {
    refuse(`unknown preset ${named}`, wordAdvice(named, names, "Known"));
    return;
  }
  if (sweep === undefined && file.triggers.every(({ record }) => record !== undefined)) {
    refuse("no sweep says how to expose", "Give a sweep under triggers, if need be with a long cadence_min.");
    return;
  }
  if (named !== undefined && named !== swept) {
    refuse(
      `preset ${named} is not the sweep's`,
      `Leave it out: exposures that steps ask for are made like the sweep's, by ${swept ?? "its preset"}.`,
    );
    return;
  }
  return swept;
}

function otherCell(
  reading: Reading,
  protocolName: string,
  record: { readonly position: string; readonly step?: string },
  path: Path,
): Pick<Extract<StepRule, { kind: "end-on-cell" }>, "position" | "otherStepIndex"> | undefined {
  const { document, drafts, findings } = reading;
  const place = [...path, "position"];
  const position = parseOccupant(record.position);
  const draft = drafts.find((candidate) => candidate.position === position);
  if (position === undefined || draft === undefined) {
    const known = drafts.map((candidate) => candidate.position);
    const what = `there is no cell at ${record.position}`;
    findings.push(
      findingAt(document, "error", "campaign.position", place, what, `Cells are at ${positionsText(known)}.`),
    );
    return undefined;
  }
  if (draft.protocolName === protocolName) {
    findings.push(
      findingAt(
        document,
        "error",
        "campaign.step-rule",
        place,
        `${position} runs protocol ${protocolName} itself: it would wait for itself`,
        "Give the cell that is waited for a protocol of its own.",
      ),
    );
    return undefined;
  }
  if (record.step === undefined) return { position, otherStepIndex: null };
  if (draft.protocolName === undefined) return undefined;
  const found = namedStep(reading, draft.protocolName, record.step, { protocol: place, step: [...path, "step"] });
  return found === undefined ? undefined : { position, otherStepIndex: found.stepIndex };
}

function reportTwoWaits({ document, findings }: Reading, placed: readonly PlacedRule[]): void {
  const seen = new Map<string, PlacedRule>();
  for (const one of placed) {
    if (one.rule.kind === "ask-exposure") continue;
    const key = `${one.rule.stepIndex} ${one.protocolName}`;
    const other = seen.get(key);
    // A current may hold at several states of charge.
    if (other === undefined) seen.set(key, one);
    else if (one.rule.kind !== "hold-at-charge" || other.rule.kind !== "hold-at-charge") {
      findings.push(
        findingAt(
          document,
          "error",
          "campaign.step-rule",
          one.path,
          `the step waits already, by line ${document.line(other.path)}`,
          "Give a step one thing to wait for.",
        ),
      );
    }
  }
}

/** Controls are exposed by no step: what waits for an exposure waits in vain there, or for a rare sweep. */
function reportControls({ document, drafts, findings }: Reading, placed: readonly PlacedRule[]): void {
  for (const { path, protocolName, rule } of placed) {
    if (rule.kind === "end-on-cell" || (rule.kind === "hold-at-charge" && rule.presetName === null)) continue;
    const cells = drafts.filter((draft) => draft.protocolName === protocolName && draft.role !== "exposed");
    if (cells.length === 0) continue;
    const where = positionsText(cells.map((cell) => cell.position));
    const ends = rule.kind !== "ask-exposure" && rule.fallback.kind === "end-protocol";
    findings.push(
      findingAt(
        document,
        ends ? "error" : "note",
        "campaign.step-rule",
        path,
        rule.kind === "ask-exposure"
          ? `control cells ${where} ask for nothing: steps never have them exposed`
          : `control cells ${where} are exposed by no step: they wait the whole time, then ${fallbackText(rule.fallback)}`,
        ends ? "Give the controls another protocol, or another fallback." : "Nothing to do if that is meant.",
      ),
    );
  }
}

/** After `then`: `the protocol goes on`. */
export function fallbackText(fallback: WaitFallback): string {
  if (fallback.kind === "go-on") return "the protocol goes on";
  if (fallback.kind === "end-protocol") return "the protocol ends";
  return `the cell rests for ${String(Math.round(fallback.restS / 60))} min and the protocol goes on`;
}
