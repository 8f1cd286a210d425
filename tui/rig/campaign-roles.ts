/** The instruments of a campaign by the parts they play, from the drivers of its site. */
import type { CampaignRoles, WatchedSensor } from "../../controller/run/roles.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { placeOf, type Occupant } from "../../protocols/base/position.ts";
import type { Instrument } from "../../protocols/roles/instrument.ts";
import type { Sensor } from "../../protocols/roles/sensor.ts";
import { bringsCells } from "../../protocols/site/site-lookup.ts";
import { beamQuantities, type SensorQuantity, type Site } from "../../protocols/site/site.ts";
import { createSiteDrivers, type DriverDeps, type SiteDrivers } from "./drivers.ts";

/** A sensor of the site, wherever its readings come from. */
interface FoundSensor {
  readonly quantity: SensorQuantity;
  readonly alarmAbove: number | null;
  readonly stopAbove: number | null;
  readonly sensor: Sensor;
}

/**
 * The drivers of a campaign's cells, in the order of `cells`, and of the beamline. Throws Fault `site.invalid` for
 * a position that is not wired and a site without ring current or flux.
 */
export function connectRoles(site: Site, cells: readonly Occupant[], deps: DriverDeps): CampaignRoles {
  const drivers = createSiteDrivers(site, deps);
  const channels = cells.map((cell) => drivers.channel(placeOf(cell)));
  const stage = drivers.stage();
  const io = drivers.io();
  const detector = drivers.detector();
  const connections = site.sensorSources.map((source) => drivers.sensorSource(source).connection);
  const found = findSensors(site, drivers);
  const ownSensors = (site.sensors ?? []).map((sensor) => drivers.ownSensor(sensor));
  const needed = beamQuantities(site);
  const trigger = drivers.trigger();
  const gating = site.shutter.gate === undefined ? undefined : trigger;
  const sampleChanger = drivers.sampleChanger();
  const changer = bringsCells(site) ? sampleChanger : undefined;
  const integrator = drivers.integrator();
  const further = [trigger, drivers.barcodeReader(), integrator, sampleChanger].flatMap(
    (instrument): readonly Instrument[] => (instrument === undefined ? [] : [instrument]),
  );

  // One that tells the flux before the cell tells nothing of what came through.
  const behind = site.beam.monitor?.kind === "diode" ? undefined : site.alignment?.diode;
  const transmitted = ownSensors.find(({ name }) => name === behind);

  function sensorOf(quantity: SensorQuantity): Sensor {
    const sensor = found.find((one) => one.quantity === quantity)?.sensor;
    if (sensor !== undefined) return sensor;
    throw new Fault("site.invalid", site.name, `the site has no sensor for ${quantity}`);
  }

  const instruments = [io, stage, detector, ...connections, ...ownSensors, ...further, ...new Set(channels)];

  return {
    stage,
    io,
    detector,
    ...(gating === undefined ? {} : { trigger: gating }),
    ...(changer === undefined ? {} : { changer }),
    ...(integrator === undefined ? {} : { integrator }),
    ...(transmitted === undefined ? {} : { transmitted }),
    ringCurrent: sensorOf("ring_current"),
    flux: sensorOf(site.beam.monitor?.kind ?? "flux"),
    watched: found.flatMap(({ quantity, sensor, alarmAbove, stopAbove }): readonly WatchedSensor[] =>
      needed.includes(quantity) ? [] : [{ sensor, alarmAbove, stopAbove }],
    ),
    channels,
    instruments,
    addChannel(position) {
      const channel = drivers.channel(position);
      const isNew = !channels.includes(channel);
      channels.push(channel);
      if (isNew) instruments.push(channel);
      return { channel, isNew };
    },
    beamline: [
      io.name,
      stage.name,
      detector.name,
      ...(gating === undefined ? [] : [gating.name]),
      ...(changer === undefined ? [] : [changer.name]),
      ...connections.map((connection) => connection.name),
      ...ownSensors.filter((sensor) => needed.some((quantity) => quantity === sensor.quantity)).map(({ name }) => name),
    ],
  };
}

function findSensors(site: Site, drivers: SiteDrivers): readonly FoundSensor[] {
  return [
    ...site.sensorSources.flatMap((source) => {
      const made = drivers.sensorSource(source).sensors;
      return source.sensors.flatMap(({ name, quantity, alarmAbove, stopAbove }): readonly FoundSensor[] => {
        const sensor = made.get(name);
        return sensor === undefined ? [] : [{ quantity, alarmAbove, stopAbove, sensor }];
      });
    }),
    ...(site.sensors ?? []).map((sensor) => ({ ...sensor, sensor: drivers.ownSensor(sensor) })),
  ];
}
