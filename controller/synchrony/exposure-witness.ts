/**
 * Follows the cell in the beam: keeps its samples from the shutter's opening on and, once the first one after the middle
 * of the exposure has come, puts on record what the cell stood at there. Other cells' samples are not looked at.
 */
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import { capacityUncertaintyAh, METER_SHARE } from "../../protocols/echem/counting.ts";
import { SAMPLE_OVERLOAD } from "../../protocols/roles/channel.ts";
import type { Detector } from "../../protocols/roles/detector.ts";
import type { SampleIntake } from "../cells/sample-intake.ts";
import type { Recorder } from "../machines/recorder.ts";
import type { ActorViews, CountedCharge } from "../run/actor-views.ts";
import type { CampaignRoles } from "../run/roles.ts";
import { channelOffset, detectorOffset, detectorTimes, type HeardDetector } from "./clock-offset.ts";
import { EXPOSURE_STATE_EVENT, exposureStateData, NO_STATE, type ExposureState } from "./exposure-state-event.ts";
import { midExposure, type MidExposure, type SeenShutter } from "./mid-exposure.ts";
import { stateBetween, type Known, type SampleSeen } from "./state-between.ts";
import { timedDetector } from "./timed-detector.ts";

export interface ExposureWitnessDeps {
  readonly campaign: {
    readonly cells: readonly { readonly position: string }[];
    readonly triggers?: readonly { readonly kind: string }[] | undefined;
  };
  readonly clock: Clock;
  readonly roles: Pick<CampaignRoles, "detector" | "channels" | "watched">;
  readonly recorder: Recorder;
  readonly intake: Pick<
    SampleIntake,
    | "follow"
    | "readAtMs"
    | "readStepStartMs"
    | "lastVoltageV"
    | "lastCurrentA"
    | "chargeAh"
    | "stepStartMs"
    | "startTookMs"
    | "gapMs"
    | "totals"
  >;
  readonly views: Pick<ActorViews, "charge">;
}

export interface ExposureWitness {
  /** The same detector; when it began to count is noted on the way. */
  readonly detector: Detector;
  /** A followed cell's sample. */
  sample(cellIndex: number, atMs: number, flags: number): void;
  /** Of everything that goes on record. */
  heard(type: string, data: { readonly [key: string]: Json }): void;
  /** Exposures from before a restart whose state nobody put on record. */
  leftOpen(exposures: readonly { readonly exposureId: string; readonly position: string }[]): void;
}

interface Row extends SampleSeen {
  /** Of the step that it is of; NaN where nobody knows it any more. */
  readonly stepStartMs: number;
}

interface Exposed {
  readonly exposureId: string;
  readonly cellIndex: number;
  readonly rows: Row[];
  leastLagMs: number;
  /** When the shutter opened. */
  readonly charge: CountedCharge | null;
  readonly chargeAh: number;
  readonly ambientDegC: number | null;
  /** Of its detector, kept when the exposure is over: the next one may begin before this one is told. */
  detector: HeardDetector | null;
  mid: MidExposure | null;
  /** Undefined while none runs. */
  deadline: TimerHandle;
}

/** Of a longer exposure every second sample is dropped, again and again. */
const ROWS_MAX = 512;
const AFTER_LEAST_MS = 10_000;
const AFTER_MOST_MS = 120_000;
/** An air thermometer as it is bought (chosen). */
const AMBIENT_UNCERTAINTY_K = 1;
const OVER: ReadonlySet<string> = new Set(["campaign-complete", "run-ended"]);

export function createExposureWitness(deps: ExposureWitnessDeps): ExposureWitness {
  const { clock, recorder, roles, intake } = deps;
  const timed = timedDetector(roles.detector, clock);
  const thermometer = roles.watched?.find(({ sensor }) => sensor.quantity === "temperature" && sensor.unit === "degC");
  const asksByCharge = deps.campaign.triggers?.some(({ kind }) => kind === "state-of-charge-grid") === true;
  const open: Exposed[] = [];

  function ambientDegC(): number | null {
    return thermometer?.sensor.fresh()?.value ?? null;
  }

  /** The last reading as the intake has it. */
  function rowNow(cellIndex: number): Row {
    return {
      atMs: intake.readAtMs[cellIndex] ?? -Infinity,
      voltageV: intake.lastVoltageV[cellIndex] ?? NaN,
      currentA: intake.lastCurrentA[cellIndex] ?? NaN,
      chargeAh: intake.chargeAh[cellIndex] ?? NaN,
      stepStartMs: intake.readStepStartMs[cellIndex] ?? NaN,
    };
  }

  function begin(exposureId: string, cellIndex: number): void {
    const last = rowNow(cellIndex);
    open.push({
      ...{ exposureId, cellIndex, rows: Number.isFinite(last.atMs) ? [last] : [], leastLagMs: Infinity },
      ...{ charge: deps.views.charge(cellIndex), chargeAh: last.chargeAh, ambientDegC: ambientDegC() },
      ...{ detector: null, mid: null, deadline: undefined },
    });
    intake.follow(cellIndex, true);
  }

  function end(exposed: Exposed, shutter: SeenShutter): void {
    const { cellIndex } = exposed;
    exposed.detector = timed.last();
    const counted =
      exposed.detector === null ? null : { ...detectorTimes(exposed.detector), exposureS: exposed.detector.exposureS };
    exposed.mid = midExposure(shutter, counted);
    if (exposed.mid === null) {
      tell(exposed, { ...NO_STATE, gap: "shutter and detector do not say when it was" });
      return;
    }
    const gapMs = intake.gapMs[cellIndex] ?? Infinity;
    const longestMs = Math.min(AFTER_MOST_MS, Math.max(AFTER_LEAST_MS, gapMs));
    exposed.deadline = clock.setTimeout(() => {
      complete(exposed, `no sample came after it within ${(longestMs / 1000).toFixed(0)} s`);
    }, longestMs);
    completeSoon(exposed);
  }

  /** Not from within the stream of samples. */
  function completeSoon(exposed: Exposed): void {
    const { mid } = exposed;
    const last = exposed.rows.at(-1);
    if (mid === null || last === undefined) return;
    if (last.atMs < mid.atMs - clockOf(exposed, mid).offset) return;
    if (exposed.deadline !== undefined) clock.clearTimeout(exposed.deadline);
    exposed.deadline = clock.setTimeout(() => {
      complete(exposed, "no sample came after it");
    }, 0);
  }

  function clockOf(exposed: Exposed, mid: MidExposure) {
    const { cellIndex, leastLagMs } = exposed;
    const channel = channelOffset({
      startTookMs: intake.startTookMs[cellIndex] ?? NaN,
      sinceStartMs: mid.atMs - (intake.stepStartMs[cellIndex] ?? NaN),
      leastLagMs,
    });
    return {
      channel,
      offset: 1000 * (channel?.offsetS ?? 0),
      uncertaintyMs: mid.uncertaintyMs + 1000 * (channel?.uncertaintyS ?? 0),
    };
  }

  function complete(exposed: Exposed, missing: string): void {
    const { mid, rows, cellIndex } = exposed;
    if (mid === null) return;
    const { channel, offset, uncertaintyMs } = clockOf(exposed, mid);
    const atMs = mid.atMs - offset;
    const afterIndex = rows.findIndex((row) => row.atMs >= atMs);
    const after = rows[afterIndex];
    const before = rows[afterIndex - 1];
    const common = {
      ...NO_STATE,
      ...{ midAtMs: mid.atMs, midUncertaintyS: mid.uncertaintyMs / 1000, ambientDegC: ambientAt(exposed) },
      clocks: [
        ...(channel === null ? [] : [{ instrument: roles.channels[cellIndex]?.name ?? "", ...channel }]),
        ...(exposed.detector === null
          ? []
          : [{ instrument: roles.detector.name, ...detectorOffset(exposed.detector) }]),
      ],
      beforeAtMs: before === undefined ? null : before.atMs + offset,
      afterAtMs: after === undefined ? null : after.atMs + offset,
    };
    if (after === undefined || before === undefined) {
      tell(exposed, { ...common, gap: after === undefined ? missing : "no sample is known from before it" });
      return;
    }
    const { chargedAh, dischargedAh, doubtAh } = intake.totals(cellIndex);
    const state = stateBetween(before, after, atMs, uncertaintyMs, METER_SHARE * (chargedAh + dischargedAh) + doubtAh);
    const isOneStep = before.stepStartMs === after.stepStartMs;
    const apartMs = after.atMs - before.atMs;
    const isFar = apartMs > (intake.gapMs[cellIndex] ?? Infinity);
    const gap = !isOneStep
      ? "a step began between the samples about it"
      : isFar
        ? `the samples about it lie ${(apartMs / 1000).toFixed(1)} s apart`
        : null;
    tell(exposed, {
      ...common,
      chargeAh: state.chargeAh,
      capacity: asksByCharge ? capacityOf(exposed.charge) : null,
      stateOfCharge: stateOfChargeAt(exposed, state.chargeAh.value, uncertaintyMs, before.currentA),
      // Voltage and current jump with a step.
      ...(isOneStep ? { voltageV: state.voltageV, currentA: state.currentA } : {}),
      gap,
    });
  }

  function stateOfChargeAt(
    { charge, chargeAh }: Exposed,
    thenAh: number,
    clockMs: number,
    currentA: number,
  ): Known | null {
    if (charge === null) return null;
    const movedAh = thenAh - chargeAh;
    const clockAh = (Math.abs(currentA) * clockMs) / 3_600_000;
    return {
      value: charge.value + movedAh / charge.capacityAh,
      uncertainty: charge.uncertainty + (METER_SHARE * Math.abs(movedAh) + clockAh) / charge.capacityAh,
    };
  }

  function ambientAt(exposed: Exposed): Known | null {
    const now = ambientDegC();
    const then = exposed.ambientDegC ?? now;
    if (now === null || then === null) return null;
    return { value: (then + now) / 2, uncertainty: AMBIENT_UNCERTAINTY_K + Math.abs(now - then) / 2 };
  }

  function tell(exposed: Exposed, state: ExposureState): void {
    const { exposureId, cellIndex } = exposed;
    if (exposed.deadline !== undefined) clock.clearTimeout(exposed.deadline);
    open.splice(open.indexOf(exposed), 1);
    if (!open.some((other) => other.cellIndex === cellIndex)) intake.follow(cellIndex, false);
    const position = deps.campaign.cells[cellIndex]?.position ?? "";
    recorder.record(EXPOSURE_STATE_EVENT, exposureStateData(exposureId, position, state));
  }

  return {
    detector: timed.detector,
    sample(cellIndex, atMs, flags) {
      const lagMs = clock.monoMs() - atMs;
      for (const exposed of open) {
        if (exposed.cellIndex !== cellIndex) continue;
        exposed.leastLagMs = Math.min(exposed.leastLagMs, lagMs);
        if ((flags & SAMPLE_OVERLOAD) !== 0) continue;
        if (exposed.rows.length >= ROWS_MAX) thin(exposed.rows);
        exposed.rows.push(rowNow(cellIndex));
        completeSoon(exposed);
      }
    },
    heard(type, data) {
      if (type === "shutter-opened") {
        const position = textOf(data["position"]);
        const cellIndex = deps.campaign.cells.findIndex((cell) => cell.position === position);
        if (cellIndex >= 0) begin(textOf(data["exposure_id"]), cellIndex);
        return;
      }
      if (type === "exposure-ended") {
        const exposed = open.find(({ exposureId }) => exposureId === data["exposure_id"]);
        if (exposed !== undefined) end(exposed, shutterOf(data));
        return;
      }
      if (!OVER.has(type)) return;
      for (const exposed of [...open]) {
        if (exposed.mid === null) tell(exposed, { ...NO_STATE, gap: "the run ended before the exposure did" });
        else complete(exposed, "the run ended before a sample came after it");
      }
    },
    leftOpen(exposures) {
      const gap = "the controller ended before a sample came after it";
      for (const { exposureId, position } of exposures) {
        recorder.record(EXPOSURE_STATE_EVENT, exposureStateData(exposureId, position, { ...NO_STATE, gap }));
      }
    },
  };
}

function capacityOf(charge: CountedCharge | null): ExposureState["capacity"] {
  if (charge === null) return null;
  const { capacityAh, capacityFrom } = charge;
  return { value: capacityAh, uncertainty: capacityUncertaintyAh(charge), from: capacityFrom };
}

/** The first one stays: it may be all there is from before the middle. */
function thin(rows: Row[]): void {
  const kept = rows.filter((_, index) => index % 2 === 0);
  rows.splice(0, rows.length, ...kept);
}

function shutterOf(data: { readonly [key: string]: Json }): SeenShutter {
  const number = (key: string): number | null => {
    const value = data[key];
    return typeof value === "number" ? value : null;
  };
  return {
    openAskedAtMs: number("open_asked_at_ms"),
    openSeenAtMs: number("open_seen_at_ms"),
    closeAskedAtMs: number("close_asked_at_ms"),
    closedSeenAtMs: number("closed_seen_at_ms"),
  };
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
