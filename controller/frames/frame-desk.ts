/**
 * The first look at every frame of a running campaign: has its pattern read, has it judged, puts the look on record, and
 * does what the campaign says about what was found. Nothing here waits, and a frame that cannot be read costs nothing but
 * a word.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import { FRAME_STEPS_MAX, FRAMES_SHOWN_MAX } from "../../protocols/bus/cell-views.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { FrameRules } from "../../protocols/campaign/frame-rules.ts";
import { expectedLithium } from "../../protocols/diffraction/expected-lithium.ts";
import {
  createFrameChecker,
  FRAME_FINDINGS,
  type FrameCheck,
  type FrameFinding,
} from "../../protocols/diffraction/frame-check.ts";
import type { LatticeTables } from "../../protocols/diffraction/lattice-tables.ts";
import type { PowderPattern } from "../../protocols/diffraction/powder-pattern.ts";
import type { Integrator } from "../../protocols/roles/integrator.ts";
import { faultNote } from "../machines/errors.ts";
import type { ExposureOrder, ExposureOutcome } from "../machines/exposure-order.ts";
import type { Recorder } from "../machines/recorder.ts";
import type { Alarms } from "../run/alarms.ts";
import { FRAME_EVENT, imageEvidenceJson } from "./frame-event.ts";

export interface FrameDeskDeps {
  readonly campaign: Campaign;
  readonly rules: FrameRules;
  /** Of the detector; null where the site does not say. */
  readonly saturationCounts: number | null;
  readonly integrator: Integrator | undefined;
  readonly lattice: LatticeTables | undefined;
  readonly recorder: Recorder;
  readonly alarms: Pick<Alarms, "raise" | "clearAll">;
  /** What a run before left on record of frames, in order. */
  readonly past?: readonly { readonly type: string; readonly data: Readonly<Record<string, Json>> }[];
  readonly stateOfCharge: (cellIndex: number) => { readonly value: number; readonly error: number } | null;
  readonly filterTransmission: (order: ExposureOrder) => number;
  /** Nothing is exposed any more until a person lets it go on. */
  readonly stopExposing: (reason: string) => void;
  /** A part of beamrack broke. */
  readonly fail: (error: unknown) => void;
}

/** The last frame of a cell, as a screen shows it. */
export interface FrameView extends FrameCheck {
  readonly exposureId: string;
  /** Logarithms of the counts, the smallest 0 and the largest 1: that many steps from the first angle to the last. */
  readonly thumbnail: readonly number[];
  readonly fromDeg: number;
  readonly toDeg: number;
  /** The last ones of the cell since the program began, the newest last and this one with them. */
  readonly history: readonly PastFrame[];
}

export interface PastFrame {
  readonly exposureId: string;
  readonly finding: FrameCheck["finding"];
  readonly thumbnail: readonly number[];
}

export interface FrameDesk {
  /** Told of every exposure that is over, with the frame it gave. */
  noteExposed(order: ExposureOrder, outcome: ExposureOutcome, framePath: string | null): void;
  /** Why a cell is exposed no more unless somebody asks for it by hand; null when it may be. */
  heldBack(cellIndex: number): string | null;
  lastFrame(cellIndex: number): FrameView | null;
}

const OVER_ERROR_MAX = 1e9;
const CODES = FRAME_FINDINGS.map((finding) => codeOf(finding));

export function createFrameDesk(deps: FrameDeskDeps): FrameDesk {
  const { campaign, integrator, recorder, alarms } = deps;
  /** Looked up each time: they may be amended. */
  const ruleOf = (finding: FrameFinding) => (campaign.frameRules ?? deps.rules)[finding];
  const checker = deps.lattice === undefined ? undefined : createFrameChecker(deps.lattice);
  const held = new Map<number, string>();
  const last = new Map<number, FrameView>();
  let lookCount = 0;
  /** By cell: the number of the look that counts. */
  const counted = new Map<number, number>();

  for (const { type, data } of deps.past ?? []) {
    if (type !== FRAME_EVENT) continue;
    const cellIndex = campaign.cells.findIndex((cell) => cell.position === data["position"]);
    const finding = FRAME_FINDINGS.find((known) => known === data["finding"]);
    if (cellIndex >= 0) hold(cellIndex, finding);
  }

  /** What the last frame says counts: a good one lets the cell go on. */
  function hold(cellIndex: number, finding: FrameFinding | undefined): void {
    const position = campaign.cells[cellIndex]?.position ?? "";
    if (finding === undefined) held.delete(cellIndex);
    else if (ruleOf(finding) === "hold-back") {
      held.set(cellIndex, `${position} is held back from the beam: its last frame says ${finding}`);
    }
  }

  async function look(order: ExposureOrder, framePath: string): Promise<void> {
    const cell = campaign.cells[order.cellIndex];
    if (cell === undefined) return;
    if (integrator === undefined || checker === undefined) return;
    lookCount += 1;
    const number = lookCount;
    const pattern = await integrator.read(framePath);
    if (pattern === undefined) {
      recorder.record("frame-unread", { ...about(order), reason: "it gave no pattern" });
      return;
    }
    if (number < (counted.get(order.cellIndex) ?? 0)) {
      recorder.record("frame-unread", { ...about(order), reason: "a later frame of this cell came before it" });
      return;
    }
    counted.set(order.cellIndex, number);
    const charge = deps.stateOfCharge(order.cellIndex);
    const check = checker.check(pattern, {
      chemistry: cell.chemistry,
      saturationCounts: deps.saturationCounts,
      photons: campaign.beam.fluxReferencePhS * deps.filterTransmission(order) * order.exposureS,
      lithium: expectedLithium(cell.chemistry, charge?.value ?? null, charge?.error ?? null),
    });
    const { exposureId } = order;
    const shown = thumbnailOf(pattern);
    const before = last.get(order.cellIndex)?.history ?? [];
    const past: PastFrame = { exposureId, finding: check.finding, thumbnail: shown.thumbnail };
    last.set(order.cellIndex, { ...check, exposureId, ...shown, history: [...before, past].slice(-FRAMES_SHOWN_MAX) });
    recorder.record(FRAME_EVENT, { ...about(order), ...checkJson(check), ...imageEvidenceJson(framePath, pattern) });
    conclude(order, check);
  }

  function conclude(order: ExposureOrder, check: FrameCheck): void {
    const { finding } = check;
    alarms.clearAll(
      order.position,
      CODES.filter((code) => finding === "good" || code !== codeOf(finding)),
    );
    hold(order.cellIndex, finding === "good" ? undefined : finding);
    if (finding === "good") return;
    alarms.raise(faultNote(new Fault(codeOf(finding), order.position, check.what)));
    if (ruleOf(finding) === "stop-exposing") deps.stopExposing(`frame of ${order.position}: ${finding}`);
  }

  return {
    noteExposed(order, outcome, framePath) {
      if (outcome !== "made" || framePath === null) return;
      look(order, framePath).catch((error: unknown) => {
        if (!isFault(error)) {
          deps.fail(error);
          return;
        }
        recorder.record("frame-unread", { ...about(order), reason: error.message });
      });
    },
    heldBack: (cellIndex) => held.get(cellIndex) ?? null,
    lastFrame: (cellIndex) => last.get(cellIndex) ?? null,
  };
}

function codeOf(finding: FrameFinding): `frame.${FrameFinding}` {
  return `frame.${finding}`;
}

function about(order: ExposureOrder): Readonly<Record<string, Json>> {
  return { position: order.position, exposure_id: order.exposureId };
}

function checkJson(check: FrameCheck): Readonly<Record<string, Json>> {
  return {
    finding: check.finding,
    what: check.what,
    counts: check.counts,
    most_in_one_bin: check.mostInOneBin,
    casing_over_error: rounded(check.casing),
    negative_over_error: rounded(check.negative),
    positive_over_error: rounded(check.positive),
  };
}

/** A number that the record can hold, whatever a pattern made of it. */
function rounded(overError: number): number {
  return Number.isNaN(overError) ? 0 : Math.round(10 * Math.min(overError, OVER_ERROR_MAX)) / 10;
}

/** The largest bin of each step, so that a line is never lost between two of them. */
function thumbnailOf({ counts, twoThetaDeg }: PowderPattern): Pick<FrameView, "thumbnail" | "fromDeg" | "toDeg"> {
  const steps = Math.min(FRAME_STEPS_MAX, counts.length);
  const most = Array.from({ length: steps }, (_, step) => {
    let largest = 0;
    const end = Math.floor(((step + 1) * counts.length) / steps);
    for (let point = Math.floor((step * counts.length) / steps); point < end; point += 1) {
      largest = Math.max(largest, counts[point] ?? 0);
    }
    return Math.log1p(largest);
  });
  const top = most.reduce((a, b) => Math.max(a, b), 0);
  const bottom = most.reduce((a, b) => Math.min(a, b), top);
  return {
    thumbnail: most.map((value) => (top > bottom ? Math.round((1000 * (value - bottom)) / (top - bottom)) / 1000 : 0)),
    fromDeg: twoThetaDeg[0] ?? 0,
    toDeg: twoThetaDeg[counts.length - 1] ?? 0,
  };
}
