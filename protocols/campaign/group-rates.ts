/** What a site asks its groups for: a file of its own, so that a change of prices is no change of a site. */
import * as z from "zod";
import { hasErrors, type Finding } from "../base/finding.ts";
import { parseDocument } from "../input/document.ts";
import { readSection, strictObject } from "../input/section.ts";

/** Money for each; 0: not charged for. */
export interface GroupRates {
  readonly currency: string;
  readonly beamHour: number;
  readonly channelHour: number;
  readonly exposure: number;
}

const amount = z.number().nonnegative().default(0);
const ratesSchema = strictObject({
  currency: z.string().regex(/^\p{L}{1,12}$/u, "Give a currency by its letters, such as EUR."),
  beam_h: amount,
  channel_h: amount,
  exposure: amount,
});

export interface ReadRates {
  /** Undefined when a finding is an error. */
  readonly rates: GroupRates | undefined;
  readonly findings: readonly Finding[];
}

/** YAML or JSON: `{ currency: EUR, beam_h: 400, channel_h: 0.5, exposure: 0 }`. */
export function readRates(text: string, fileName: string): ReadRates {
  const document = parseDocument(text, fileName);
  const findings: Finding[] = [...document.findings];
  const read = document.value === undefined ? undefined : readSection(document, [], ratesSchema, findings);
  if (read === undefined || hasErrors(findings)) return { rates: undefined, findings };
  const { currency, beam_h: beamHour, channel_h: channelHour, exposure } = read;
  return { rates: { currency, beamHour, channelHour, exposure }, findings };
}
