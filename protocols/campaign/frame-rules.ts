/** The section `frame_checks` of a campaign file: what follows when the first look at a frame finds something. */
import * as z from "zod";
import type { Finding } from "../base/finding.ts";
import { FRAME_FINDINGS, type FrameFinding } from "../diffraction/frame-check.ts";
import { valueAt, type InputDocument, type Path } from "../input/document.ts";
import { readSection, strictObject } from "../input/section.ts";

/**
 * tell: an alarm. hold-back: the cell besides is exposed no more, until somebody asks for it by hand and its frame is
 * good. stop-exposing: nothing at all is exposed besides, until a person lets it go on.
 */
export const FRAME_RULES = ["tell", "hold-back", "stop-exposing"] as const;
export type FrameRule = (typeof FRAME_RULES)[number];
export type FrameRules = Readonly<Record<FrameFinding, FrameRule>>;

/** What spends beam for nothing is held back; what may be one weak frame is told. */
const DEFAULTS: FrameRules = {
  saturated: "tell",
  "beam-missed": "hold-back",
  "casing-only": "hold-back",
  "too-weak": "tell",
  "wrong-sample": "hold-back",
};

const rule = z.enum(FRAME_RULES, `Give ${FRAME_RULES.join(", ")}.`);
const schema = strictObject(
  Object.fromEntries(FRAME_FINDINGS.map((finding) => [finding.replaceAll("-", "_"), rule.exactOptional()])),
);
const PATH: Path = ["frame_checks"];

/** Undefined where there is no such section, or one that findings refuse. */
export function resolveFrameRules(document: InputDocument, findings: Finding[]): FrameRules | undefined {
  if (valueAt(document.value, PATH) === undefined) return undefined;
  const record = readSection(document, PATH, schema, findings);
  if (record === undefined) return undefined;
  const ruleOf = (finding: FrameFinding): FrameRule => record[finding.replaceAll("-", "_")] ?? DEFAULTS[finding];
  return {
    saturated: ruleOf("saturated"),
    "beam-missed": ruleOf("beam-missed"),
    "casing-only": ruleOf("casing-only"),
    "too-weak": ruleOf("too-weak"),
    "wrong-sample": ruleOf("wrong-sample"),
  };
}
