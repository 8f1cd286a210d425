/** What the bus says of the whole rack: campaign, beam, exposure, schedule, alarms, instruments. */
import * as z from "zod";
import { count, fault, header, known, occupant, time, version, waiting } from "./view-parts.ts";

/** `campaign`. */
export const campaignViewSchema = z.object({
  ...header,
  version,
  campaign: z.string(),
  title: z.string(),
  site: z.string(),
  world: z.enum(["virtual", "bench", "site"]),
  state: z.enum(["connecting", "running", "held", "complete", "failed"]).meta({
    description: "held: nothing is exposed until a person resumes; the cells go on",
  }),
  beam_state: z.string().meta({ description: "of the beam's part: planning, homing, exposing, waiting, held, ..." }),
  note: z.string().nullable().meta({ description: "what the beam waits for, in one line" }),
  waiting_for: waiting,
  started_at: time,
  elapsed_s: z.number(),
  duration_s: known.meta({ description: "null: until the last cell has ended" }),
  ends_at: time.nullable(),
  timezone: z
    .string()
    .optional()
    .meta({ description: "by whose clocks people read there; left out where nobody said" }),
  pace: z.number().meta({ description: "seconds of the campaign for one of the day" }),
  seed: z.int().nullable(),
  faults: z.string().nullable().meta({ description: "that the virtual world was given" }),
  cells: z.object({ total: count, by_state: z.record(z.string(), count) }),
  groups: z.array(z.object({ group: z.string(), cells: count, exposures: count })),
  sweep: z.object({ number: count, of: count }),
  requests: z.object({ asked: count, met: count, late: count, missed: count }),
  exposures: z.object({ made: count, partial: count, aborted: count }),
  dose: z.object({ limit_fraction_max: z.number(), refused: count }),
  alarms: z.object({ open: count, unacknowledged: count, raised: count }),
  samples: count,
  disk: z
    .object({
      free_GB: z.number(),
      hours_left: known.meta({ description: "at the pace of the last hour; null while it does not fill" }),
    })
    .optional()
    .meta({ description: "under the record; left out in the virtual world, and where the system does not say" }),
});
export type BusCampaign = z.output<typeof campaignViewSchema>;

const level = z.boolean().nullable();

/** `beam`. Levels are null until they were read. */
export const beamViewSchema = z.object({
  ...header,
  is_up: z.boolean().nullable().meta({ description: "the machine gives beam" }),
  ring_current_mA: known,
  flux: z.object({ quantity: z.string(), value: known, unit: z.string() }),
  levels_at: time.nullable(),
  interlocks: z.object({
    searched: level,
    door_closed: level,
    emergency_ok: level,
    motion_enabled: level,
    beam_permitted: level,
  }),
  latched: z.array(z.string()).meta({ description: "interlocks that broke and wait for a person to re-arm" }),
  permit: z.string().meta({ description: "state of the safety supervisor" }),
  shutter: z.enum(["open", "closed", "moving", "contradiction"]).nullable(),
  safety_shutter: z.enum(["open", "closed", "moving", "contradiction"]).nullable(),
  filters: z.array(z.object({ name: z.string(), in: level })),
  watchdog_tripped: level,
  waiting_for: waiting,
});
export type BusBeam = z.output<typeof beamViewSchema>;

const middle = z
  .object({
    at: time.nullable(),
    voltage_V: known,
    voltage_uncertainty_V: known,
    current_A: known,
    current_uncertainty_A: known,
    state_of_charge: known,
    state_of_charge_uncertainty: known,
    clock_uncertainty_s: known.meta({ description: "of the channel's times against the campaign's" }),
    gap: z.string().nullable(),
  })
  .meta({ description: "the cell half way through, half-widths beside the values; left out until it is known" });

const exposureEnd = z.object({
  id: z.string(),
  position: z.string(),
  spot: count,
  ended_at: time,
  outcome: z.string().meta({ description: "made, partial, aborted, shutter-failure" }),
  open_s: known,
  fault: z.string().nullable(),
  occupant,
  middle: middle.exactOptional(),
});

/** `exposure`: the one under way, and the last ones. */
export const exposureViewSchema = z.object({
  ...header,
  current: z
    .object({
      id: z.string(),
      position: z.string(),
      spot: count,
      phase: z.string().meta({ description: "checking, bringing, permitting, opening, exposing, closing, ..." }),
      exposure_s: z.number(),
      ordered_at: time.nullable(),
      open_since: time.nullable(),
      stage_x_mm: z.number(),
      stage_y_mm: z.number(),
      waiting_for: waiting,
    })
    .nullable(),
  robot: z
    .object({
      in_beam: z.string().nullable().meta({ description: "position of the cell that lies in the beam" }),
      in_gripper: z.string().nullable(),
      under_way: z.array(z.string()).meta({ description: "in a transfer, or where is not known" }),
    })
    .meta({ description: "where a robot brings the cells to the beam" })
    .exactOptional(),
  last: z.array(exposureEnd).meta({ description: "newest first" }),
});
export type BusExposure = z.output<typeof exposureViewSchema>;
/** `exposed`, a stream: one that is over. */
export const exposedSchema = exposureEnd.extend({ ...header });
export type BusExposed = z.output<typeof exposedSchema>;

/** `schedule`. */
export const scheduleViewSchema = z.object({
  ...header,
  sweep: z.object({
    number: count,
    of: count,
    began_at: time.nullable(),
    ends_by: time.nullable(),
    left: count,
  }),
  next_sweep_at: time.nullable(),
  queue: z
    .array(
      z.object({
        position: z.string(),
        at: time.nullable().meta({ description: "estimated; null where it cannot be said" }),
        latest: time.nullable(),
        reason: z.string(),
      }),
    )
    .meta({ description: "in the order in which they come, at most 96" }),
  misses: z
    .array(z.object({ at: time, position: z.string(), reason: z.string(), text: z.string() }))
    .meta({ description: "newest first, at most 20" }),
});
export type BusSchedule = z.output<typeof scheduleViewSchema>;

const openAlarm = z.object({
  id: count.meta({ description: "what `ack` takes" }),
  code: z.string(),
  where: z.string(),
  what: z.string(),
  advice: z.string(),
  severity: z.enum(["retry", "hold", "stop", "refuse"]).nullable(),
  call: z.enum(["now", "day", "none"]).exactOptional().meta({
    description: "whether somebody is called for it, by the campaign: also in quiet hours, after them, or not",
  }),
  raised_at: time,
  acknowledged: z.object({ by: z.string(), at: time }).nullable(),
  shelved: z.object({ by: z.string(), until: time }).nullable(),
  group: z
    .string()
    .nullable()
    .exactOptional()
    .meta({ description: "whose cell it is of; null where it is of no one cell" }),
  follows: count
    .nullable()
    .exactOptional()
    .meta({ description: "the open alarm of which it is the consequence; null where it is of none" }),
});

/** `alarm`: all that are open, newest first. */
export const alarmViewSchema = z.object({
  ...header,
  open: z.array(openAlarm),
  unnamed: count.meta({ description: "open ones beyond those that are listed" }),
  equal: z
    .array(
      z.object({
        code: z.string(),
        text: z.string().meta({ description: "all of them in one line: `37 cells: ...`" }),
        alarms: z.array(count),
        raised_at: time.meta({ description: "of the first" }),
      }),
    )
    .exactOptional()
    .meta({ description: "three or more of one code that follow from no other" }),
});
export type BusAlarms = z.output<typeof alarmViewSchema>;
export type BusAlarm = BusAlarms["open"][number];

/** `group-alarm/<group>`: those of a group's own cells, their channels, the machine's beam and the interlocks. */
export const groupAlarmViewSchema = z.object({ ...header, group: z.string(), open: z.array(openAlarm) });
export type BusGroupAlarms = z.output<typeof groupAlarmViewSchema>;

/** `instrument/<name>`. */
export const instrumentViewSchema = z.object({
  ...header,
  name: z.string(),
  driver: z.string(),
  state: z.enum(["connecting", "ready", "failed", "pausing", "isolated"]),
  position: z.string().nullable().meta({ description: "of the cell whose channel it is" }),
  is_needed_by_all: z.boolean(),
  model: z.string().nullable(),
  serial_number: z.string().nullable(),
  firmware: z.string().nullable(),
  losses: count.meta({ description: "times that its link was lost" }),
  errors: count.meta({ description: "alarms that were raised at it since the campaign began" }),
  answer_ms: known.meta({ description: "from an order to the first byte of its answer, of late, two digits" }),
  last_answer_age_s: known.meta({ description: "of a channel: since its last sample, in steps of a minute" }),
  fault,
  waiting_for: waiting,
});
export type BusInstrument = z.output<typeof instrumentViewSchema>;
