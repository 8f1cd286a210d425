/** Cells and steps that a trigger means, by groups, protocols, positions, ids and tags. */
import { isNamed, positionAt, positionIndex, type Occupant } from "../base/position.ts";
import { findingAt, type Path } from "../input/document.ts";
import { parseOccupants } from "../input/position-range.ts";
import { wordAdvice } from "../input/suggest.ts";
import type { DraftCell } from "./resolve-cells.ts";
import { stepNamed, stepNames } from "./step-names.ts";
import { refuser, type TriggerReading } from "./trigger-reading.ts";
import type { TriggerRecord } from "./trigger-schema.ts";
import type { TriggerCell } from "./trigger.ts";

/** Cells with their steps; undefined where it cannot be told, or there are none. */
export function selectCells(
  reading: TriggerReading,
  path: Path,
  record: TriggerRecord,
): readonly TriggerCell[] | undefined {
  const { drafts, file, findings, document } = reading;
  const refuse = refuser(reading);
  const { group, protocol, positions } = record.cells ?? {};
  const place = [...path, "cells"];
  const before = findings.length;
  const groups = listOf(group);
  const protocols = listOf(protocol);
  const known = [...new Set(drafts.map((draft) => draft.group))];
  for (const name of groups ?? []) {
    if (known.includes(name)) continue;
    refuse([...place, "group"], `no cell is of group ${name}`, wordAdvice(name, known, "Groups"));
  }
  for (const name of protocols ?? []) {
    if (file.protocolNames.includes(name)) continue;
    findings.push(
      findingAt(
        document,
        "error",
        "campaign.unknown-protocol",
        [...place, "protocol"],
        `unknown protocol ${name}`,
        wordAdvice(name, file.protocolNames, "Known"),
      ),
    );
  }
  const named =
    positions === undefined ? undefined : positionsNamed(reading, [...place, "positions"], listOf(positions) ?? []);
  if (findings.length > before) return undefined;
  const chosen = drafts.flatMap((draft, cellIndex) => {
    if (groups !== undefined && !groups.includes(draft.group)) return [];
    if (protocols !== undefined && !protocols.includes(draft.protocolName ?? "")) return [];
    if (named !== undefined && !isNamed(draft.position, named)) return [];
    return [{ draft, cellIndex }];
  });
  if (file.groupsIncomplete || file.cellDefaults === undefined) return undefined;
  if (chosen.length === 0) {
    refuse(place, "no cell is meant", "Widen groups, protocols or positions: a cell has to be of all that are given.");
    return undefined;
  }
  const exposed = chosen.filter(({ draft }) => draft.role === "exposed");
  if (exposed.length === 0) {
    refuse(place, "only controls are meant, which ask for nothing", "Name cells of role exposed.");
    return undefined;
  }
  const steps = listOf(record.steps);
  if (steps === undefined) return exposed.map(({ cellIndex }) => ({ cellIndex, stepIndexes: null }));
  return selectSteps(reading, path, exposed, steps);
}

function selectSteps(
  reading: TriggerReading,
  path: Path,
  chosen: readonly { readonly draft: DraftCell; readonly cellIndex: number }[],
  steps: readonly string[],
): readonly TriggerCell[] | undefined {
  const { document, findings, sources } = reading;
  const refuse = (what: string, advice: string): void => {
    findings.push(findingAt(document, "error", "campaign.unknown-step", [...path, "steps"], what, advice));
  };
  const protocols = new Map<string, readonly number[]>();
  const found = new Set<string>();
  const names = new Set<string>();
  for (const name of new Set(chosen.map(({ draft }) => draft.protocolName ?? ""))) {
    const protocol = sources.find((source) => source.name === name)?.protocol;
    // It has findings of its own.
    if (protocol === undefined) return undefined;
    for (const item of stepNames(protocol)) names.add(item.name);
    const indexes: number[] = [];
    for (const step of steps) {
      const index = stepNamed(protocol, step);
      if (index !== undefined) indexes.push(index);
      else if (stepNames(protocol).some((item) => item.name === step)) {
        refuse(`${step} names more than one step of protocol ${name}`, "Give the steps ids of their own.");
        return undefined;
      }
      if (index !== undefined) found.add(step);
    }
    protocols.set(
      name,
      [...new Set(indexes)].sort((a, b) => a - b),
    );
  }
  const missing = steps.find((step) => !found.has(step));
  if (missing !== undefined) {
    refuse(`no step of these cells has the id or tag ${missing}`, wordAdvice(missing, [...names], "Ids and tags"));
    return undefined;
  }
  return chosen.flatMap(({ draft, cellIndex }) => {
    const stepIndexes = protocols.get(draft.protocolName ?? "") ?? [];
    return stepIndexes.length === 0 ? [] : [{ cellIndex, stepIndexes }];
  });
}

function positionsNamed(reading: TriggerReading, path: Path, texts: readonly string[]): readonly Occupant[] {
  const named: Occupant[] = [];
  const held = new Set(reading.drafts.map((draft) => draft.position));
  for (const text of texts) {
    const range = parseOccupants(text);
    if (range.kind === "refused") {
      const { document, findings } = reading;
      findings.push(findingAt(document, "error", "campaign.position", path, range.what, range.advice));
      continue;
    }
    named.push(...range.positions);
    if (![...held].some((position) => isNamed(position, range.positions))) {
      const first = range.positions[0] ?? positionAt(0);
      const near = [...held].sort((a, b) => distance(a, first) - distance(b, first)).slice(0, 1);
      refuser(reading)(path, `there is no cell at ${text}`, `Cells are, for instance, at ${near.join("")}.`);
    }
  }
  return named;
}

function distance(a: Occupant, b: Occupant): number {
  return Math.abs(positionIndex(a) - positionIndex(b));
}

function listOf(value: string | readonly string[] | undefined): readonly string[] | undefined {
  return value === undefined ? undefined : [value].flat();
}
