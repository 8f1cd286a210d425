/** What waits for somebody, by the events so far: alarms, what is held, interlocks to be re-armed, steps that wait. Pure. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { forerunnerOf, parseOccupant, placeText } from "../../protocols/base/position.ts";
import type { TimetableAct } from "../schedule/timetable.ts";

export interface OpenMatter {
  /** `operator`, a name, or what it is that owes it. */
  readonly who: string;
  readonly what: string;
  /** Positions and instruments. */
  readonly where: readonly string[];
  /** Campaign milliseconds; of several the first. */
  readonly sinceMs: number | null;
}

type Data = Readonly<Record<string, Json>>;

interface OpenAlarm {
  readonly code: string;
  readonly where: string;
  readonly what: string;
  readonly atMs: number;
  acknowledgedBy: string | null;
}

export interface OpenMatters {
  event(type: string, atMs: number, data: Data): void;
  /** @param act what the beam does or waits for, by the last decision */
  open(act: TimetableAct | null): readonly OpenMatter[];
}

const OPERATOR = "operator";

export function createOpenMatters(): OpenMatters {
  const alarms = new Map<number, OpenAlarm>();
  const heldCells = new Map<string, { readonly author: string; readonly reason: string; readonly atMs: number }>();
  const isolated = new Map<string, { readonly what: string; readonly atMs: number }>();
  /** Barcodes of cells that joined, and that nobody has brought yet. */
  const toCome = new Map<string, { readonly cell: string; readonly atMs: number }>();
  const stepWaits = new Map<
    string,
    { readonly what: string; readonly atMs: number; readonly untilMs: number | null }
  >();
  let held: { readonly atMs: number; readonly what: string } | null = null;
  let latched: { readonly atMs: number; readonly names: readonly string[] } | null = null;
  let beamLostMs: number | null = null;
  let holder: string | null = null;
  let isOver = false;

  function over(position: string): void {
    heldCells.delete(position);
    stepWaits.delete(position);
    toCome.delete(position);
  }

  function joined(position: string, cell: string, atMs: number): void {
    toCome.set(position, { cell, atMs });
    const name = parseOccupant(position);
    const before = name === undefined ? undefined : forerunnerOf(name);
    // Who replaces a cell has looked at it.
    if (before !== undefined) isolated.delete(before);
  }

  return {
    event(type, atMs, data) {
      const position = text(data, "position");
      switch (type) {
        case "alarm-raised":
          alarms.set(number(data, "alarm"), {
            ...{ code: text(data, "code"), where: text(data, "where"), what: text(data, "what"), atMs },
            acknowledgedBy: null,
          });
          break;
        case "alarm-cleared":
          alarms.delete(number(data, "alarm"));
          break;
        case "alarm-acknowledged": {
          const alarm = alarms.get(number(data, "alarm"));
          if (alarm !== undefined) alarm.acknowledgedBy = text(data, "author");
          break;
        }
        case "exposing-held":
          held = { atMs, what: text(data, "what") };
          break;
        case "exposing-resumed":
          held = null;
          break;
        case "interlock-broken":
          latched = { atMs, names: texts(data["interlocks"]) };
          break;
        case "interlock-rearmed":
          latched = null;
          break;
        case "beam-lost":
          beamLostMs ??= atMs;
          break;
        case "beam-back":
          beamLostMs = null;
          break;
        case "control-changed":
          holder = typeof data["holder"] === "string" ? data["holder"] : null;
          break;
        case "cell-held":
          heldCells.set(position, { author: text(data, "author"), reason: text(data, "reason"), atMs });
          break;
        case "cell-joined":
          joined(position, text(data, "cell"), atMs);
          break;
        case "cell-put-back":
          toCome.delete(position);
          break;
        case "step-started":
          over(position);
          if (typeof data["waits_for"] === "string") {
            const longestS = data["maximum_s"];
            const untilMs = typeof longestS === "number" ? atMs + 1000 * longestS : null;
            stepWaits.set(position, { what: data["waits_for"], atMs, untilMs });
          }
          break;
        case "wait-ended":
          stepWaits.delete(position);
          break;
        case "step-ended":
        case "cell-complete":
        case "cell-stopped":
          over(position);
          break;
        case "cell-isolated":
          over(position);
          isolated.set(position, { what: text(data, "what"), atMs });
          break;
        case "run-ended":
        case "campaign-complete":
          isOver = true;
          break;
        case "campaign-resumed":
          isOver = false;
          // Who had control has to take it again.
          holder = null;
          break;
        default:
      }
    },
    open(act) {
      const matters: OpenMatter[] = [];
      const add = (who: string, what: string, where: readonly string[], sinceMs: number | null): void => {
        matters.push({ who, what, where, sinceMs });
      };
      if (isOver) add(OPERATOR, "nothing runs: the run has ended", [], null);
      if (held !== null && !isOver) {
        add(
          OPERATOR,
          `exposing is held${held.what === "" ? "" : `: ${held.what}`}; beamrack resume lets it go on`,
          [],
          held.atMs,
        );
      }
      if (latched !== null) {
        const names = latched.names.join(", ");
        add(
          OPERATOR,
          `interlock ${names} broke; beamrack resume --re-arm once the hutch is in order`,
          [],
          latched.atMs,
        );
      }
      for (const one of grouped(alarms.values())) matters.push(one);
      for (const [position, { author, reason, atMs }] of heldCells) {
        const who = author === "" ? OPERATOR : author;
        add(
          who,
          `the cell is held${reason === "" ? "" : `: ${reason}`}; beamrack resume ${placeText(position)}`,
          [position],
          atMs,
        );
      }
      for (const [position, { cell, atMs }] of isOver ? [] : toCome) {
        const place = placeText(position);
        const how = `beamrack swap begin ${place}, and once it lies there swap end ${place} --cell ${cell}`;
        add(OPERATOR, `${cell} is to be brought: ${how}`, [position], atMs);
      }
      const alarmed = new Set([...alarms.values()].map(({ where }) => where));
      for (const [position, { what, atMs }] of isolated) {
        if (!alarmed.has(position)) add(OPERATOR, `the cell is isolated: ${what}`, [position], atMs);
      }
      if (beamLostMs !== null)
        add("machine", "its beam is lost; exposing goes on by itself when it is back", [], beamLostMs);
      for (const [position, { what, atMs, untilMs }] of stepWaits) {
        const until = untilMs === null ? "" : `, for ${Math.round((untilMs - atMs) / 60_000)} min at the most`;
        add("beam", `its step waits for ${what}${until}`, [position], atMs);
      }
      if (act?.kind === "wait" && !isOver && held === null && beamLostMs === null) {
        add(act.who ?? "", `the beam ${act.text}`, [], act.atMs);
      }
      if (holder !== null && !isOver) add(holder, "is in control", [], null);
      return matters;
    },
  };
}

/** One line for all alarms of a kind. */
function grouped(alarms: Iterable<OpenAlarm>): readonly OpenMatter[] {
  const byCode = new Map<string, OpenAlarm[]>();
  for (const alarm of alarms) {
    const key = `${alarm.code} ${alarm.acknowledgedBy ?? ""}`;
    const known = byCode.get(key);
    if (known === undefined) byCode.set(key, [alarm]);
    else known.push(alarm);
  }
  return [...byCode.values()].flatMap((all): readonly OpenMatter[] => {
    const [first] = all;
    if (first === undefined) return [];
    const by = first.acknowledgedBy === null ? "" : `, seen by ${first.acknowledgedBy}`;
    const what = all.length === 1 ? first.what : `${all.length} alarms, the first: ${first.what}`;
    return [
      {
        who: OPERATOR,
        what: `${what} [${first.code}]${by}`,
        where: [...new Set(all.map(({ where }) => where))],
        sinceMs: first.atMs,
      },
    ];
  });
}

function text(data: Data, key: string): string {
  const value = data[key];
  return typeof value === "string" ? value : "";
}

function number(data: Data, key: string): number {
  const value = data[key];
  return typeof value === "number" ? value : 0;
}

function texts(value: Json | undefined): readonly string[] {
  if (!Array.isArray(value)) return [];
  const items: readonly Json[] = value;
  return items.filter((item) => typeof item === "string");
}
