/**
 * Whether each cell's protocol keeps to the window of its chemistry, to the range of its channel and to its own safety
 * limits. Cells that differ in nothing of that are judged once, and named together.
 */
import { durationText } from "../base/duration-text.ts";
import type { Occupant } from "../base/position.ts";
import type { Finding } from "../base/finding.ts";
import { channelStep, stepCurrentA, TECHNIQUE_NAMES } from "../echem/channel-step.ts";
import type { Protocol, TechniqueStep } from "../echem/protocol.ts";
import { findingAt } from "../input/document.ts";
import type { InputDocument } from "../input/document.ts";
import { channelAt } from "../site/site-lookup.ts";
import type { Site, SiteChannel } from "../site/site.ts";
import { CHEMISTRIES } from "./chemistry.ts";
import type { Chemistry } from "./chemistry.ts";
import { judgeAttendance } from "./judge-attendance.ts";
import { judgeCompliance } from "./judge-compliance.ts";
import { judgeCutOff } from "./judge-cut-off.ts";
import { judgeForecast } from "./judge-forecast.ts";
import { judgeImpedance } from "./judge-impedance.ts";
import { judgeRecord } from "./judge-record.ts";
import { judgeRates, judgeRules } from "./judge-rules.ts";
import { judgeSafety, limitsOf, tightest } from "./judge-safety.ts";
import { positionsText } from "./rack-text.ts";
import { byPath } from "./resolve-cells.ts";
import type { DraftCell } from "./resolve-cells.ts";
import { stepFinding } from "./resolve-protocols.ts";
import type { ProtocolSource } from "./resolve-protocols.ts";
import { MEASURED_SHARE, measuredRatesOf } from "./resolve-rates.ts";
import { ratesOf, ruledProtocol, type CampaignRules } from "./ruled-protocol.ts";

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
  readonly positions: Occupant[];
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
    const refused = new Set<number>();
    one.protocol.steps.forEach((step, index) => {
      if (step.kind === "tag" || step.kind === "loop") return;
      const before = findings.length;
      judgeStep(one, step, index, cells, findings);
      if (findings.slice(before).some(({ severity }) => severity === "error")) refused.add(index);
    });
    judgeByForecast(one, refused, cells, findings);
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
      channel.leadResistanceOhm,
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

/** What the steps come to on a cell like these; a step that was refused on its own account is not refused again. */
function judgeByForecast(one: Case, refused: ReadonlySet<number>, cells: string, findings: Finding[]): void {
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
    if (severity === "error" && refused.has(stepIndex)) continue;
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

function judgeStep(one: Case, step: TechniqueStep, index: number, cells: string, findings: Finding[]): void {
  const say = (severity: Finding["severity"], key: string, code: string, what: string, advice: string): void => {
    findings.push(stepFinding(one.source, severity, code, index, key, `${what} (${cells})`, advice));
  };
  const refuse = (key: string, code: string, what: string, advice: string): void => {
    say("error", key, code, what, advice);
  };
  const { channel, nominalCapacityMah } = one;
  if (channel?.techniques.includes(TECHNIQUE_NAMES[step.kind]) === false) {
    refuse(
      "step",
      "campaign.technique",
      `the channel has no ${TECHNIQUE_NAMES[step.kind]}`,
      `It has ${channel.techniques.join(", ")}.`,
    );
  }
  const limits = limitsOf(one.draft, one.protocol.safety);
  if (nominalCapacityMah !== undefined) {
    const { steps } = one.protocol;
    const mostMeasured = (stepIndex: number): number => one.mostMeasured.get(stepIndex) ?? 1;
    const beyond = judgeCompliance({ steps, channel, limits, nominalCapacityMah, mostMeasured }, step, index);
    if (beyond !== undefined) refuse(beyond.key, "campaign.compliance", beyond.what, beyond.advice);
  }
  switch (step.kind) {
    case "open-circuit-voltage":
      return;
    case "impedance-spectroscopy":
      judgeImpedance(step, channel, limits, nominalCapacityMah, say);
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
      if (nominalCapacityMah !== undefined) {
        const currentA = stepCurrentA(step, nominalCapacityMah) * Math.max(1, one.mostMeasured.get(index) ?? 1);
        judgeCurrent(one, currentA, step.rateC === null ? "current_mA" : "rate_C", refuse);
      }
  }
  if (limits === undefined || nominalCapacityMah === undefined) return;
  const result = channelStep(one.protocol, step, {
    nominalCapacityMah,
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
