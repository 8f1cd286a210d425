/**
 * The probe of a site: stage, shutter and the diode behind the rack. Each signal is one exposure like any other by hand:
 * motion asked for and permitted, the place read back and settled, the longest opening booked on the cell that lies
 * nearest, and what it came to settled after.
 */
import { motionRefusals } from "../../controller/safety/permit-judgement.ts";
import type { FilterProbe } from "../../controller/align/calibrate-beam.ts";
import { createDiodeSignals } from "../../controller/align/diode-signal.ts";
import { nearestSpot, type NearestSpot } from "../../controller/align/nearest-spot.ts";
import type { Signal } from "../../controller/align/probe.ts";
import type { PlaneMm } from "../../protocols/align/placement.ts";
import { sleep } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { Position } from "../../protocols/base/position.ts";
import type { AttenuationTables } from "../../protocols/dose/attenuation.ts";
import type { BeamIo } from "../../protocols/roles/beam-io.ts";
import type { Reading, Sensor } from "../../protocols/roles/sensor.ts";
import type { SiteAlignment } from "../../protocols/site/alignment.ts";
import type { ActBench } from "../device/act.ts";
import { closeSafety, openBeamOn } from "../device/beam-opening.ts";

export interface SitePoint extends PlaneMm, Signal {
  /** Whose cell was charged. */
  readonly charged: Position;
}

export interface SiteProbe extends FilterProbe {
  /** All that was measured, in order. */
  readonly points: readonly SitePoint[];
  /** Of the chamber before the shutter, ampere, at the reference ring current; null where none is heard. */
  ionChamberA(): number | null;
}

/** The shutter is open for the diode's next reading and no longer; this bounds what is booked. */
const LONGEST_S = 2;
/** A reading that comes so soon after the shutter opened was begun before. */
const READING_MS = 80;
const HEARD_WITHIN_MS = 15_000;
const FILTERS_MS = 5000;
const LOOK_EVERY_MS = 50;
const PASSING: ReadonlySet<string> = new Set(["link.timeout", "link.closed", "device.unknown-outcome"]);
/** Of one point, where the input/output unit has not answered in time: what was booked for it stays charged. */
const ATTEMPTS = 4;

/** Connects what it needs, homes the stage, brings the filters in; takes all of it back in the end. */
export async function withSiteProbe<T>(
  bench: ActBench,
  alignment: SiteAlignment,
  tables: () => AttenuationTables,
  use: (probe: SiteProbe) => Promise<T>,
): Promise<T> {
  const { site, drivers, clock, signal } = bench;
  const [io, stage] = [drivers.io(), drivers.stage()];
  const diode = ownSensor(bench, alignment.diode);
  const source = site.sensorSources.find(({ sensors }) => sensors.some(isRingCurrent));
  const heard = source === undefined ? undefined : drivers.sensorSource(source);
  const current = heard?.sensors.get(source?.sensors.find(isRingCurrent)?.name ?? "");
  if (heard === undefined || current === undefined) {
    throw new Fault("site.invalid", site.name, "no ring current is heard, and signals are told by it");
  }
  const connected: { disconnect(): void }[] = [];
  try {
    for (const instrument of [io, heard.connection, diode, stage]) {
      await instrument.connect();
      connected.push(instrument);
    }
    let filtersWanted = alignment.filtersIn;
    await bringIn(bench, io, filtersWanted);
    await movePermitted(bench, io);
    await stage.home();
    await fresh(bench, current);
    const points: SitePoint[] = [];
    const { ringCurrentReferenceMa } = site.beam;
    const signalOf = createDiodeSignals({
      ringCurrentReferenceMa,
      saturatedFromA: alignment.saturatedFrom ?? Infinity,
    });
    const exposedAt = async (place: PlaneMm): Promise<Signal> => {
      signal.throwIfAborted();
      await movePermitted(bench, io);
      await stage.moveTo(place, signal);
      await sleep(clock, site.stage.settleS * 1000, signal);
      const charged = chargedAt(bench, place);
      let reading: Reading | undefined;
      await openBeamOn(bench, io, {
        ...{ what: "shutter", position: charged.position, spotIndex: charged.spotIndex, forS: LONGEST_S, tables },
        ...{ purpose: "alignment", goesOn: true },
        async work() {
          reading = await nextReading(bench, diode);
        },
      });
      if (reading === undefined) {
        throw new Fault("sensor.unreadable", diode.name, `no reading within ${LONGEST_S} s of beam`);
      }
      const { value: ringMa } = await fresh(bench, current);
      const found = signalOf(reading.value, ringMa);
      points.push({ ...place, ...found, charged: charged.position });
      return found;
    };
    const probe: SiteProbe = {
      points,
      async setFilters(filtersIn) {
        filtersWanted = filtersIn;
        await bringIn(bench, io, filtersIn);
      },
      ionChamberA() {
        const wanted = source?.sensors.find(({ quantity }) => quantity === "ion_chamber");
        const chamber = wanted === undefined ? undefined : heard.sensors.get(wanted.name)?.fresh();
        const ring = current.fresh();
        if (chamber === undefined || ring === undefined || !(ring.value > 0)) return null;
        return (chamber.value * site.beam.ringCurrentReferenceMa) / ring.value;
      },
      async signalAt(place) {
        for (let attempt = 1; ; attempt += 1) {
          try {
            if (attempt > 1) {
              await io.connect();
              await bringIn(bench, io, filtersWanted);
            }
            return await exposedAt(place);
          } catch (error) {
            // Connected anew it says how it stands, and nothing is opened unless the shutters' switches are as they should be.
            const isPassing = isFault(error) && error.where === io.name && PASSING.has(error.code);
            if (!isPassing || attempt === ATTEMPTS) throw error;
            bench.say(`${io.name}: ${error.message} The point is measured again.`);
            io.disconnect();
          }
        }
      },
    };
    return await use(probe);
  } finally {
    if (connected.includes(io)) await closeSafety(bench, io).catch(() => undefined);
    for (const instrument of connected.reverse()) instrument.disconnect();
  }
}

function isRingCurrent({ quantity }: { readonly quantity: string }): boolean {
  return quantity === "ring_current";
}

function ownSensor({ site, drivers }: ActBench, name: string): Sensor {
  const wanted = site.sensors?.find((sensor) => sensor.name === name);
  if (wanted === undefined)
    throw new Fault("site.invalid", site.name, `no sensor named ${name} has a cable of its own`);
  return drivers.ownSensor(wanted);
}

/** Rejects with `attenuator.not-in-place`. */
export async function bringIn(
  { clock, signal, site }: ActBench,
  io: BeamIo,
  wanted: readonly boolean[],
): Promise<void> {
  await io.setFilters(wanted);
  const untilMs = clock.monoMs() + FILTERS_MS;
  for (;;) {
    const { filtersIn } = await io.readInputs();
    if (site.filters.every((_, index) => filtersIn[index] === wanted[index])) return;
    if (clock.monoMs() > untilMs) {
      throw new Fault("attenuator.not-in-place", io.name, `the filters are not in place after ${FILTERS_MS / 1000} s`);
    }
    await sleep(clock, LOOK_EVERY_MS, signal);
  }
}

/** Rejects with `stage.no-permit`. */
export async function movePermitted({ clock, signal, site }: ActBench, io: BeamIo): Promise<void> {
  signal.throwIfAborted();
  const levels = await io.readInputs();
  const conditions = { nowMs: clock.monoMs(), levelsMaximumAgeMs: site.shutter.watchdogMs, latched: [] };
  const reasons = motionRefusals(levels, conditions);
  if (reasons.length === 0) return;
  throw new Fault("stage.no-permit", site.stage.name, `motion is not permitted: ${reasons.join(", ")}`);
}

async function fresh({ clock, signal }: ActBench, sensor: Sensor): Promise<Reading> {
  const untilMs = clock.monoMs() + HEARD_WITHIN_MS;
  for (;;) {
    const reading = sensor.fresh();
    if (reading !== undefined && reading.value > 0) return reading;
    if (clock.monoMs() > untilMs) {
      const what = reading === undefined ? "is not heard" : `reads ${reading.value} ${sensor.unit}: there is no beam`;
      throw new Fault("sensor.stale", sensor.name, `${sensor.quantity} ${what}`);
    }
    await sleep(clock, LOOK_EVERY_MS, signal);
  }
}

/** The first that was begun from now on. */
function nextReading({ clock }: ActBench, diode: Sensor): Promise<Reading> {
  const fromMs = clock.monoMs() + READING_MS;
  return new Promise((resolve) => {
    const stop = diode.onReading((reading) => {
      if (reading.arrivedAtMs < fromMs) return;
      stop();
      resolve(reading);
    });
  });
}

/** Of the campaign's cells. */
function chargedAt({ site, ledger }: ActBench, place: PlaneMm): NearestSpot {
  return nearestSpot(site, place, (position) => {
    const cellIndex = ledger?.cellAt(position);
    return cellIndex === undefined ? undefined : ledger?.spotsAt(cellIndex);
  });
}
