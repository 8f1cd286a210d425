/** A campaign in three sentences: what the cells did, what the beam gave, and what a person is to do now. Pure. */
import { durationText } from "../../protocols/base/duration-text.ts";
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import { isoTime } from "../export/file-names.ts";
import type { CampaignReport } from "./campaign-report.ts";
import type { CellFacts } from "./cell-facts.ts";
import type { Incident } from "./incidents.ts";
import { mostMissed } from "./request-account.ts";

export type SummaryFacts = Omit<CampaignReport, "summary" | "accounts" | "quality">;

const NAMED = 4;
/** As the beam's planner says why a window passed. */
const NO_BEAM = "no beam for ";
/** Of missed requests: below it nobody needs to be told what to change. */
const MISSED_MUCH = 0.02;
/** Of its limit: from here on the next campaign should know. */
const DOSE_HIGH = 0.9;

export function summarySentences(facts: SummaryFacts): readonly [string, string, string] {
  return [cellsSentence(facts), beamSentence(facts), actSentence(facts)];
}

function cellsSentence({ campaign, cells }: SummaryFacts): string {
  const complete = cells.filter(({ state, isCut }) => state === "complete" && !isCut).length;
  const begun = `${isoTime(campaign.clock.startMs).slice(0, 16).replace("T", " ")} UTC`;
  const span = `in ${durationText(campaign.lastMs / 1000)} from ${begun}`;
  const counted = (some: readonly CellFacts[], words: string): readonly string[] =>
    some.length === 0 ? [] : [`${some.length} ${words} (${named(some)})`];
  const others = [
    ...counted(
      cells.filter(({ isCut }) => isCut),
      "still at it when the campaign's time was over",
    ),
    ...STATES.flatMap(([state, words]) =>
      counted(
        cells.filter((one) => one.state === state),
        words,
      ),
    ),
  ];
  const rest = others.length === 0 ? "" : `; ${others.join(", ")}`;
  const did =
    campaign.isComplete || complete > 0 ? "did their protocol to its end" : "have come to their protocol's end";
  return `${complete} of ${cells.length} cells ${did} ${span}${rest}.`;
}

const STATES = [
  ["isolated", "isolated"],
  ["stopped", "stopped"],
  ["unfinished", "not at the end of their protocol"],
  ["going-on", "still going on"],
] as const;

function named(cells: readonly CellFacts[]): string {
  const names = cells.slice(0, NAMED).map(({ cell }) => cell.position);
  return cells.length > NAMED ? `${names.join(", ")} and ${cells.length - NAMED} more` : names.join(", ");
}

function beamSentence({ campaign, requests, cells }: SummaryFacts): string {
  const { counts, asked, reasons } = requests;
  if (campaign.header.isRehearsal === true) {
    const met = `${grouped(counts.met)} of ${grouped(asked)} exposures asked for were gone through in their window`;
    const lit = cells.filter(({ cell }) => cell.exposures.some(({ openTimeS }) => openTimeS > 0));
    const light = lit.length === 0 ? "no cell was exposed" : `light fell all the same on ${named(lit)}`;
    return `This was a rehearsal with the shutter locked shut: ${met}, and ${light}.`;
  }
  const fractions = cells.flatMap(({ dose }) => dose?.limitFraction ?? []);
  const most = fractions.length === 0 ? null : Math.max(...fractions);
  const dose =
    most === null
      ? "no dose limit was touched"
      : `no spot is above ${Math.ceil(100 * most)} % of a dose limit, uncertainty included`;
  if (asked === 0) return `Nothing was asked of the beam, and ${dose}.`;
  const missed = mostMissed(reasons);
  const why = counts.missed === 0 || missed === undefined ? "" : ` (most often: ${missed.why})`;
  if (counts.met === asked) return `All ${grouped(asked)} exposures asked for were made in their window, and ${dose}.`;
  return (
    `Of ${grouped(asked)} exposures asked for, ${grouped(counts.met)} were made in their window, ` +
    `${grouped(counts.late)} late and ${grouped(counts.missed)} not at all${why}, and ${dose}.`
  );
}

/** The most urgent first; two at the most, or nobody reads them. */
function actSentence(facts: SummaryFacts): string {
  const acts = [
    ...damage(facts),
    ...alarms(facts),
    ...custody(facts),
    ...beamEffect(facts),
    ...doses(facts),
    ...misses(facts),
  ];
  if (acts.length === 0) {
    return facts.campaign.isComplete
      ? "Nothing needs a person: the data can be exported and used as they are."
      : "Nothing needs a person now: the campaign goes on, and this report is to be made again when it is over.";
  }
  const [first = "", second] = acts;
  const rest = acts.length > 2 ? `; ${acts.length - 2} more below` : "";
  return `To do: ${first}${second === undefined ? "" : `; then ${second}`}${rest}.`;
}

function damage({ campaign, unreadable }: SummaryFacts): readonly string[] {
  const count = campaign.unreadable.length + unreadable.length;
  if (count === 0) return [];
  return [
    `${count} stretch${count === 1 ? "" : "es"} of the record cannot be read, so run beamrack verify before any number here is used`,
  ];
}

function alarms({ incidents }: SummaryFacts): readonly string[] {
  const open = incidents.filter(({ kind, isOpen }) => kind === "alarm" && isOpen);
  const first = open.reduce<Incident | undefined>(
    (most, one) => (most === undefined || urgency(one) > urgency(most) ? one : most),
    undefined,
  );
  if (first === undefined) return [];
  const alike = open.filter(({ code }) => code === first.code);
  const where = [...new Set(alike.map((one) => one.where))];
  const more = where.length > NAMED ? ` and ${where.length - NAMED} more` : "";
  const rest = open.length - alike.length;
  const others = rest === 0 ? "" : ` (${rest} other alarm${rest === 1 ? " is" : "s are"} open)`;
  return [`see to ${where.slice(0, NAMED).join(", ")}${more} [${first.code ?? ""}]: ${whatToDo(first.code)}${others}`];
}

/** What may harm a person or a cell goes first, what only keeps a cell from the beam last. */
function urgency({ code }: Incident): number {
  if (code === null) return 0;
  if (code.startsWith("rack.") || code.startsWith("shutter.") || code.startsWith("interlock.")) return 3;
  if (code.startsWith("cell.")) return 2;
  return code.startsWith("dose.") ? 0 : 1;
}

const TO_DO: Readonly<Record<string, string>> = {
  "dose.limit": "give the cell a new spot, or another limit that somebody vouches for",
  "cell.limit": "inspect the cell before it is cycled again",
  "rack.level": "look for a cell that leaks or overheats",
};

/** The catalogue's advice ends with what to do; to stand within another sentence. */
export function whatToDo(code: string | null): string {
  const known: Readonly<Record<string, { readonly advice: string }>> = FAULT_CATALOGUE;
  if (code !== null && Object.hasOwn(TO_DO, code)) return TO_DO[code] ?? "";
  const advice = code !== null && Object.hasOwn(known, code) ? (known[code]?.advice ?? "") : "";
  const last = advice.split(/(?<=[.?!])\s+/).at(-1) ?? "";
  const plain = last.replace(/[.]$/, "");
  return plain === "" ? "look into it" : plain;
}

function custody({ custody: told }: SummaryFacts): readonly string[] {
  const [first] = told?.open ?? [];
  if (told === null || first === undefined) return [];
  const others = told.open.length > 1 ? ` and ${told.open.length - 1} more` : "";
  return [`settle what stands against ${first.barcode ?? "a cell"} in custody (${first.kind})${others}`];
}

function beamEffect({ verdict }: SummaryFacts): readonly string[] {
  if (verdict === null || (verdict.verdict !== "found" && verdict.verdict !== "suspected")) return [];
  const concerned = [...verdict.materials, ...verdict.cells].filter((one) => one.verdict === verdict.verdict);
  const names = concerned.slice(0, NAMED).map(({ name }) => name);
  const rest = concerned.length > NAMED ? ` and ${concerned.length - NAMED} more` : "";
  const how = verdict.verdict === "found" ? "changed" : "may have changed";
  return [
    `look at the beam effect before patterns are used, for the beam ${how} what it measured in ${names.join(", ")}${rest}`,
  ];
}

function doses({ cells }: SummaryFacts): readonly string[] {
  const high = cells.filter(({ dose }) => (dose?.limitFraction ?? 0) >= DOSE_HIGH);
  if (high.length === 0) return [];
  return [`give ${named(high)} new spots, a thicker filter or a limit that somebody vouches for before exposing again`];
}

function misses({ requests }: SummaryFacts): readonly string[] {
  const { asked, reasons } = requests;
  // Where there was no beam, asking for less would have helped nobody.
  const missed = reasons.filter(({ outcome, why }) => outcome === "missed" && !why.includes(NO_BEAM));
  const count = missed.reduce((sum, one) => sum + one.count, 0);
  if (asked === 0 || count / asked < MISSED_MUCH) return [];
  return [
    `ask for less or for wider windows next time, for ${grouped(count)} exposures were missed though there was beam`,
  ];
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}
