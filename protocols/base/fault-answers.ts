/**
 * The rule under which each fault falls when nobody is there: what beamrack does by itself, and whether somebody is
 * called. The first is the same for every campaign, for it keeps cells and people from harm; whom a fault wakes a
 * campaign may say otherwise (`calls`). What becomes of an exposure that was cut off, and of one whose frame says
 * nothing, the campaign's presets and `frame_checks` say.
 */
import { FAULT_CATALOGUE, type FaultCode } from "./fault-catalogue.ts";

export const FAULT_ANSWERS = {
  retry: "tried again, a bounded number of times; all else goes on",
  skip: "this exposure is given up or repeated, by the rules of its preset; the cells go on",
  isolate: "this cell or instrument is switched off and left alone; all others go on",
  wait: "what is concerned is made safe and waits for a person; the cells go on",
  end: "exposing ends; the cells stay on their own limits",
  refuse: "turned down before anything moved",
} as const;
export type FaultAnswer = keyof typeof FAULT_ANSWERS;

export const CALLS = ["now", "day", "none"] as const;
/** `now`: also in quiet hours. `day`: when they are over. `none`: it stands in log and report. */
export type Call = (typeof CALLS)[number];

export interface FaultRule {
  readonly answer: FaultAnswer;
  readonly call: Call;
}

/** Codes, or the parts of codes before the dot. */
type Listed = readonly (FaultCode | `${string}.`)[];

const ISOLATES: Listed = ["cell.", "channel.", "link.isolated", "device.", "code."];
const SKIPS: Listed = [
  "frame.",
  "correction.",
  "detector.",
  "trigger.",
  "attenuator.",
  "stage.position",
  "shutter.stuck-closed",
  "dose.",
];
/** Of what harms when nobody comes, or keeps the beam from every cell. */
const CALLS_NOW: Listed = [
  ...([
    "rack.stopped",
    "rack.level",
    "rack.silent",
    "rack.not-off",
    "safety.",
    "stop.",
    "interlock.tripped",
    "io.",
    "cell.not-off",
    "wait.overdue",
  ] as const),
  ...([
    "stage.alarm",
    "stage.not-homed",
    "changer.alarm",
    "changer.lost",
    "changer.place-unknown",
    "shutter.",
  ] as const),
  ...(["rehearsal.", "disk.full-soon", "beam.current-jumped", "beam.instrument-lost", "beam.held"] as const),
];

function isListed(code: FaultCode, list: Listed): boolean {
  return list.some((one) => (one.endsWith(".") ? code.startsWith(one) : code === one));
}

/** What holds where the campaign says nothing. */
export function usualRule(code: FaultCode): FaultRule {
  const { severity } = FAULT_CATALOGUE[code];
  if (severity === "refuse") return { answer: "refuse", call: "none" };
  if (severity === "retry") return { answer: "retry", call: "none" };
  if (severity === "stop") return { answer: "end", call: "now" };
  const answer = isListed(code, ISOLATES) ? "isolate" : isListed(code, SKIPS) ? "skip" : "wait";
  return { answer, call: isListed(code, CALLS_NOW) ? "now" : "day" };
}

/** Whom a campaign has called for some faults: later ones go before earlier ones. */
export interface WrittenCall {
  /** Codes, or classes such as `cell`. */
  readonly faults: readonly string[];
  readonly call: Call;
}

export function faultRule(code: FaultCode, written: readonly WrittenCall[] = []): FaultRule {
  const usual = usualRule(code);
  const own = written.findLast(({ faults }) => faults.some((one) => one === code || code.startsWith(`${one}.`)));
  return own === undefined ? usual : { ...usual, call: own.call };
}

export function isFaultCode(code: string): code is FaultCode {
  return Object.hasOwn(FAULT_CATALOGUE, code);
}
