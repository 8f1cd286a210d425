/** A line for a person from an event of the log. Pure. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { isEventType, type EventType } from "../record/event-types.ts";

type Data = Readonly<Record<string, Json>>;

/** What is said of each kind of event. */
const SENTENCES: Readonly<Record<EventType, (data: Data) => string>> = {
  "campaign-started": () => "the campaign began",
  "rack-plan": () => "whose cell stands where is on record",
  "record-salvaged": () => "this is a copy of what could be read of a damaged record",
  "campaign-running": () => "the instruments are asked; cells and beam begin",
  "campaign-complete": () => "the campaign is complete",
  "campaign-amended": (data) => `amendment ${text(data, "number")} by ${text(data, "author")}: ${text(data, "reason")}`,
  "cell-withdrawn": (data) => `withdrawn by ${text(data, "author")}${after(data, "reason")}`,
  "cell-joined": (data) => `${text(data, "cell")} is to come here, by ${text(data, "author")}`,
  "amendment-refused": (data) => `an amendment by ${text(data, "author")} was refused: ${text(data, "what")}`,
  "access-asked": (data) => `${text(data, "author")} asks for access: ${text(data, "reason")}`,
  "access-opened": (data) =>
    `off${typeof data["open_circuit_V"] === "number" ? ` at ${text(data, "open_circuit_V")} V` : ""}; ${text(data, "author")} has access, the stage is locked`,
  "access-closed": (data) =>
    `${text(data, "author")} gave back the access; the cell ${data["is_left_out"] === true ? "does not come back" : `is ${text(data, "cell_is")}`}`,
  "aim-lost": () => "the rack is back, and nobody has measured since where it stands",
  "aim-known": (data) =>
    data["by"] === "word"
      ? `${text(data, "author")} answers for the rack's place: ${text(data, "reason")}`
      : "the rack was aligned anew",
  "alignment-begun": (data) => `the rack is aligned, for ${text(data, "author")}: ${text(data, "reason")}`,
  "alignment-failed": (data) => `the rack was not aligned: ${text(data, "what")}`,
  "access-refused": (data) => `no access, or none given back: ${text(data, "what")}`,
  "campaign-resumed": () => "the campaign goes on after a restart",
  "run-ended": (data) => `the run was ended: ${text(data, "reason")}`,
  "alarm-raised": (data) => `alarm ${text(data, "alarm")}: ${text(data, "what")} [${text(data, "code")}]`,
  "alarm-cleared": (data) => `alarm ${text(data, "alarm")} is over [${text(data, "code")}]${after(data, "because")}`,
  "alarm-acknowledged": (data) => `alarm ${text(data, "alarm")} was acknowledged by ${text(data, "author")}`,
  "alarm-shelved": (data) => `alarm ${text(data, "alarm")} was put aside by ${text(data, "author")}`,
  "beam-lost": () => "the machine has lost its beam",
  "beam-back": () => "the machine's beam is back",
  "correction-begun": (data) => `${text(data, "frame_id")}: a frame of ${text(data, "what")} is begun`,
  "correction-ended": (data) => `${text(data, "frame_id")}: ${text(data, "outcome")}`,
  "correction-judged": (data) => `${text(data, "frame_id")}: ${text(data, "text")}`,
  "correction-unread": (data) => `${text(data, "frame_id")} was not read: ${text(data, "reason")}`,
  "exposing-held": (data) => `nothing more is exposed until a person resumes${after(data, "what")}`,
  "exposing-resumed": (data) => `${text(data, "author")} lets exposing go on`,
  "cells-ordered-off": (data) =>
    `${text(data, "author")} ordered ${data["positions"] === undefined ? "every cell" : list(data, "positions")} off: ${text(data, "reason")}`,
  "safety-input-tripped": (data) => `${text(data, "input")}: ${text(data, "what")}`,
  "safety-input-well": (data) => `${text(data, "input")} tells of no trouble any more`,
  "stop-ordered": (data) => `stop ${text(data, "class")} by ${text(data, "author")}: ${text(data, "reason")}`,
  "stop-ended": stopText,
  "sweep-begun": (data) => `sweep ${text(data, "sweep")} began, ${text(data, "asked")} cells are asked for`,
  "step-started": (data) => `step ${text(data, "step")} began: ${text(data, "label")}`,
  "step-ended": (data) => `step ${text(data, "step")} ended by ${text(data, "ended_by")}${measured(data)}`,
  "step-interrupted": (data) => `step ${text(data, "step")} was interrupted${after(data, "what")}`,
  "cell-isolated": (data) => `the cell was isolated${after(data, "what")}`,
  // Its protocol is done, or the campaign is: the record does not tell them apart.
  "cell-complete": (data) => `the cell has done its part in the campaign: ${text(data, "steps")} steps`,
  "cell-stopped": () => "the cell was stopped",
  "cell-held": (data) => `held by ${text(data, "author")}${after(data, "reason")}`,
  "cell-noted": (data) => `${text(data, "author")} notes: ${text(data, "text")}`,
  "clock-compared": (data) =>
    data["utc_less_clock_s"] === null
      ? "nobody says how far the computer's clock is off UTC"
      : `the computer's clock lacks ${number(data, "utc_less_clock_s", "s")} to UTC, to ${number(data, "uncertainty_s", "s")}`,
  "dose-limits": () => "the dose limits of every cell are on record",
  "dose-plan": () => "the layer stacks of every cell are on record",
  "cell-proof": (data) =>
    data["is_proven"] === true
      ? `the right cell, the right way round: ${number(data, "open_circuit_V", "V")} at rest`
      : `not proven to be the right cell${after(data, "what")}`,
  "cell-forecast": (data) =>
    `when its steps end was worked out anew: ${FORECAST_BECAUSE[text(data, "because")] ?? text(data, "because")}`,
  "half-cycle-ended": (data) =>
    `${text(data, "direction")} ended with ${number(data, "capacity_Ah", "mAh", 1000)}, cycle ${text(data, "cycle")}`,
  "sensor-reading": (data) => `${text(data, "quantity")} ${text(data, "value")} ${text(data, "unit")}`,
  "shutter-opened": (data) => `the shutter is open for exposure ${text(data, "exposure_id")}${cellNow(data)}`,
  "exposure-accepted": (data) => `exposure ${text(data, "exposure_id")} was cut short and is taken as it is`,
  "request-answered": (data) => `answered by exposure ${text(data, "exposure_id")}`,
  "request-retimed": (data) => `its window was moved: ${text(data, "reason")}`,
  "request-withdrawn": (data) => `no longer asked for: ${text(data, "text")}`,
  "exposure-booked": (data) => `exposure ${text(data, "exposure_id")} is booked`,
  "exposure-settled": (data) => `exposure ${text(data, "exposure_id")} is settled`,
  "exposure-ended": (data) => `exposure ${text(data, "exposure_id")}: ${text(data, "outcome")}`,
  "exposure-state": (data) => `exposure ${text(data, "exposure_id")} was half way at ${middleText(data)}`,
  "beam-surroundings": () => "the ways of the beam and its announced stops are on record",
  "exposure-refused": (data) => `not exposed for its dose: ${text(data, "text")}`,
  "exposure-wanted": (data) => `an exposure is asked for: ${text(data, "reason")}`,
  "request-missed": (data) => `an exposure was missed (${text(data, "reason")}): ${text(data, "text")}`,
  "instrument-ready": (data) => `identified as ${text(data, "model")}`,
  "instrument-lost": (data) => `lost${after(data, "what")}`,
  "instrument-isolated": (data) => `given up${after(data, "what")}`,
  "interlock-broken": (data) => `interlock broken: ${list(data, "interlocks")}`,
  "interlock-rearmed": (data) => `re-armed by ${text(data, "author")}`,
  "interlock-not-rearmed": (data) => `not re-armed for ${text(data, "author")}: ${text(data, "reason")}`,
  "permit-refused": (data) =>
    `the shutter is not permitted to open${about(data, "for exposure", "exposure_id")}: ${list(data, "reasons")}`,
  "supervisor-blind": (data) => `nobody can say whether the hutch is safe${after(data, "what")}`,
  "exposing-not-resumed": (data) => `exposing does not go on for ${text(data, "author")}: ${text(data, "reason")}`,
  "exposure-trouble": (data) =>
    `exposure ${text(data, "exposure_id")}: ${text(data, "where")}: ${text(data, "what")} [${text(data, "code")}]`,
  "shutter-late": (data) =>
    `the shutter does not report closed after exposure ${text(data, "exposure_id")}: the beam is ended by other means`,
  "beam-not-off": (data) =>
    `no shutter reads closed after exposure ${text(data, "exposure_id")}: it is charged on and on`,
  "lit-while-closed": (data) =>
    `the beam was on and no exposure had asked for it: up to ${number(data, "excess_Gy", "Gy")} are charged to spot ${text(data, "spot")}`,
  "beam-decided": (data) => `the beam's next act is to ${text(data, "act")}${after(data, "why")}`,
  "frame-checked": (data) =>
    data["finding"] === "good"
      ? `the frame of exposure ${text(data, "exposure_id")} is good: ${text(data, "counts")} counts`
      : `the frame of exposure ${text(data, "exposure_id")} is not good, ${text(data, "finding")}: ${text(data, "what")}`,
  "frame-unread": (data) =>
    `the frame of exposure ${text(data, "exposure_id")} was not looked at: ${text(data, "reason")}`,
  "spectrum-measured": (data) => `an impedance spectrum was measured in step ${text(data, "step")}`,
  "cell-resistance": (data) =>
    `resistance ${number(data, "resistance_ohm", "ohm")} ${data["of"] === "spectrum" ? "from a spectrum" : "where a step began"}`,
  "control-pair": (data) =>
    `held against a spot that is seldom lit: lithium ${text(data, "lithium_exposed")}, there ${text(data, "lithium_control")}`,
  "control-pair-unusable": (data) =>
    `its control spot tells nothing in sweep ${text(data, "sweep")}: ${text(data, "reason")}`,
  "beam-effect": (data) =>
    `does the beam change what it measures, look ${text(data, "look")}: ${text(data, "verdict")}`,
  "exposures-held-back": (data) =>
    `exposures of ${list(data, "positions")} are ${data["rule"] === "lower" ? "made fewer and shorter" : "stopped"}, for what the beam does to them`,
  "rack-aligned": (data) =>
    `${text(data, "by")} measured where the rack lies: ${text(data, "exposures")} exposures, ${text(data, "cells")} cells`,
  "beam-calibrated": (data) => `${who(data, "by")} measured: ${text(data, "what")}`,
  "beam-by-hand": (data) =>
    `the shutter was opened by hand for ${number(data, "asked_s", "s")}, and open for ${number(data, "open_s", "s")}: ${text(data, "what")}`,
  "rack-placed": (data) =>
    `the rack is taken to lie ${number(data, "shift_x_mm", "mm")} and ${number(data, "shift_y_mm", "mm")} off, turned by ${number(data, "rotation_deg", "degrees")}`,
  "cell-awaited": () => "the cell is still to come: its place waits for somebody to bring it",
  "cell-come": () => "the cell has come, and begins",
  "cell-act": (data) => `${actText(data)} by ${text(data, "author")}${after(data, "reason")}`,
  "cell-act-refused": (data) =>
    `${text(data, "author")} asked to ${text(data, "act")}, and there was nothing to do it to${after(data, "reason")}`,
  "cell-found": foundText,
  "wait-ended": (data) =>
    data["came"] === "in-vain"
      ? `waited ${number(data, "waited_s", "s")} in vain for ${text(data, "for")}: ${text(data, "fallback")}`
      : `waited ${number(data, "waited_s", "s")} for ${text(data, "for")}: it came`,
  "cell-taken-out": (data) =>
    `${text(data, "cell")} is off, to be taken out of its place${typeof data["open_circuit_V"] === "number" ? `, at ${number(data, "open_circuit_V", "V")}` : ""}`,
  "cell-put-back": (data) => `${text(data, "cell")} is back in its place, at ${number(data, "open_circuit_V", "V")}`,
  "charge-doubted": (data) =>
    `up to ${number(data, "doubt_Ah", "mAh", 1000)} of what was counted may have flowed through another cell, or through this one elsewhere`,
  "cell-left-out": (data) => `${text(data, "cell")} does not come back`,
  "cell-place-settled": (data) => `${text(data, "cell")} is at the ${text(data, "place")}, as ${text(data, "by")} say`,
  "transfer-begun": (data) => `the robot begins to ${movesText(data)}`,
  "transfer-ended": (data) =>
    data["outcome"] === "done"
      ? `the robot has done it: ${movesText(data)}`
      : `the robot did not ${movesText(data)}, ${data["outcome"] === "not-begun" ? "nothing has moved" : "and where the cells are is not known"}${after(data, "what")}`,
  "control-changed": (data) => text(data, "what"),
  "command-given": (data) => `${text(data, "author")}: ${text(data, "command")}${after(data, "reason")}`,
  "command-refused": (data) => `${text(data, "author")}: ${text(data, "command")} was refused: ${text(data, "what")}`,
};

/** Of an event that a later version wrote. */
const FIELDS_MAX = 5;
const VALUE_LENGTH_MAX = 60;
/** Of a longer list the first so many. */
const NAMED_MAX = 8;

export interface ToldEvent {
  readonly where: string | null;
  readonly text: string;
}

export function tellEvent(type: string, data: Json): ToldEvent {
  const fields = recordOf(data);
  const where = fields["position"] ?? fields["instrument"] ?? fields["where"];
  return {
    where: typeof where === "string" && where !== "" ? where : null,
    text: isEventType(type) ? SENTENCES[type](fields) : plain(type, fields),
  };
}

function plain(type: string, data: Data): string {
  const parts = Object.entries(data)
    .filter(([key, value]) => key !== "position" && (typeof value !== "object" || value === null))
    .slice(0, FIELDS_MAX)
    .map(([key]) => `${key} ${text(data, key)}`);
  return [type.replaceAll("-", " "), ...parts].join("; ");
}

function text(data: Data, key: string): string {
  const value = data[key];
  if (value === undefined || value === null) return "?";
  if (typeof value === "number") return String(Number(value.toPrecision(6)));
  const all = typeof value === "string" ? value : JSON.stringify(value);
  return all.length > VALUE_LENGTH_MAX * 4 ? `${all.slice(0, VALUE_LENGTH_MAX * 4)}...` : all;
}

function after(data: Data, key: string): string {
  const value = data[key];
  return value === undefined || value === null || value === "" ? "" : `: ${text(data, key)}`;
}

function who(data: Data, key: string): string {
  return typeof data[key] === "string" && data[key] !== "" ? data[key] : "somebody";
}

function about(data: Data, word: string, key: string): string {
  return typeof data[key] === "string" ? ` ${word} ${text(data, key)}` : "";
}

/** `A1, A2 and 94 more`. */
function list(data: Data, key: string): string {
  const value = data[key];
  if (!Array.isArray(value)) return text(data, key);
  const named = value.slice(0, NAMED_MAX).map(String).join(", ");
  return value.length > NAMED_MAX ? `${named} and ${value.length - NAMED_MAX} more` : named;
}

function stopText(data: Data): string {
  const late = Array.isArray(data["not_confirmed"]) && data["not_confirmed"].length > 0;
  const confirmed =
    typeof data["confirmed_ms_max"] === "number"
      ? `the last confirmed after ${number(data, "confirmed_ms_max", "ms")}`
      : "none confirmed";
  return `stop ${text(data, "class")}: ${text(data, "devices_asked")} told, ${confirmed}${late ? `; not confirmed by ${list(data, "not_confirmed")}` : ""}`;
}

function foundText(data: Data): string {
  const at = `step ${text(data, "step")}, ${number(data, "elapsed_s", "s")} of it gone`;
  const { found } = data;
  if (found === "running") return `found running on: ${at}`;
  if (found === "ended") return `found that its step had ended by ${text(data, "ended_by")}: ${at}`;
  const off = typeof data["open_circuit_V"] === "number" ? ` at ${number(data, "open_circuit_V", "V")}` : "";
  return `found off${off}: ${at}`;
}

const FORECAST_BECAUSE: Readonly<Record<string, string>> = {
  step: "a step began",
  late: "its step lasts longer than was thought",
  resumed: "the controller was started again",
};

const ACTS: Readonly<Record<string, string>> = {
  hold: "held",
  resume: "resumed",
  "skip-step": "its step was skipped",
  "end-step": "its step was ended",
};

function actText(data: Data): string {
  const act = text(data, "act");
  return ACTS[act] ?? act;
}

/** `bring A1 to the beam, take A2 to the rack`. */
function movesText(data: Data): string {
  const moves = Array.isArray(data["moves"]) ? data["moves"].map(recordOf) : [];
  if (moves.length === 0) return text(data, "act");
  return moves
    .map((move) => `bring ${text(move, "position")} from ${text(move, "from")} to ${text(move, "to")}`)
    .join(", ");
}

function number(data: Data, key: string, unit: string, factor = 1): string {
  const value = data[key];
  return typeof value === "number" ? `${Number((value * factor).toPrecision(4))} ${unit}` : `? ${unit}`;
}

/** `; the cell at 3.7012 V, 41 %`. */
function cellNow(data: Data): string {
  const { voltage_V: voltageV, state_of_charge: soc } = recordOf(data["cell_state"]);
  if (typeof voltageV !== "number") return "";
  return `; the cell at ${voltageV.toFixed(4)} V${typeof soc === "number" ? `, ${(100 * soc).toFixed(0)} %` : ""}`;
}

function measured(data: Data): string {
  const { voltage_V: voltageV } = data;
  return typeof voltageV === "number" ? ` at ${voltageV.toFixed(4)} V` : "";
}

function middleText(data: Data): string {
  const { voltage_V: voltageV, gap } = data;
  if (typeof voltageV === "number") return `${voltageV.toFixed(4)} V`;
  return `an unknown voltage${typeof gap === "string" ? `: ${gap}` : ""}`;
}

export function recordOf(data: Json | undefined): Data {
  return typeof data === "object" && data !== null && !Array.isArray(data) ? (data as Data) : {};
}
