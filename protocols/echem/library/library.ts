/** The protocols that come with beamrack: found by name, their parameters checked, built into the unicycler form. */
import { pathText, valueText, type InputDocument } from "../../input/document.ts";
import { wordAdvice } from "../../input/suggest.ts";
import { UNICYCLER_VERSION } from "../formats/unicycler-document.ts";
import { ACTIVATION, AGEING, FORMATION, RATE_CAPABILITY, STORAGE } from "./cycling-entries.ts";
import type { LibraryEntry, LibraryParameter, StepFields } from "./library-entry.ts";
import { GITT, IMPEDANCE, PITT, PULSES, REST } from "./measuring-entries.ts";

export const LIBRARY: readonly LibraryEntry[] = [
  FORMATION,
  AGEING,
  RATE_CAPABILITY,
  GITT,
  PITT,
  PULSES,
  IMPEDANCE,
  STORAGE,
  REST,
  ACTIVATION,
];

/** Beyond the window a recipe works in, volts: an overshoot of one sample is no alarm, an electrode run dry is one. */
const SAFETY_ABOVE_V = 0.05;
const SAFETY_BELOW_V = 0.1;

export interface LibraryProblem {
  /** The parameter concerned; null when it is the name of the entry. */
  readonly parameter: string | null;
  readonly what: string;
  readonly advice: string;
}

/** Plain values of the aurora-unicycler form. */
export interface LibraryDocument {
  readonly unicycler: { readonly version: string };
  readonly record: Readonly<Record<string, number>>;
  readonly safety: { readonly max_voltage_V: number; readonly min_voltage_V: number };
  readonly method: readonly StepFields[];
}

export type BuiltProtocol =
  | { readonly ok: true; readonly entry: LibraryEntry; readonly document: LibraryDocument }
  | { readonly ok: false; readonly problems: readonly LibraryProblem[] };

/** `given` replaces defaults by name; anything in it that is no parameter, no number or out of bounds is refused. */
export function buildLibraryProtocol(name: string, given: Readonly<Record<string, unknown>>): BuiltProtocol {
  const entry = LIBRARY.find((known) => known.name === name);
  if (entry === undefined) {
    const names = LIBRARY.map((known) => known.name);
    const problem = {
      parameter: null,
      what: `no protocol ${name} in the library`,
      advice: wordAdvice(name, names, "There are"),
    };
    return { ok: false, problems: [problem] };
  }
  const problems: LibraryProblem[] = [];
  const names = entry.parameters.map((known) => known.name);
  for (const key of Object.keys(given)) {
    if (names.includes(key)) continue;
    problems.push({
      parameter: key,
      what: `${name} has no parameter ${key}`,
      advice: wordAdvice(key, names, "It has"),
    });
  }
  const values = new Map<string, number>();
  for (const known of entry.parameters) {
    const value = given[known.name] ?? known.default;
    const wrong = whatIsWrong(known, value);
    if (wrong === null && typeof value === "number") values.set(known.name, value);
    else problems.push({ parameter: known.name, what: wrong ?? "", advice: boundsText(known) });
  }
  const value = (wanted: string): number => {
    const found = values.get(wanted);
    if (found === undefined) throw new RangeError(`${name} has no parameter ${wanted}`);
    return found;
  };
  const [lower, upper] = entry.window;
  if (problems.length === 0 && value(lower) >= value(upper)) {
    const what = `${value(upper)} V is not above ${lower} ${value(lower)} V`;
    problems.push({ parameter: upper, what, advice: `Give a voltage above ${value(lower)} V.` });
  }
  if (problems.length > 0) return { ok: false, problems };
  const { recordS, recordV, steps } = entry.build(value);
  return {
    ok: true,
    entry,
    document: {
      unicycler: { version: UNICYCLER_VERSION },
      record: { time_s: recordS, ...(recordV === undefined ? {} : { voltage_V: recordV }) },
      safety: {
        max_voltage_V: millivolts(value(upper) + SAFETY_ABOVE_V),
        min_voltage_V: millivolts(value(lower) - SAFETY_BELOW_V),
      },
      method: steps,
    },
  };
}

/** A recipe's document, to be read like a file; findings name the library and the step. */
export function asInputDocument(name: string, document: LibraryDocument): InputDocument {
  return {
    fileName: `library:${name}`,
    value: document,
    findings: [],
    line: () => 1,
    where: (path) => (path.length === 0 ? `library:${name}` : `library:${name} ${pathText(path)}`),
  };
}

function whatIsWrong(known: LibraryParameter, value: unknown): string | null {
  if (typeof value !== "number" || !Number.isFinite(value)) return `${valueText(value)} is not a number`;
  if (value < known.least || value > known.most) return `${value} is out of bounds`;
  return known.isWhole === true && !Number.isInteger(value) ? `${value} is not a whole number` : null;
}

function boundsText(known: LibraryParameter): string {
  return `Give a ${known.isWhole === true ? "whole " : ""}number from ${known.least} to ${known.most}: ${known.meaning}.`;
}

function millivolts(voltageV: number): number {
  return Math.round(voltageV * 1000) / 1000;
}
