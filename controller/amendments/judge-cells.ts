/** What an amendment changes of the cells: limits, tails of protocols, who is withdrawn. Pure. */
import type { Occupant } from "../../protocols/base/position.ts";
import type { Campaign, CampaignCell, DoseLimit } from "../../protocols/campaign/campaign.ts";
import { positionsText } from "../../protocols/campaign/rack-text.ts";
import { createFindingList } from "../record/finding-list.ts";
import { createDoseAudit } from "../record/verify-doses.ts";
import { JOINED_PATH, type AmendedValue, type CampaignProgress } from "./amendment.ts";
import { earlierNames } from "../dose/ledger-cells.ts";
import { differences, isSame, keysOf } from "./json-differences.ts";
import { judgeFollowers } from "./judge-followers.ts";

type Refuse = (where: string, what: string, advice: string) => void;

/** Judged each by itself. What else a cell is, which one and what is in it, is known since it was loaded, and stays. */
const IN_PARTS: ReadonlySet<keyof CampaignCell> = new Set<keyof CampaignCell>([
  ...(["position", "role", "isWithdrawn", "doseLimits", "limits", "protocol"] as const),
  ...(["endConditions", "stepRules", "measuredRates"] as const),
]);

export function judgeCells(
  current: Campaign,
  proposed: Campaign,
  progress: CampaignProgress,
  changes: AmendedValue[],
  refuse: Refuse,
): void {
  const later = new Map(proposed.cells.map((cell) => [cell.position, cell]));
  const known = new Set(current.cells.map(({ position }) => position));
  const added = proposed.cells.filter(({ position }) => !known.has(position));
  const gone = current.cells.flatMap(({ position }) => (later.has(position) ? [] : [position]));
  for (const { position, isWithdrawn } of added) {
    if (isWithdrawn !== true) continue;
    refuse(`cells ${position}`, "a cell that joins cannot be withdrawn already", "Leave it out of the file.");
  }
  judgeFollowers(current, added, progress, newlyWithdrawn(current, later), refuse);
  if (gone.length > 0) {
    const advice = `Write withdrawn: true for ${positionsText(gone)}, under overrides of their group: their record stays.`;
    refuse("cells", `${positionsText(gone)} are no longer there`, advice);
  }
  if (added.length > 0) {
    const positions = added.map(({ position }) => position);
    changes.push({ path: JOINED_PATH, positions, from: null, to: added.length });
  }
  const told = new Map<string, AmendedValue & { positions: Occupant[] }>();
  const tell = (position: Occupant, change: Omit<AmendedValue, "positions">): void => {
    const key = JSON.stringify([change.path, change.from, change.to]);
    const same = told.get(key);
    if (same === undefined) told.set(key, { ...change, positions: [position] });
    else same.positions.push(position);
  };
  const shared: SharedRefusals = new Map();
  for (const before of current.cells) {
    const after = later.get(before.position);
    if (after !== undefined) judgeCell(before, after, progress, tell, shared);
  }
  changes.push(...told.values());
  for (const { what, advice, where, positions } of shared.values()) {
    refuse(`cells ${positionsText(positions)} ${where}`, what, advice);
  }
  judgeGiven(current, proposed, progress, refuse);
}

function newlyWithdrawn(current: Campaign, later: ReadonlyMap<string, CampaignCell>): ReadonlySet<string> {
  return new Set(
    current.cells.flatMap(({ position, isWithdrawn }) =>
      isWithdrawn !== true && later.get(position)?.isWithdrawn === true ? [position] : [],
    ),
  );
}

type SharedRefusals = Map<
  string,
  { readonly where: string; readonly what: string; readonly advice: string; readonly positions: Occupant[] }
>;

function judgeCell(
  before: CampaignCell,
  after: CampaignCell,
  progress: CampaignProgress,
  tell: (position: Occupant, change: Omit<AmendedValue, "positions">) => void,
  refusals: SharedRefusals,
): void {
  const { position } = before;
  const refuse = (where: string, what: string, advice: string): void => {
    const key = `${where} ${what}`;
    const same = refusals.get(key);
    if (same === undefined) refusals.set(key, { where, what, advice, positions: [position] });
    else same.positions.push(position);
  };
  for (const key of keysOf(before, after)) {
    if (!IN_PARTS.has(key) && !isSame(before[key], after[key])) {
      refuse(key, "what a cell is cannot be amended", "Leave it; withdraw the cell where it is another one.");
    }
  }
  if (before.isWithdrawn !== after.isWithdrawn) {
    if (after.isWithdrawn === true) tell(position, { path: "withdrawn", from: false, to: true });
    else refuse("withdrawn", "a cell that was withdrawn does not come back", "Leave it withdrawn.");
  } else if (before.role !== after.role) {
    if (after.role === "dark-control") tell(position, { path: "role", from: before.role, to: after.role });
    else refuse("role", `${before.role} cannot become ${after.role}`, "A cell may be kept from the beam, no more.");
  }
  judgeLimits(before.doseLimits, after.doseLimits, (change) => {
    tell(position, change);
  });
  for (const change of differences(before.limits, after.limits, "safety")) tell(position, change);
  judgeProtocol(before, after, progress.begunIndex.get(position) ?? -1, tell, refuse);
}

/** Every limit holds, so of several on one thing the lowest counts. */
function judgeLimits(
  before: readonly DoseLimit[],
  after: readonly DoseLimit[],
  tell: (change: Omit<AmendedValue, "positions">) => void,
): void {
  const was = boundsOf(before);
  const is = boundsOf(after);
  const names = [...new Set([...was.keys(), ...is.keys()])];
  let isOther = false;
  for (const path of names) {
    const from = was.get(path) ?? null;
    const to = is.get(path) ?? null;
    if (from === to) continue;
    isOther = true;
    tell({ path, from, to, ...((to ?? Infinity) > (from ?? Infinity) ? { isRaised: true } : {}) });
  }
  if (isOther || isSame(before, after)) return;
  tell({ path: "dose_limits", from: vouchersOf(before), to: vouchersOf(after) });
}

function boundsOf(limits: readonly DoseLimit[]): ReadonlyMap<string, number> {
  const bounds = new Map<string, number>();
  const note = (path: string, value: number | null): void => {
    if (value !== null) bounds.set(path, Math.min(value, bounds.get(path) ?? Infinity));
  };
  for (const { layerName, location, scope, doseGy, doseRateGyS } of limits) {
    const of = `dose_limits.${layerName} ${location}`;
    note(`${of} ${scope.replace("-", "_")}.dose_Gy`, doseGy);
    note(`${of}.dose_rate_Gy_s`, doseRateGyS);
  }
  return bounds;
}

function vouchersOf(limits: readonly DoseLimit[]): string {
  return [...new Set(limits.map(({ source, vouchedBy }) => `${source} (${vouchedBy})`))].join(", ");
}

function judgeProtocol(
  before: CampaignCell,
  after: CampaignCell,
  begunIndex: number,
  tell: (position: Occupant, change: Omit<AmendedValue, "positions">) => void,
  refuse: Refuse,
): void {
  const { position } = before;
  const { steps: was } = before.protocol;
  const { steps: is } = after.protocol;
  if (!isSame(aboutFile(before), aboutFile(after)))
    refuse("protocol", "record, safety and sample stay those it began with", "Amend steps.");
  const isTail = (index: number): boolean => index > begunIndex;
  const length = Math.max(was.length, is.length);
  for (let index = 0; index < length; index += 1) {
    if (isSame(was[index], is[index])) continue;
    if (isTail(index)) {
      const path = `protocol ${after.protocol.name} from step ${index + 1} on`;
      tell(position, { path, from: was.length, to: is.length });
    } else {
      const begun = `step ${index + 1} has begun, or was passed; the furthest is step ${begunIndex + 1}`;
      refuse("protocol", begun, `Amend what comes behind step ${begunIndex + 1}.`);
    }
    break;
  }
  for (const key of ["endConditions", "measuredRates"] as const) {
    if (isSame(before[key], after[key])) continue;
    refuse(
      key === "endConditions" ? "end_conditions" : "rates",
      "its steps are judged by what it began with",
      "Leave it.",
    );
  }
  const rulesOf = ({ stepRules }: CampaignCell) => stepRules.filter(({ stepIndex }) => !isTail(stepIndex));
  if (!isSame(rulesOf(before), rulesOf(after))) {
    refuse("step_rules", "a rule is about a step that has begun", `Amend rules behind step ${begunIndex + 1}.`);
  } else if (!isSame(before.stepRules, after.stepRules)) {
    tell(position, { path: "step_rules", from: before.stepRules.length, to: after.stepRules.length });
  }
}

/** What a protocol says beside its steps; its name is the campaign's alone. */
function aboutFile({ protocol: { record, safety, sampleName, sampleCapacityMah } }: CampaignCell): object {
  return { record, safety, sampleName, sampleCapacityMah };
}

/** By the audit's own arithmetic: what it would find beyond a limit afterwards, and does not find already, is refused now. */
function judgeGiven(current: Campaign, proposed: Campaign, progress: CampaignProgress, refuse: Refuse): void {
  const known = new Set(spentBeyond(current, progress).map(({ where, what }) => `${where} ${what}`));
  for (const { where, what } of spentBeyond(proposed, progress)) {
    if (known.has(`${where} ${what}`)) continue;
    refuse(`dose_limits, ${where}`, `already spent: ${what}`, "Give a limit that covers what was given.");
  }
}

function spentBeyond({ cells }: Campaign, { rows, spotPlan }: CampaignProgress) {
  const findings = createFindingList();
  const audit = createDoseAudit(findings);
  const open = new Map(rows.map((row) => [row.exposureId, row]));
  for (const row of rows) if (row.kind !== "booking") open.set(row.exposureId, row);
  for (const row of open.values()) audit.given(row);
  const limits = cells.flatMap(({ position, doseLimits }) =>
    doseLimits.map(({ layerName: layer, location, doseGy, doseRateGyS, scope }) => ({
      ...{ position, layer, location, doseGy, doseRateGyS, scope },
    })),
  );
  const earlier = new Map(cells.map(({ position }, cellIndex) => [position, earlierNames(cells, cellIndex)] as const));
  for (const [position, names] of earlier) if (names.length === 0) earlier.delete(position);
  audit.judge(limits, spotPlan && { ...spotPlan, earlier });
  return findings.all().filter(({ severity }) => severity === "error");
}
