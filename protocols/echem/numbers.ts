/**
 * Numbers as protocol files spell them. Writers should emit JSON numbers, but readers of this format also accept
 * text: `"0.1"`, `"1/5"`, and for rates `"C/3"` and `"D/2"` (a discharge, so -0.5). Empty text is no value.
 */
import * as z from "zod";
import { valueText } from "../input/document.ts";
import { refusalIssue } from "../input/section.ts";

export interface NumberRule {
  readonly above?: number;
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly isRate?: boolean;
  readonly isWhole?: boolean;
}

const PLAIN = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const FRACTION = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)\s*\/\s*([\d.]+(?:[eE][+-]?\d+)?)$/;
const RATE = /^([+-]?[\d.]*)\s*([CD])\s*(?:\/\s*([\d.]+))?$/;

/** The number a text stands for, or undefined. `C/3`, `2C/3`, `D/2`, `C` only where a rate is meant. */
export function numberOfText(text: string, isRate: boolean): number | undefined {
  const trimmed = text.trim();
  if (PLAIN.test(trimmed)) return finite(Number(trimmed));
  const fraction = FRACTION.exec(trimmed);
  if (fraction !== null) return finite(Number(fraction[1]) / Number(fraction[2]));
  const rate = isRate ? RATE.exec(trimmed) : null;
  if (rate === null) return undefined;
  const factor = rate[1] === "" || rate[1] === undefined ? 1 : Number(rate[1]);
  const divisor = rate[3] === undefined ? 1 : Number(rate[3]);
  return finite(((rate[2] === "D" ? -1 : 1) * factor) / divisor);
}

/** A number that has to be there. */
export function requiredNumber(rule: NumberRule): z.ZodType<number> {
  return z.unknown().transform((input, context) => {
    const value = read(input, rule);
    if (typeof value === "number") return value;
    context.issues.push(
      refusalIssue(input, {
        what: input === undefined || value === null ? "a number is missing here" : `${valueText(input)} will not do`,
        advice: `${unitAdvice(input)}Give ${ruleText(rule)}.`,
      }),
    );
    return z.NEVER;
  });
}

/** A whole number with a default: only a missing key means it, as upstream. */
export function countWithDefault(rule: NumberRule, byDefault: number): z.ZodType<number> {
  return z
    .unknown()
    .default(byDefault)
    .pipe(requiredNumber({ ...rule, isWhole: true }));
}

/** A number or null; a missing key, null and empty text all mean null. */
export function optionalNumber(rule: NumberRule): z.ZodType<number | null> {
  return z
    .unknown()
    .optional()
    .transform((input, context) => {
      const value = read(input, rule);
      if (value !== undefined) return value;
      context.issues.push(
        refusalIssue(input, {
          what: `${valueText(input)} will not do`,
          advice: `${unitAdvice(input)}Give ${ruleText(rule)}, or leave it out.`,
        }),
      );
      return z.NEVER;
    });
}

/** Null: no value. Undefined: not acceptable. */
function read(input: unknown, rule: NumberRule): number | null | undefined {
  if (input === undefined || input === null) return null;
  if (typeof input === "string" && input.trim() === "") return null;
  const value = typeof input === "string" ? numberOfText(input, rule.isRate === true) : input;
  if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
  if (rule.isWhole === true && !Number.isSafeInteger(value)) return undefined;
  if (rule.above !== undefined && !(value > rule.above)) return undefined;
  if (rule.atLeast !== undefined && !(value >= rule.atLeast)) return undefined;
  if (rule.atMost !== undefined && !(value <= rule.atMost)) return undefined;
  return value;
}

function ruleText(rule: NumberRule): string {
  const bounds: string[] = [];
  if (rule.above !== undefined) bounds.push(`above ${rule.above}`);
  if (rule.atLeast !== undefined) bounds.push(`of at least ${rule.atLeast}`);
  if (rule.atMost !== undefined) bounds.push(`of at most ${rule.atMost}`);
  const base =
    rule.isRate === true ? "a rate such as 0.1, C/10 or D/2" : rule.isWhole === true ? "a whole number" : "a number";
  return bounds.length === 0 ? base : `${base} ${bounds.join(" and ")}`;
}

const WITH_UNIT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*[a-zA-Z\u00b5\u03bc%][^\d]*$/u;

function unitAdvice(input: unknown): string {
  if (typeof input !== "string" || input.length > 40 || !WITH_UNIT.test(input.trim())) return "";
  return "The unit stands in the key's name: write the number in that unit, by itself. ";
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
