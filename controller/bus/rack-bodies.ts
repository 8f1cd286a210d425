/** What stands in `campaign`, `beam`, `exposure`, `schedule` and `instrument/<name>`. */
import type {
  BusBeam,
  BusCampaign,
  BusExposed,
  BusExposure,
  BusInstrument,
  BusSchedule,
} from "../../protocols/bus/rack-views.ts";
import { placeText } from "../../protocols/base/position.ts";
import { shutterState } from "../../protocols/roles/beam-io.ts";
import type { Instrument } from "../../protocols/roles/instrument.ts";
import type { DiskForecast } from "../run/disk-watch.ts";
import type { ExposureState } from "../synchrony/exposure-state-event.ts";
import type { EndedExposure } from "./bus-fold.ts";
import { placed, timeText, timeTextOrNull, type BusSources } from "./bus-sources.ts";
import { rounded, roundedOrNull, waitingBody, type Body } from "./cell-bodies.ts";
import type { QueuedExposure } from "./queue-view.ts";
import { beamState, stateName, type RunParts } from "./run-parts.ts";

/** Longer lists are no news to anybody. */
const QUEUE_MAX = 96;
const AGE_STEP_S = 60;

export function campaignBody(sources: BusSources, parts: RunParts): Body<BusCampaign> {
  const { campaign, site, run, fold, endAtMs } = sources;
  const { tally, alarms } = run;
  const beam = beamState(parts);
  const { waiting } = parts.campaign.context;
  const state = stateOf(sources, beam);
  const nowMs = sources.nowMs();
  return {
    version: sources.versions.of("campaign", `${state} ${run.views.latchedInterlocks().join(" ")}`),
    ...{ campaign: campaign.name, title: campaign.title, site: site.name, world: sources.world },
    ...{ state, beam_state: beam, note: run.note() },
    waiting_for: waiting === null ? null : waitingBody(sources, waiting),
    started_at: timeText(sources, 0),
    elapsed_s: Math.floor(nowMs / 1000),
    duration_s: Number.isFinite(endAtMs) ? endAtMs / 1000 : null,
    ends_at: timeTextOrNull(sources, endAtMs),
    ...(campaign.timeZone === undefined ? {} : { timezone: campaign.timeZone }),
    pace: sources.pace(),
    ...{ seed: sources.seed, faults: sources.faults },
    cells: { total: campaign.cells.length, by_state: run.views.byState() },
    groups: groupsOf(sources),
    sweep: { number: tally.sweepNumber, of: run.sweeps.sweepCountPlanned },
    requests: {
      ...{ asked: tally.requests.asked, met: tally.requests.met },
      ...{ late: tally.requests.late, missed: tally.requests.missed },
    },
    exposures: { ...tally.exposures },
    dose: { limit_fraction_max: rounded(run.limitFractionMax()), refused: tally.doseRefusedCount },
    alarms: {
      open: alarms.open.length,
      unacknowledged: alarms.open.filter(({ id }) => sources.alarmDesk.seen(id) === null).length,
      raised: alarms.raisedCount,
    },
    samples: run.sampleCount(),
    ...diskBody(sources.disk?.() ?? null),
  };

  function groupsOf(of: BusSources): BusCampaign["groups"] {
    const groups = new Map<string, { group: string; cells: number; exposures: number }>();
    for (const { group, position } of of.campaign.cells) {
      const known = groups.get(group) ?? { group, cells: 0, exposures: 0 };
      known.cells += 1;
      known.exposures += fold.cell(position).exposureCount;
      groups.set(group, known);
    }
    return [...groups.values()];
  }
}

/** Two digits: more would be others each minute. */
function diskBody(disk: DiskForecast | null): Pick<Body<BusCampaign>, "disk"> {
  if (disk === null) return {};
  const coarse = (value: number): number => Number(value.toPrecision(2));
  const hours = disk.hoursLeft === null ? null : coarse(disk.hoursLeft);
  return { disk: { free_GB: coarse(disk.freeBytes / 1e9), hours_left: hours } };
}

function stateOf({ run }: BusSources, beam: string): BusCampaign["state"] {
  if (run.failure() !== null) return "failed";
  if (run.isDone() || beam === "complete") return "complete";
  if (beam === "connecting") return "connecting";
  return beam === "held" ? "held" : "running";
}

export function beamBody(sources: BusSources, parts: RunParts): Body<BusBeam> {
  const { roles, run, site } = sources;
  const levels = run.levels();
  const ringCurrentMa = roles.ringCurrent.fresh()?.value ?? null;
  const isLost = run.alarms.open.some(({ code }) => code === "beam.lost");
  const waiting = parts.supervisor?.context.waiting ?? null;
  const { searched, doorClosed, emergencyOk, motionEnabled, beamPermitted } = levels?.interlocks ?? {};
  return {
    is_up: ringCurrentMa === null ? null : !isLost,
    ring_current_mA: roundedOrNull(ringCurrentMa),
    flux: {
      ...{ quantity: roles.flux.quantity, unit: roles.flux.unit },
      value: roundedOrNull(roles.flux.fresh()?.value ?? null),
    },
    levels_at: timeTextOrNull(sources, levels?.readAtMs),
    interlocks: {
      ...{ searched: searched ?? null, door_closed: doorClosed ?? null, emergency_ok: emergencyOk ?? null },
      ...{ motion_enabled: motionEnabled ?? null, beam_permitted: beamPermitted ?? null },
    },
    latched: [...run.views.latchedInterlocks()],
    permit: stateName(parts.supervisor?.value ?? "not begun"),
    shutter: levels === null ? null : shutterState(levels),
    safety_shutter:
      levels === null
        ? null
        : shutterState({
            ...levels,
            shutterOpenSwitch: levels.safetyShutterOpenSwitch,
            shutterClosedSwitch: levels.safetyShutterClosedSwitch,
          }),
    filters: site.filters.map(({ name }, index) => ({ name, in: levels?.filtersIn[index] ?? null })),
    watchdog_tripped: levels?.watchdogTripped ?? null,
    waiting_for: waiting === null ? null : waitingBody(sources, waiting),
  };
}

export function exposureBody(sources: BusSources, parts: RunParts): Body<BusExposure> {
  const context = parts.exposure?.context;
  const phase = stateName(parts.exposure?.value ?? "idle");
  const order = phase === "idle" || context === undefined ? null : context.order;
  return {
    current:
      order === null || context === undefined
        ? null
        : {
            ...{ id: order.exposureId, position: placeText(order.position), spot: order.spotIndex, phase },
            exposure_s: order.exposureS,
            ordered_at: timeTextOrNull(sources, parts.campaign.context.orderedAtMs),
            open_since: timeTextOrNull(sources, context.marks.openSeenAtMs ?? context.marks.openAskedAtMs),
            ...{ stage_x_mm: order.stageXMm, stage_y_mm: order.stageYMm },
            waiting_for: context.waiting === null ? null : waitingBody(sources, context.waiting),
          },
    ...(sources.roles.changer === undefined ? {} : { robot: robotBody(sources) }),
    last: sources.fold.exposures.map((ended) => exposedBody(sources, ended)),
  };
}

function robotBody({ fold, campaign }: BusSources): NonNullable<Body<BusExposure>["robot"]> {
  const [inBeam, inGripper, underWay] = (["beam", "gripper", "unknown"] as const).map((where) =>
    campaign.cells.flatMap(({ position }) => (fold.carried.get(position) === where ? [placeText(position)] : [])),
  );
  return { in_beam: inBeam?.[0] ?? null, in_gripper: inGripper?.[0] ?? null, under_way: underWay ?? [] };
}

export function exposedBody(sources: Pick<BusSources, "startMs">, ended: EndedExposure): Body<BusExposed> {
  const { id, position, spot, outcome, fault } = ended;
  return {
    ...{ id, ...placed(position), spot, outcome, fault, open_s: roundedOrNull(ended.openS) },
    ended_at: timeText(sources, ended.endedAtMs),
    ...(ended.middle === undefined ? {} : { middle: middleBody(sources, ended.position, ended.middle) }),
  };
}

function middleBody(
  sources: Pick<BusSources, "startMs">,
  position: string,
  { midAtMs, voltageV, currentA, stateOfCharge, clocks, gap }: ExposureState,
): NonNullable<Body<BusExposed>["middle"]> {
  const channel = clocks.find(({ instrument }) => instrument.endsWith(` ${placeText(position)}`)) ?? clocks[0];
  return {
    at: timeTextOrNull(sources, midAtMs),
    ...{ voltage_V: voltageV?.value ?? null, voltage_uncertainty_V: voltageV?.uncertainty ?? null },
    ...{ current_A: currentA?.value ?? null, current_uncertainty_A: currentA?.uncertainty ?? null },
    state_of_charge: stateOfCharge?.value ?? null,
    state_of_charge_uncertainty: stateOfCharge?.uncertainty ?? null,
    ...{ clock_uncertainty_s: channel?.uncertaintyS ?? null, gap },
  };
}

export function scheduleBody(
  sources: BusSources,
  parts: RunParts,
  queue: readonly QueuedExposure[],
): Body<BusSchedule> {
  const { run, fold } = sources;
  const { sweep } = parts.campaign.context;
  const nextMs = run.sweeps.window(sweep.sweep + 1).earliestMs;
  return {
    sweep: {
      ...{ number: sweep.sweep, of: run.sweeps.sweepCountPlanned, left: sweep.remaining.length },
      began_at: timeTextOrNull(sources, sweep.sweep === 0 ? null : sweep.startedAtMs),
      ends_by: timeTextOrNull(sources, sweep.sweep === 0 ? null : sweep.latestMs),
    },
    next_sweep_at: sweep.sweep >= run.sweeps.sweepCountPlanned ? null : timeTextOrNull(sources, nextMs),
    queue: queue.slice(0, QUEUE_MAX).map(({ position, atMs, latestMs, reason }) => ({
      ...{ position: placeText(position), reason },
      ...{ at: timeTextOrNull(sources, atMs), latest: timeTextOrNull(sources, latestMs) },
    })),
    misses: fold.misses.map(({ atMs, position, reason, text }) => ({
      ...{ at: timeText(sources, atMs), position: placeText(position), reason, text },
    })),
  };
}

export function instrumentBody(sources: BusSources, parts: RunParts, instrument: Instrument): Body<BusInstrument> {
  const { roles, campaign, fold, run } = sources;
  const { name, driver } = instrument;
  const link = parts.link(name);
  const cellIndex = roles.channels.findLastIndex((channel) => channel.name === name);
  const lastAtMs = cellIndex < 0 ? undefined : run.samples.lastAtMs[cellIndex];
  const { identity = null, fault = null, waiting = null } = link?.context ?? {};
  return {
    ...{ name, driver },
    state: link?.value ?? "connecting",
    position: placeText(campaign.cells[cellIndex]?.position ?? "") || null,
    is_needed_by_all: roles.beamline.includes(name),
    model: identity?.model ?? null,
    serial_number: identity?.serialNumber ?? null,
    firmware: identity?.firmware ?? null,
    losses: fold.lossesOf(name),
    errors: fold.alarmsAt(name),
    answer_ms: coarseMs(sources.answerMs?.(name) ?? null),
    last_answer_age_s: coarseAgeS(lastAtMs, sources.nowMs()),
    fault,
    waiting_for: waiting === null ? null : waitingBody(sources, waiting),
  };
}

/** Two digits: a third would be another one each time, and fill the bus. */
function coarseMs(ms: number | null): number | null {
  return ms === null ? null : Number(ms.toPrecision(ms < 10 ? 1 : 2));
}

/** In steps, and 0 while it is nothing to speak of: an age that counts up all the time would only fill the bus. */
function coarseAgeS(lastAtMs: number | undefined, nowMs: number): number | null {
  if (lastAtMs === undefined || !Number.isFinite(lastAtMs)) return null;
  const ageS = (nowMs - lastAtMs) / 1000;
  return ageS < AGE_STEP_S ? 0 : Math.floor(ageS / AGE_STEP_S) * AGE_STEP_S;
}
