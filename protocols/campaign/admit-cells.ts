/**
 * Whether each cell's protocol keeps to the window of its chemistry, to the range of its channel and to its own safety
 * limits. Cells that differ in nothing of that are judged once, and named together.
 */
import { durationText } from "../base/duration-text.ts";
import type { Position } from "../base/position.ts";
import type { Finding } from "../base/finding.ts";
import { channelStep, stepCurrentA, TECHNIQUE_NAMES } from "../echem/channel-step.ts";
import type { Protocol, SafetyRule, TechniqueStep } from "../echem/protocol.ts";
import { findingAt, valueAt } from "../input/document.ts";
import type { InputDocument, Path } from "../input/document.ts";
import type { CellLimits } from "../roles/channel.ts";
import { channelAt } from "../site/site-lookup.ts";
import type { Site, SiteChannel } from "../site/site.ts";
import { CHEMISTRIES } from "./chemistry.ts";
import type { Chemistry } from "./chemistry.ts";
import { judgeAttendance } from "./judge-attendance.ts";
import { judgeCutOff } from "./judge-cut-off.ts";
import { judgeForecast } from "./judge-forecast.ts";
import { judgeImpedance } from "./judge-impedance.ts";
import { judgeRates, judgeRules } from "./judge-rules.ts";
import { positionsText } from "./rack-text.ts";
import { byPath } from "./resolve-cells.ts";
import type { DraftCell } from "./resolve-cells.ts";
import { stepFinding } from "./resolve-protocols.ts";
import type { ProtocolSource } from "./resolve-protocols.ts";
import { MEASURED_SHARE, measuredRatesOf } from "./resolve-rates.ts";
import { ratesOf, ruledProtocol, type CampaignRules } from "./ruled-protocol.ts";

const SAFETY_KEYS = [
  ["max_voltage_V", "maxVoltageV"],
  ["min_voltage_V", "minVoltageV"],
  ["max_current_mA", "maxCurrentMa"],
  ["min_current_mA", "minCurrentMa"],
] as const;

type SafetyKey = (typeof SAFETY_KEYS)[number][0];

/** The tighter of the cell's and the protocol's own limits; undefined where neither gives a value. */
export function limitsOf(draft: DraftCell, safety: SafetyRule): CellLimits | undefined {
  const { maxVoltageV, minVoltageV, maxCurrentMa, minCurrentMa } = tightest(draft, safety);
  if (
    maxVoltageV === undefined ||
    minVoltageV === undefined ||
    maxCurrentMa === undefined ||
    minCurrentMa === undefined
  ) {
    return undefined;
  }
  return {
    voltageMaxV: maxVoltageV,
    voltageMinV: minVoltageV,
    currentMaxA: maxCurrentMa / 1000,
    currentMinA: minCurrentMa / 1000,
  };
}

function tightest(draft: DraftCell, safety: SafetyRule): Record<(typeof SAFETY_KEYS)[number][1], number | undefined> {
  const least = (a: number | undefined, b: number | null): number | undefined =>
    b === null ? a : Math.min(a ?? Infinity, b);
  const most = (a: number | undefined, b: number | null): number | undefined =>
    b === null ? a : Math.max(a ?? -Infinity, b);
  return {
    maxVoltageV: least(draft.safety.max_voltage_V, safety.maxVoltageV),
    minVoltageV: most(draft.safety.min_voltage_V, safety.minVoltageV),
    maxCurrentMa: least(draft.safety.max_current_mA, safety.maxCurrentMa),
    minCurrentMa: most(draft.safety.min_current_mA, safety.minCurrentMa),
  };
}

/** What cells have in common that are judged together. */
interface Case {
  readonly source: ProtocolSource;
  /** As these cells run it. */
  readonly protocol: Protocol;
  /** For steps whose rates will refer to what is measured: the most that may come to, over what they have now. */
  readonly mostMeasured: ReadonlyMap<number, number>;
  readonly chemistry: Chemistry | undefined;
  readonly nominalCapacityMah: number | undefined;
  readonly channel: SiteChannel | undefined;
  readonly draft: DraftCell;
  readonly positions: Position[];
}

export function admitCells(
  document: InputDocument,
  drafts: readonly DraftCell[],
  sources: readonly ProtocolSource[],
  rules: CampaignRules,
  site: Site | undefined,
  attendedBy: string | null,
): readonly Finding[] {
  const findings: Finding[] = [];
  if (site !== undefined) {
    reportUnwired(document, drafts, site, findings);
    reportUnattended(document, drafts, site, attendedBy, findings);
  }
  for (const one of casesOf(drafts, sources, rules, site).values()) {
    const cells = `cells ${positionsText(one.positions)}`;
    judgeSafety(document, one, cells, findings);
    judgeRecord(one, cells, findings);
    one.protocol.steps.forEach((step, index) => {
      if (step.kind === "tag" || step.kind === "loop") return;
      judgeStep(one, step, index, cells, findings);
    });
    judgeByForecast(one, cells, findings);
    judgeRules(document, rules, one, cells, findings);
    judgeRates(document, rules, one, cells, findings);
  }
  return findings;
}

function casesOf(
  drafts: readonly DraftCell[],
  sources: readonly ProtocolSource[],
  rules: CampaignRules,
  site: Site | undefined,
): ReadonlyMap<string, Case> {
  const cases = new Map<string, Case>();
  for (const draft of drafts) {
    const source = sources.find((candidate) => candidate.name === draft.protocolName);
    if (source?.protocol === undefined) continue;
    const channel = site === undefined ? undefined : channelAt(site, draft.position);
    const range = channel && [
      channel.voltageMinV,
      channel.voltageMaxV,
      channel.currentMaxA,
      channel.sampleIntervalMinS,
      channel.techniques,
    ];
    const key = JSON.stringify([
      draft.protocolName,
      draft.chemistry,
      draft.nominalCapacityMah,
      draft.electrodeAreaCm2,
      draft.activeMassMg,
      draft.safety,
      range,
    ]);
    const known = cases.get(key);
    if (known !== undefined) {
      known.positions.push(draft.position);
      continue;
    }
    cases.set(key, {
      source,
      protocol: ruledProtocol(source.protocol, rules, draft),
      mostMeasured: mostMeasuredOf(rules, draft),
      chemistry: draft.chemistry === undefined ? undefined : CHEMISTRIES[draft.chemistry],
      nominalCapacityMah: draft.nominalCapacityMah,
      channel,
      draft,
      positions: [draft.position],
    });
  }
  return cases;
}

function mostMeasuredOf(rules: CampaignRules, draft: DraftCell): ReadonlyMap<number, number> {
  const mostMah = MEASURED_SHARE.max * (draft.nominalCapacityMah ?? NaN);
  return new Map(
    measuredRatesOf(ratesOf(rules, draft), draft).flatMap(({ stepIndexes, fallbackMah }) =>
      stepIndexes.map((index) => [index, mostMah / fallbackMah] as const),
    ),
  );
}

function reportUnwired(document: InputDocument, drafts: readonly DraftCell[], site: Site, findings: Finding[]): void {
  const unwired = drafts.filter((draft) => channelAt(site, draft.position) === undefined);
  for (const path of new Set(unwired.map((draft) => draft.path))) {
    const positions = unwired.filter((draft) => draft.path === path).map((draft) => draft.position);
    findings.push(
      findingAt(
        document,
        "error",
        "campaign.unwired",
        [...path, "positions"],
        `site ${site.name} has no channel at ${positionsText(positions)}`,
        `Wired are ${positionsText(site.channels.map((channel) => channel.position))}.`,
      ),
    );
  }
}

function reportUnattended(
  document: InputDocument,
  drafts: readonly DraftCell[],
  site: Site,
  attendedBy: string | null,
  findings: Finding[],
): void {
  for (const [path, cells] of byPath(drafts)) {
    const wired = cells.flatMap(({ position }) => {
      const driver = channelAt(site, position)?.driver;
      return driver === undefined ? [] : [{ position, driver }];
    });
    // Sites have no contactor to state.
    const verdict = judgeAttendance(wired, { attendedBy, hasContactor: false });
    if (verdict === undefined) continue;
    findings.push(
      findingAt(document, "error", "campaign.unattended", [...path, "positions"], verdict.what, verdict.advice),
    );
  }
}

function judgeSafety(document: InputDocument, one: Case, cells: string, findings: Finding[]): void {
  const refuse = (key: SafetyKey, code: string, what: string, advice: string): void => {
    const place = safetyPlace(document, one, key);
    findings.push(findingAt(place.document, "error", code, place.path, `${what} for ${cells}`, advice));
  };
  const limits = tightest(one.draft, one.protocol.safety);
  for (const [key, field] of SAFETY_KEYS) {
    if (limits[field] === undefined) {
      refuse(
        key,
        "campaign.safety-missing",
        `no ${key}`,
        "Give it under safety of the cells, or in the protocol's safety.",
      );
    }
  }
  const { maxVoltageV, minVoltageV } = limits;
  if (maxVoltageV !== undefined && minVoltageV !== undefined && !(maxVoltageV > minVoltageV)) {
    refuse(
      "max_voltage_V",
      "campaign.safety-range",
      `max_voltage_V ${maxVoltageV} is not above min_voltage_V ${minVoltageV}`,
      "Give the higher voltage as max_voltage_V.",
    );
  }
  const { chemistry, channel } = one;
  if (chemistry !== undefined && maxVoltageV !== undefined && maxVoltageV > chemistry.hardMaxV) {
    refuse(
      "max_voltage_V",
      "campaign.safety-window",
      `max_voltage_V ${maxVoltageV} is too far above the window of ${one.draft.chemistry ?? ""}`,
      `Give at most ${chemistry.hardMaxV} V.`,
    );
  }
  if (chemistry !== undefined && minVoltageV !== undefined && minVoltageV < chemistry.hardMinV) {
    refuse(
      "min_voltage_V",
      "campaign.safety-window",
      `min_voltage_V ${minVoltageV} is too far below the window of ${one.draft.chemistry ?? ""}`,
      `Give at least ${chemistry.hardMinV} V.`,
    );
  }
  if (channel === undefined) return;
  if (maxVoltageV !== undefined && maxVoltageV > channel.voltageMaxV) {
    refuse(
      "max_voltage_V",
      "campaign.channel-range",
      `max_voltage_V ${maxVoltageV} is above the channel's range`,
      `The channel measures ${channel.voltageMinV} to ${channel.voltageMaxV} V.`,
    );
  }
  if (minVoltageV !== undefined && minVoltageV < channel.voltageMinV) {
    refuse(
      "min_voltage_V",
      "campaign.channel-range",
      `min_voltage_V ${minVoltageV} is below the channel's range`,
      `The channel measures ${channel.voltageMinV} to ${channel.voltageMaxV} V.`,
    );
  }
}

/** What the steps come to on a cell like these; silent where the protocol was refused on its own account. */
function judgeByForecast(one: Case, cells: string, findings: Finding[]): void {
  const { source, protocol, draft, channel, nominalCapacityMah } = one;
  const limits = limitsOf(draft, protocol.safety);
  if (draft.chemistry === undefined || nominalCapacityMah === undefined || limits === undefined) return;
  const verdicts = judgeForecast(protocol, {
    chemistry: draft.chemistry,
    nominalCapacityMah,
    startVoltageV: null,
    limits,
    channelMaxA: channel?.currentMaxA,
    electrodeAreaCm2: draft.electrodeAreaCm2,
  });
  for (const { severity, code, stepIndex, key, what, advice } of verdicts) {
    findings.push(stepFinding(source, severity, code, stepIndex, key, `${what} (${cells})`, advice));
  }
  if (Object.values(protocol.safety).some((value) => value !== null)) return;
  findings.push(
    findingAt(
      source.document,
      "note",
      "protocol.no-safety",
      [...source.base, "safety"],
      `the protocol has no safety block; the limits of ${cells} are the campaign's alone`,
      "Give max_voltage_V and min_voltage_V in the protocol, so that it is safe on other cyclers too.",
    ),
  );
}

function judgeRecord({ source, protocol, channel }: Case, cells: string, findings: Finding[]): void {
  const { timeS } = protocol.record;
  if (channel === undefined || timeS >= channel.sampleIntervalMinS) return;
  findings.push(
    findingAt(
      source.document,
      "error",
      "campaign.channel-range",
      [...source.base, "record", "time_s"],
      `a sample every ${timeS} s is faster than the channel measures (${cells})`,
      `Give at least ${channel.sampleIntervalMinS} s.`,
    ),
  );
}

/** Where the value that counts is written: with the cell, its group, the defaults, or in the protocol. */
function safetyPlace(
  document: InputDocument,
  one: Case,
  key: SafetyKey,
): { readonly document: InputDocument; readonly path: Path } {
  const { draft, source } = one;
  const field = SAFETY_KEYS.find(([name]) => name === key)?.[1];
  const counts = field === undefined ? undefined : tightest(draft, one.protocol.safety)[field];
  if (counts !== undefined && counts !== draft.safety[key]) {
    return { document: source.document, path: [...source.base, "safety", key] };
  }
  const holders: readonly Path[] = [[...draft.path, "overrides", draft.position], draft.path, ["cell_defaults"]];
  const holder = holders.find((path) => valueAt(document.value, [...path, "safety", key]) !== undefined);
  return { document, path: [...(holder ?? draft.path), "safety", key] };
}

function judgeStep(one: Case, step: TechniqueStep, index: number, cells: string, findings: Finding[]): void {
  const say = (severity: Finding["severity"], key: string, code: string, what: string, advice: string): void => {
    findings.push(stepFinding(one.source, severity, code, index, key, `${what} (${cells})`, advice));
  };
  const refuse = (key: string, code: string, what: string, advice: string): void => {
    say("error", key, code, what, advice);
  };
  const { channel } = one;
  if (channel?.techniques.includes(TECHNIQUE_NAMES[step.kind]) === false) {
    refuse(
      "step",
      "campaign.technique",
      `the channel has no ${TECHNIQUE_NAMES[step.kind]}`,
      `It has ${channel.techniques.join(", ")}.`,
    );
  }
  switch (step.kind) {
    case "open-circuit-voltage":
      return;
    case "impedance-spectroscopy":
      judgeImpedance(step, channel, limitsOf(one.draft, one.protocol.safety), one.nominalCapacityMah, say);
      return;
    case "voltage-scan":
      judgeVoltage(one, step.startVoltageV, "start_voltage_V", refuse);
      judgeVoltage(one, step.endVoltageV, "end_voltage_V", refuse);
      return;
    case "constant-voltage":
      judgeVoltage(one, step.voltageV, "voltage_V", refuse);
      break;
    case "constant-current":
      if (step.untilVoltageV !== null) {
        judgeVoltage(one, step.untilVoltageV, "until_voltage_V", refuse);
        const cutOff = one.chemistry === undefined ? undefined : judgeCutOff(step, one.chemistry);
        if (cutOff !== undefined)
          say(cutOff.severity, "until_voltage_V", "protocol.cut-off", cutOff.what, cutOff.advice);
      } else {
        say(
          "warning",
          "",
          "protocol.no-voltage-end",
          "only time ends this current; the cell's limits would have to stop it",
          "Give until_voltage_V.",
        );
      }
      if (one.nominalCapacityMah !== undefined) {
        const currentA = stepCurrentA(step, one.nominalCapacityMah) * Math.max(1, one.mostMeasured.get(index) ?? 1);
        judgeCurrent(one, currentA, step.rateC === null ? "current_mA" : "rate_C", refuse);
      }
  }
  const limits = limitsOf(one.draft, one.protocol.safety);
  if (limits === undefined || one.nominalCapacityMah === undefined) return;
  const result = channelStep(one.protocol, step, {
    nominalCapacityMah: one.nominalCapacityMah,
    limits,
    sampleIntervalMinS: channel?.sampleIntervalMinS ?? 0,
  });
  if (result.kind === "step" && result.isTimeDerived) {
    say(
      "note",
      "until_time_s",
      "protocol.time-derived",
      `no time is given; the step ends after ${durationText(result.step.untilTimeS)} at the latest`,
      "Give until_time_s to choose another bound.",
    );
  }
}

type Refuse = (key: string, code: string, what: string, advice: string) => void;

function judgeVoltage(one: Case, voltageV: number, key: string, refuse: Refuse): void {
  const { chemistry, channel } = one;
  if (chemistry !== undefined && !(voltageV >= chemistry.voltageMinV && voltageV <= chemistry.voltageMaxV)) {
    refuse(
      key,
      "campaign.cell-window",
      `${voltageV} V is outside the window of ${one.draft.chemistry ?? ""}`,
      `Stay within ${chemistry.voltageMinV} to ${chemistry.voltageMaxV} V.`,
    );
  }
  if (channel !== undefined && !(voltageV >= channel.voltageMinV && voltageV <= channel.voltageMaxV)) {
    refuse(
      key,
      "campaign.channel-range",
      `${voltageV} V is outside the channel's range`,
      `Stay within ${channel.voltageMinV} to ${channel.voltageMaxV} V.`,
    );
  }
  const { maxVoltageV, minVoltageV } = tightest(one.draft, one.protocol.safety);
  if ((maxVoltageV !== undefined && voltageV > maxVoltageV) || (minVoltageV !== undefined && voltageV < minVoltageV)) {
    refuse(
      key,
      "campaign.beyond-safety",
      `${voltageV} V is beyond the cell's safety limits`,
      `Stay within ${minVoltageV ?? "-"} to ${maxVoltageV ?? "-"} V, or correct the limits.`,
    );
  }
}

function judgeCurrent(one: Case, currentA: number, key: string, refuse: Refuse): void {
  const currentMa = Number((currentA * 1000).toPrecision(6));
  const { channel } = one;
  if (channel !== undefined && !(Math.abs(currentA) <= channel.currentMaxA)) {
    refuse(
      key,
      "campaign.channel-range",
      `${currentMa} mA is beyond the channel's range`,
      `Stay within ${channel.currentMaxA * 1000} mA either way.`,
    );
  }
  const { maxCurrentMa, minCurrentMa } = tightest(one.draft, one.protocol.safety);
  if (
    (maxCurrentMa !== undefined && currentMa > maxCurrentMa) ||
    (minCurrentMa !== undefined && currentMa < minCurrentMa)
  ) {
    refuse(
      key,
      "campaign.beyond-safety",
      `${currentMa} mA is beyond the cell's safety limits`,
      `Stay within ${minCurrentMa ?? "-"} to ${maxCurrentMa ?? "-"} mA, or correct the limits.`,
    );
  }
}
