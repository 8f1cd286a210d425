/**
 * Watches the inputs that tell of trouble at the rack, as levels: what tells of trouble, or is not read for longer than its
 * maximum age, is answered by the stops that the site gives it. It may stop, never permit; nothing of it comes back by
 * itself, and nothing is resumed while an input tells of trouble.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import type { InputLevels } from "../../protocols/roles/beam-io.ts";
import type { HazardKind, SafetyInput } from "../../protocols/site/safety-inputs.ts";
import type { Recorder } from "../machines/recorder.ts";
import type { Alarms } from "../run/alarms.ts";
import type { StopDesk } from "../stops/stop-desk.ts";

export interface SafetyInputsDeps {
  readonly inputs: readonly SafetyInput[];
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly alarms: Pick<Alarms, "raise" | "clear">;
  readonly stops: Pick<StopDesk, "order">;
  /** The campaign is over: nothing is watched any more. */
  readonly isOver: () => boolean;
}

export interface SafetyInputs {
  /** Levels of a completed read. */
  showLevels(levels: InputLevels): void;
  /** Those that tell of trouble now, in words. */
  troubles(): readonly string[];
}

export type InputVerdict = "well" | "trouble" | "silent";

/** So long after the start the unit may not have been read yet. */
const FIRST_READ_MS = 30_000;
const LOOK_MS = 1000;
const LOOK_MAX_MS = 5000;

const KIND_TEXT: Readonly<Record<HazardKind, string>> = {
  emergency_button: "the emergency button is pressed",
  smoke: "smoke",
  gas: "gas",
  over_temperature: "the rack is too hot",
  extraction_lost: "the extraction of air stands still",
};

/** Pure: by its level as it was last read, and how long ago that was. */
export function judgeInput(
  { source, name, maximumAgeMs }: SafetyInput,
  levels: InputLevels | null,
  ageMs: number,
): InputVerdict {
  if (!(ageMs <= maximumAgeMs)) return "silent";
  if (levels === null) return "well";
  if (source.kind === "interlock") return levels.interlocks[source.interlock] ? "well" : "trouble";
  // A level that the unit does not give is no level.
  return levels.safetyInputs?.[name] === true ? "well" : "trouble";
}

export function createSafetyInputs(deps: SafetyInputsDeps): SafetyInputs {
  const { inputs, clock, recorder, alarms, stops } = deps;
  const verdicts = new Map<string, InputVerdict>();
  let levels: InputLevels | null = null;
  let readAtMs = clock.monoMs() + FIRST_READ_MS;

  function change(input: SafetyInput, verdict: InputVerdict): void {
    const { name, kind, response } = input;
    const before = verdicts.get(name) ?? "well";
    // Of before a restart, and over since.
    if (!verdicts.has(name) && verdict === "well" && levels !== null) alarms.clear("safety.tripped", name);
    if (levels !== null || verdict !== "well") verdicts.set(name, verdict);
    if (verdict === before) return;
    if (verdict === "well") {
      recorder.record("safety-input-well", { input: name });
      alarms.clear("safety.tripped", name);
      return;
    }
    const ageS = String(input.maximumAgeMs / 1000);
    const what = verdict === "silent" ? `not read for ${ageS} s, which counts as trouble` : KIND_TEXT[kind];
    const done = response.length === 0 ? "nothing is stopped" : `stopped: ${response.join(", ")}`;
    recorder.record("safety-input-tripped", { input: name, kind, is_silent: verdict === "silent", what });
    alarms.raise({
      code: "safety.tripped",
      where: name,
      what: `${what}; ${done}`,
      advice: FAULT_CATALOGUE["safety.tripped"].advice,
    });
    // Silence that turns out to have been trouble was answered already.
    if (before !== "well") return;
    for (const stopClass of response) stops.order({ stopClass, author: `input ${name}`, reason: `${name}: ${what}` });
  }

  function judge(): void {
    const ageMs = Math.max(0, clock.monoMs() - readAtMs);
    for (const input of inputs) change(input, judgeInput(input, levels, ageMs));
  }

  /** What is read is judged as it comes; in between only silence can begin, at a time that is known. */
  function look(): void {
    if (deps.isOver()) return;
    judge();
    const ageMs = clock.monoMs() - readAtMs;
    const silentInMs = inputs.map(({ maximumAgeMs }) => maximumAgeMs - ageMs + 1);
    clock.setTimeout(look, Math.max(LOOK_MS, Math.min(LOOK_MAX_MS, ...silentInMs)));
  }

  if (inputs.length > 0) clock.setTimeout(look, LOOK_MS);

  return {
    showLevels(read) {
      levels = read;
      readAtMs = read.readAtMs;
      judge();
    },
    troubles: () =>
      inputs.flatMap(({ name, kind }) => {
        const verdict = verdicts.get(name) ?? (levels === null ? "silent" : "well");
        return verdict === "well" ? [] : `${name}: ${verdict === "silent" ? "it is not read" : KIND_TEXT[kind]}`;
      }),
  };
}
