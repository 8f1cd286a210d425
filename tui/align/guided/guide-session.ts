/**
 * A person beside the alignment: sees each step, chooses the cells, says at each halt whether it goes on, is done again or
 * ends. Knows neither ink nor the instruments; both are handed in.
 */
import { beamText, rackText, type AlignGuide, type CellMissed } from "../../../controller/align/align-site.ts";
import { Fault } from "../../../protocols/base/fault.ts";
import {
  COLUMN_COUNT,
  POSITION_COUNT,
  positionAt,
  positionIndex,
  type Position,
} from "../../../protocols/base/position.ts";
import type { ScreenFeed } from "../../terminal/ink/screen.tsx";
import { createPainter, type Look } from "../../terminal/text/palette.ts";
import { guideRows, type GuideView } from "./guide-screen.ts";

export interface GuideSession extends ScreenFeed, AlignGuide {
  /** Which cells are measured, once that was said. Rejects with `device.unconfirmed` where nothing is to be. */
  begin(words: readonly string[], offered: readonly Position[]): Promise<readonly Position[]>;
  note(line: string): void;
  exposed(): void;
  /** The process is told to end: what is asked, or will be, is answered by nobody any more. */
  interrupted(reason: string): void;
  /** Somebody is asked: nothing need go on meanwhile. */
  answered(): Promise<void>;
}

export interface GuideSessionDeps {
  readonly site: string;
  readonly look: Look;
  readonly size: { readonly columns: number; readonly rows: number };
  /** Somebody ends it while it measures. */
  readonly stop: () => void;
}

type Keys = Readonly<Record<string, () => void>>;

const LINES_KEPT = 40;
const RUNNING: GuideView["keys"] = [["q", "end it; nothing is written"]];

export function createGuideSession(deps: GuideSessionDeps): GuideSession {
  const listeners = new Set<() => void>();
  const paint = createPainter(deps.look);
  let { columns, rows } = deps.size;
  let view: GuideView = {
    ...{ site: deps.site, step: 0, words: [], wanted: new Set(), cells: new Map(), cursor: null, exposures: 0 },
    ...{ lines: [], keys: RUNNING },
  };
  let keys: Keys = {};
  let asking: Promise<void> = Promise.resolve();
  let endQuestion: (fault: Fault) => void = () => undefined;
  let interruption: Fault | null = null;
  let isLeaving = false;
  let painted: readonly string[] = [];

  function draw(change: Partial<GuideView>): void {
    view = { ...view, ...change };
    const next = guideRows(view, columns, rows).map(paint);
    if (next.length === painted.length && next.every((line, at) => line === painted[at])) return;
    painted = next;
    for (const changed of listeners) changed();
  }

  function running(step: number, words: readonly string[]): void {
    keys = {};
    draw({ step, words, cursor: null, keys: RUNNING });
  }

  /** Shows a question with its keys, and waits for one of them. */
  function ask<T>(
    shown: Pick<GuideView, "step" | "words" | "keys"> & Partial<GuideView>,
    answers: (answer: (value: T) => void, end: (fault: Fault) => void) => Keys,
  ): Promise<T> {
    const answer = new Promise<T>((resolve, reject) => {
      endQuestion = reject;
      keys = answers(resolve, reject);
      draw(shown);
      if (interruption !== null) reject(interruption);
    });
    asking = answer.then(
      () => undefined,
      () => undefined,
    );
    return answer;
  }

  const ended = (): Fault =>
    new Fault("device.interrupted", "beamrack align", "it was ended at the screen; nothing was written");

  function moved(by: number): void {
    const cursor = ((view.cursor ?? 0) + by + POSITION_COUNT) % POSITION_COUNT;
    draw({ cursor });
  }

  function toggled(offered: readonly Position[]): void {
    const position = positionAt(view.cursor ?? 0);
    if (!offered.includes(position)) return;
    const wanted = new Set(view.wanted);
    if (!wanted.delete(position)) wanted.add(position);
    draw({ wanted });
  }

  return {
    begin: (words, offered) =>
      ask<readonly Position[]>(
        {
          ...{
            step: 0,
            words,
            wanted: new Set(offered),
            cursor: offered[0] === undefined ? 0 : positionIndex(offered[0]),
          },
          keys: [
            ["enter", "begin"],
            ["←↑↓→ space", "leave a cell out"],
            ["a", "all, none"],
            ["q", "leave"],
          ],
        },
        (answer, end) => ({
          enter() {
            const chosen = offered.filter((position) => view.wanted.has(position));
            running(1, ["Looks for the openings of the rack's plate, and measures the beam at the first of them."]);
            answer(chosen);
          },
          left: () => {
            moved(-1);
          },
          right: () => {
            moved(1);
          },
          up: () => {
            moved(-COLUMN_COUNT);
          },
          down: () => {
            moved(COLUMN_COUNT);
          },
          " ": () => {
            toggled(offered);
          },
          a: () => {
            draw({ wanted: new Set(view.wanted.size === 0 ? offered : []) });
          },
          q: () => {
            end(new Fault("device.unconfirmed", "beamrack align", "nothing was measured: it was left at the screen"));
          },
        }),
      ),
    rackFound(rack) {
      const off = rack.fit.residualsMm.map(({ name, mm }) => `${name} ${(1000 * mm).toFixed(0)} um`).join(", ");
      return ask<"go-on" | "again">(
        {
          ...{
            step: 1,
            words: [rackText(rack), beamText(rack.beam), `Off the fit: ${off}. Is that the rack as you see it?`],
          },
          keys: [
            ["enter", "go on to the cells"],
            ["r", "measure it again"],
            ["q", "end it; nothing is written"],
          ],
        },
        (answer, end) => ({
          enter() {
            running(2, ["Looks for the edges of each cell."]);
            answer("go-on");
          },
          r() {
            running(1, ["Measures the rack once more."]);
            answer("again");
          },
          q: () => {
            end(ended());
          },
        }),
      );
    },
    cellBegun(position) {
      draw({ cells: new Map(view.cells).set(position, { kind: "measuring" }) });
    },
    cellEnded(position, cell) {
      const seen =
        "why" in cell
          ? ({ kind: "missed" } as const)
          : ({ kind: "found", offMm: Math.hypot(cell.offset.xMm, cell.offset.yMm) } as const);
      draw({ cells: new Map(view.cells).set(position, seen) });
    },
    cellsEnded(missed: readonly CellMissed[]) {
      const found = [...view.cells.values()].filter(({ kind }) => kind === "found").length;
      const told = missed.map(({ position, what }) => `${position}: ${what}`).join("; ");
      const again: GuideView["keys"] = missed.length === 0 ? [] : [["r", "try those again"]];
      return ask<readonly Position[]>(
        {
          step: 3,
          words: [
            `Cells: ${found} found, ${missed.length} not. ${told}`,
            "They go into the calibrations with what was found of rack and beam.",
          ],
          keys: [["enter", "keep it"], ...again, ["q", "throw it away"]],
        },
        (answer, end) => ({
          enter() {
            running(3, ["Writes it down."]);
            answer([]);
          },
          r() {
            if (missed.length === 0) return;
            running(2, ["Looks for the edges of those that were missed."]);
            answer(missed.map(({ position }) => position));
          },
          q: () => {
            end(ended());
          },
        }),
      );
    },
    note(line) {
      draw({ lines: [...view.lines, line].slice(-LINES_KEPT) });
    },
    exposed() {
      draw({ exposures: view.exposures + 1 });
    },
    interrupted(reason) {
      interruption = new Fault(
        "device.interrupted",
        "beamrack align",
        `it was ended by ${reason}; nothing was written`,
      );
      endQuestion(interruption);
    },
    answered: () => asking,
    lines: () => painted,
    subscribe(changed) {
      listeners.add(changed);
      return () => {
        listeners.delete(changed);
      };
    },
    heard(pressed) {
      // A paste is no answer; nor is what came in one piece with the key before it.
      const name = pressed.kind === "keys" ? pressed.names[0] : undefined;
      if (name === undefined) return;
      const key = name === "ctrl-c" ? "q" : name;
      const act = keys[key];
      if (act !== undefined) act();
      else if (Object.keys(keys).length === 0) leaving(key);
    },
    resized(nextColumns, nextRows) {
      [columns, rows] = [nextColumns, nextRows];
      draw({});
    },
  };

  /** While it measures: asked once more, for half an hour may be lost. */
  function leaving(key: string): void {
    if (isLeaving && key === "y") deps.stop();
    isLeaving = !isLeaving && key === "q";
    draw({
      keys: isLeaving
        ? [
            ["y", "end it, nothing is written"],
            ["any other key", "go on"],
          ]
        : RUNNING,
    });
  }
}
