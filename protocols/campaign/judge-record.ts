/** What a protocol wants recorded, against what the channel of its cells can take and tell. */
import type { Finding, FindingSeverity } from "../base/finding.ts";
import { CHANGE_INTERVAL_S, SAMPLE_INTERVAL_MAX_S } from "../echem/channel-step.ts";
import type { RecordRule } from "../echem/protocol.ts";
import { findingAt } from "../input/document.ts";
import type { SiteChannel } from "../site/site.ts";
import type { ProtocolSource } from "./resolve-protocols.ts";

/** A channel tells this part of its range of voltage from noise. */
const VOLTAGE_PART_MIN = 1 / 100_000;
/** The same of current. */
const CURRENT_PART_MIN = 1 / 10_000;

/** What is judged here of cells that are judged together. */
interface RecordCase {
  readonly source: ProtocolSource;
  readonly protocol: { readonly record: RecordRule };
  readonly channel: SiteChannel | undefined;
}

export function judgeRecord({ source, protocol, channel }: RecordCase, cells: string, findings: Finding[]): void {
  if (channel === undefined) return;
  const { timeS, voltageV, currentMa } = protocol.record;
  const say = (severity: FindingSeverity, key: string, code: string, what: string, advice: string): void => {
    const path = [...source.base, "record", key];
    findings.push(findingAt(source.document, severity, code, path, `${what} (${cells})`, advice));
  };
  const judgeChange = (key: string, value: number | null, least: number, unit: string): void => {
    if (value === null) return;
    const leastText = `${Number(least.toPrecision(3))} ${unit}`;
    if (value < least) {
      const what = `a record at each change of ${value} ${unit} is finer than the ${leastText} that the channel tells from noise`;
      say("warning", key, "protocol.resolution", what, `Give at least ${leastText}, or leave it out.`);
      return;
    }
    const everyS = Math.max(channel.sampleIntervalMinS, Math.min(timeS, CHANGE_INTERVAL_S));
    const what = `for records at changes of ${value} ${unit} a sample is taken every ${everyS} s; a change that is over sooner is not met`;
    say("note", key, "protocol.record-by-time", what, "Give a shorter time_s where a step needs it.");
  };
  if (timeS < channel.sampleIntervalMinS) {
    const what = `a sample every ${timeS} s is faster than the channel measures`;
    say("error", "time_s", "campaign.channel-range", what, `Give at least ${channel.sampleIntervalMinS} s.`);
  }
  if (channel.sampleIntervalMinS > SAMPLE_INTERVAL_MAX_S) {
    const what = `limits are held by samples, and the channel takes one every ${channel.sampleIntervalMinS} s: a cell that fails in between may be far beyond them before it is let go`;
    const advice = `Use a channel that samples at least every ${SAMPLE_INTERVAL_MAX_S} s.`;
    say("warning", "time_s", "campaign.channel-range", what, advice);
  }
  judgeChange("voltage_V", voltageV, VOLTAGE_PART_MIN * (channel.voltageMaxV - channel.voltageMinV), "V");
  judgeChange("current_mA", currentMa, CURRENT_PART_MIN * 1000 * channel.currentMaxA, "mA");
}
