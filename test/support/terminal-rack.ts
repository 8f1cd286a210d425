/**
 * A rack as the bus tells of it, made up: 96 cells in the middle of a day. Messages in, as they would come; each is checked
 * by its schema, so that the screens are drawn from what a controller may really say.
 */
import { ALL_POSITIONS } from "../../protocols/base/position.ts";
import type { BusCell, BusDose, BusTrace } from "../../protocols/bus/cell-views.ts";
import type { BusController, BusHeartbeat } from "../../protocols/bus/controller-views.ts";
import { BUS_SCHEMAS } from "../../protocols/bus/messages.ts";
import type { BusAlarm, BusCampaign, BusInstrument, BusSchedule } from "../../protocols/bus/rack-views.ts";
import { topicText, type BusTopic } from "../../protocols/bus/topics.ts";

export const RACK = "reference";
export const BEGAN_MS = Date.UTC(2026, 2, 2, 8);
/** Of the campaign. */
export const NOW_MS = BEGAN_MS + 52_705_000;
/** Of the day. */
export const WALL_MS = Date.UTC(2026, 10, 21, 3, 14, 9);

export interface Said {
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** One message, refused where its schema does. */
export function said(topic: BusTopic, value: object): Said {
  const checked = BUS_SCHEMAS[topic.kind].parse(value);
  return { topic: topicText(RACK, topic), payload: new TextEncoder().encode(JSON.stringify(checked)) };
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

const AT = { v: 1 as const, at: iso(NOW_MS) };

export function controller(change: Partial<BusController> = {}): Said {
  const value: BusController = {
    v: 1,
    state: "present",
    instance: "i-1",
    campaign: "formation-day",
    version: "0.1.0",
    host: "rack-host",
    pid: 4711,
    started_at: iso(WALL_MS - 88_000),
    said_at: iso(WALL_MS - 88_000),
    how: null,
    ...change,
  };
  return said({ kind: "controller" }, value);
}

export function heartbeat(change: Partial<BusHeartbeat> = {}): Said {
  const value: BusHeartbeat = {
    ...AT,
    instance: "i-1",
    said_at: iso(WALL_MS),
    beat: 88,
    period_s: 1,
    pace: 600,
    elapsed_s: (NOW_MS - BEGAN_MS) / 1000,
    log_seq: 20_431,
    log_digest: `sha256:${"5a".repeat(32)}`,
    dropped: 0,
    refused: 0,
    loop_delay_ms: 1.4,
    ...change,
  };
  return said({ kind: "heartbeat" }, value);
}

/** Where a cell of this rack stands in its day: 0 to 1, a little different for each. */
function phaseOf(index: number): number {
  return 0.35 + (index % 12) * 0.045 + Math.floor(index / 12) * 0.012;
}

export function cell(index: number, change: Partial<BusCell> = {}): Said {
  const position = ALL_POSITIONS[index] ?? "A1";
  const isReference = index < 48;
  const soc = phaseOf(index);
  const value: BusCell = {
    ...AT,
    version: 12,
    position,
    cell: `LNO-${isReference ? "REF" : "TDI"}-${position}`,
    group: isReference ? "lno-study" : "litdi",
    chemistry: "lno-graphite",
    role: "exposed",
    protocol: "day",
    nominal_capacity_mAh: 4.09,
    state: "cycling",
    belief: "confirmed",
    step: 3,
    step_count: 8,
    label: "charge C/10",
    cycle: 1,
    half_cycle: 1,
    waiting_for: null,
    voltage_V: 3.35 + 0.8 * soc + 0.002 * (index % 5),
    current_A: 0.000409,
    sampled_at: iso(NOW_MS - 400),
    soc,
    soc_uncertainty: 0.008,
    state_of_health: null,
    coulombic_efficiency: null,
    last_half_cycle_mAh: null,
    held_by: null,
    fault: null,
    dose: { limit_fraction: 0.42 + (index % 9) * 0.03, exposures: 58, refused: 0 },
    last_exposure: { id: `X-S0058-${position}`, at: iso(NOW_MS - 6500 * (index % 96)), outcome: "made" },
    next_exposure: { at: iso(NOW_MS + 6500 * ((index * 5) % 96) + 4000), reason: "sweep 59" },
    notes: [],
    forecast: {
      ...{ step_ends_at: iso(NOW_MS + 9_420_000), step_spread_s: 310 },
      ...{ ends_at: iso(NOW_MS + 31_020_000 + 60_000 * (index % 7)), ends_spread_s: 1240, paused_since: null },
    },
    beam_effect: null,
    last_frame: null,
    ...change,
  };
  return said({ kind: "cell", of: position }, value);
}

export function trace(index: number, change: Partial<BusTrace> = {}): Said {
  const position = ALL_POSITIONS[index] ?? "A1";
  const times = Array.from({ length: 180 }, (_, point) => point * 290);
  const share = times.map((timeS) => Math.min(1, timeS / 36_000));
  const value: BusTrace = {
    ...AT,
    position,
    time_s: times,
    voltage_V: share.map(
      (part, point) => 3.05 + 0.75 * Math.sqrt(part) + 0.25 * part ** 4 - (point > 130 ? (point - 130) * 0.006 : 0),
    ),
    current_A: times.map((timeS) => (timeS < 3600 ? 0 : timeS < 37_700 ? 0.000409 : -0.000409)),
    capacity_mAh: times.map((timeS) =>
      timeS < 37_700 ? Math.max(0, timeS - 3600) * 1.136e-4 : 3.87 - (timeS - 37_700) * 1.136e-4,
    ),
    exposures_s: [],
    patterns: [],
    ...change,
  };
  return said({ kind: "trace", of: position }, value);
}

export function dose(index: number): Said {
  const position = ALL_POSITIONS[index] ?? "A1";
  const value: BusDose = {
    ...AT,
    position,
    relative_uncertainty: 0.21,
    limits: ["positive electrode", "separator", "negative electrode"].map((layer, layerIndex) => ({
      layer,
      location: "surface",
      scope: "spot-total",
      dose_Gy: [20_000, 50_000, 80_000][layerIndex] ?? null,
      dose_rate_Gy_s: null,
      source: "example",
      vouched_by: "example",
    })),
    limit_fraction: 0.42,
    spots: Array.from({ length: 9 }, (_, spot) => ({
      spot,
      x_mm: (spot % 3) - 1,
      y_mm: Math.floor(spot / 3) - 1,
      exposures: spot < 4 ? 7 : 6,
      booked: spot === 4 ? 1 : 0,
      fluence_ph_cm2: 4.2e14,
      layers: [
        { layer: "positive electrode", surface_Gy: 6912.4 - spot * 12, mean_Gy: 6420.1 - spot * 11 },
        { layer: "separator", surface_Gy: 402.2, mean_Gy: 398.8 },
        { layer: "negative electrode", surface_Gy: 311.9, mean_Gy: 309.4 },
      ],
    })),
  };
  return said({ kind: "dose", of: position }, value);
}

export function campaign(change: Partial<BusCampaign> = {}): Said {
  const value: BusCampaign = {
    ...AT,
    version: 40,
    campaign: "formation-day",
    title: "LiNiO2/graphite, with and without LiTDI, one C/10 cycle in a day",
    site: RACK,
    world: "virtual",
    state: "running",
    beam_state: "exposing",
    note: "exposure X-S0058-B4 to end",
    waiting_for: {
      reason: "exposure X-S0058-B4 to end",
      who: "exposure",
      since: iso(NOW_MS - 3200),
      until: iso(NOW_MS + 41_000),
    },
    started_at: iso(BEGAN_MS),
    elapsed_s: (NOW_MS - BEGAN_MS) / 1000,
    duration_s: 86_400,
    ends_at: iso(BEGAN_MS + 86_400_000),
    pace: 600,
    seed: 1,
    faults: "light",
    cells: { total: 96, by_state: { cycling: 96 } },
    groups: [
      { group: "litdi", cells: 48, exposures: 2770 },
      { group: "lno-study", cells: 48, exposures: 2777 },
    ],
    sweep: { number: 58, of: 95 },
    requests: { asked: 5568, met: 5541, late: 3, missed: 21 },
    exposures: { made: 5544, partial: 2, aborted: 1 },
    dose: { limit_fraction_max: 0.68, refused: 0 },
    alarms: { open: 0, unacknowledged: 0, raised: 3 },
    samples: 5_059_680,
    ...change,
  };
  return said({ kind: "campaign" }, value);
}

const ALL_HOLD = { searched: true, door_closed: true, emergency_ok: true, motion_enabled: true, beam_permitted: true };

export function beam(change: object = {}): Said {
  return said(
    { kind: "beam" },
    {
      ...AT,
      is_up: true,
      ring_current_mA: 199.83,
      flux: { quantity: "flux", value: 9.98e10, unit: "ph/s" },
      levels_at: iso(NOW_MS - 120),
      interlocks: ALL_HOLD,
      latched: [],
      permit: "granting",
      shutter: "open",
      safety_shutter: "open",
      filters: [{ name: "Mo 0.1 mm", in: true }],
      watchdog_tripped: false,
      waiting_for: null,
      ...change,
    },
  );
}

export function exposure(isUnderWay = true): Said {
  const current = {
    id: "X-S0058-B4",
    position: "B4",
    spot: 4,
    phase: "exposing",
    exposure_s: 6,
    ordered_at: iso(NOW_MS - 4000),
    open_since: iso(NOW_MS - 3100),
    stage_x_mm: 76,
    stage_y_mm: 26,
    waiting_for: null,
  };
  const last = Array.from({ length: 5 }, (_, index) => ({
    id: `X-S0058-B${3 - (index % 3)}`,
    position: `B${3 - (index % 3)}`,
    spot: 4,
    ended_at: iso(NOW_MS - 7000 * (index + 1)),
    outcome: "made",
    open_s: 6.02,
    fault: null,
  }));
  return said({ kind: "exposure" }, { ...AT, current: isUnderWay ? current : null, last });
}

export function schedule(change: Partial<BusSchedule> = {}): Said {
  const queue = Array.from({ length: 80 }, (_, index) => ({
    position: ALL_POSITIONS[16 + index] ?? "A1",
    at: iso(NOW_MS + 4000 + 6600 * index),
    latest: iso(NOW_MS + 600_000),
    reason: index === 3 ? "step edge: charge begins" : "sweep 58",
  }));
  const value: BusSchedule = {
    ...AT,
    sweep: { number: 58, of: 95, began_at: iso(NOW_MS - 105_000), ends_by: iso(NOW_MS + 600_000), left: 80 },
    next_sweep_at: iso(NOW_MS + 795_000),
    queue,
    misses: [
      {
        at: iso(NOW_MS - 960_000),
        position: "E7",
        reason: "dose",
        text: "the next could pass 8000 Gy in the positive electrode",
      },
      {
        at: iso(NOW_MS - 5_300_000),
        position: "C2",
        reason: "beam",
        text: "the machine gave no beam until the window was over",
      },
    ],
    ...change,
  };
  return said({ kind: "schedule" }, value);
}

export function alarm(id: number, change: Partial<BusAlarm> = {}): BusAlarm {
  return {
    id,
    code: "dose.limit",
    where: "E7",
    what: "dose in positive electrode (surface, en) would be up to 8384 Gy, limit 8000 Gy (vouched for by example)",
    advice:
      "With all uncertainty the next exposure could pass a dose limit, so it is not made. The cell keeps cycling.",
    severity: "hold",
    raised_at: iso(NOW_MS - 960_000),
    acknowledged: null,
    shelved: null,
    ...change,
  };
}

export function alarms(open: readonly BusAlarm[], unnamed = 0): Said {
  return said({ kind: "alarm" }, { ...AT, open, unnamed });
}

export function instrument(name: string, change: Partial<BusInstrument> = {}): Said {
  const value: BusInstrument = {
    ...AT,
    name,
    driver: "zaber-ascii",
    state: "ready",
    position: null,
    is_needed_by_all: true,
    model: "X-LRT0300",
    serial_number: "73219",
    firmware: "7.36",
    losses: 0,
    errors: 0,
    answer_ms: 12,
    last_answer_age_s: 0.4,
    fault: null,
    waiting_for: null,
    ...change,
  };
  return said({ kind: "instrument", of: name }, value);
}

export function control(holder: string | null = "ada"): Said {
  return said(
    { kind: "control" },
    {
      v: 1,
      said_at: iso(WALL_MS),
      holder:
        holder === null
          ? null
          : {
              author: holder,
              role: "operator",
              since: iso(WALL_MS - 600_000),
              until: iso(WALL_MS + 1_200_000),
              reason: "night shift",
            },
      taking_over: null,
      last_commands: [],
    },
  );
}

const LINES = [
  ["exposure-booked", "X-S0058-B4: up to 138 Gy in the positive electrode"],
  ["exposure-settled", "X-S0058-B3: 6.02 s at 9.98e10 ph/s"],
  ["exposure-ended", "X-S0058-B3 made"],
  ["step-ended", "step 2 ended by voltage after 9 h 12 min"],
] as const;

export function recent(count = 200): Said {
  const lines = Array.from({ length: count }, (_, index) => {
    const [type, text] = LINES[index % LINES.length] ?? LINES[0];
    return {
      seq: 20_431 - count + index,
      at: iso(NOW_MS - (count - index) * 1650),
      type,
      where: ALL_POSITIONS[(index * 7) % 96] ?? null,
      text,
    };
  });
  return said({ kind: "recent" }, { ...AT, lines });
}

/** All of a rack that is well, in the middle of a sweep. */
export function runningRack(): readonly Said[] {
  const channels = ALL_POSITIONS.map((position) =>
    instrument(`channel-${position}`, {
      driver: "palmsens-methodscript",
      position,
      is_needed_by_all: false,
      model: "MultiPalmSens4",
      firmware: "1.6",
    }),
  );
  return [
    controller(),
    campaign(),
    ...ALL_POSITIONS.map((_, index) => cell(index)),
    ...ALL_POSITIONS.map((_, index) => trace(index)),
    ...ALL_POSITIONS.map((_, index) => dose(index)),
    beam(),
    exposure(),
    schedule(),
    alarms([]),
    control(null),
    recent(),
    instrument("stage"),
    instrument("shutter", { driver: "modbus-io", model: "ADAM-6050", firmware: "4.01" }),
    instrument("detector", { driver: "dectris-simplon", model: "EIGER2 X 1M", firmware: "1.8" }),
    instrument("ring-current", {
      driver: "mqtt-sensor",
      model: "MQTT broker",
      firmware: null,
      is_needed_by_all: false,
    }),
    ...channels,
    heartbeat(),
  ];
}
