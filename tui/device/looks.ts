/**
 * Asking without changing anything. Some families can be looked at without their driver's `connect`, which takes an
 * instrument over (ends what runs, takes the shutter's permit back); some can be looked at while a controller talks
 * to them.
 */
import { lookAtKeithley } from "../../drivers/keithley-smu/keithley-look.ts";
import { lookAtModbusIo, type ModbusIoLook } from "../../drivers/modbus-io/modbus-io-look.ts";
import { createMqttSensors } from "../../drivers/mqtt-sensor/mqtt-sensors.ts";
import { lookAtMethodScript } from "../../drivers/palmsens-methodscript/methodscript-look.ts";
import { sleep } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Sensor } from "../../protocols/roles/sensor.ts";
import { cableOf } from "../../protocols/site/site-cables.ts";
import type { SiteChannel, SiteSensorSource } from "../../protocols/site/site.ts";
import { modbusIoDeps } from "../rig/drivers.ts";
import type { ActBench } from "./act.ts";
import { identityJson, levelsJson, sensorJson, type JsonObject } from "./device-json.ts";

export interface Look {
  /** Why it may not be taken beside a controller; null when it may. */
  readonly notBeside: string | null;
  identify(bench: ActBench): Promise<JsonObject>;
  status(bench: ActBench): Promise<JsonObject>;
}

/** Undefined for families that can only be asked through their driver. */
export function channelLook(channel: SiteChannel): Look | undefined {
  const expected = channel.serialNumber === null ? {} : { expectedSerialNumber: channel.serialNumber };
  const depsOf = (bench: ActBench) => ({
    name: channel.name,
    openLink: bench.deps.openLinkOf(cableOf(channel), channel.link),
    clock: bench.clock,
    ...expected,
  });
  switch (channel.driver) {
    case "palmsens-methodscript":
      return {
        notBeside: "the controller has locked its serial port",
        async identify(bench) {
          const { identity } = await lookAtMethodScript(depsOf(bench));
          if (identity !== null) return identityJson(identity);
          throw new Fault(
            "device.refused",
            channel.name,
            "a script is running, and the instrument answers no question until it ends; `abort` ends it",
          );
        },
        async status(bench) {
          const { identity, isScriptRunning } = await lookAtMethodScript(depsOf(bench));
          return {
            state: isScriptRunning ? "a script is running" : "idle",
            ...(identity === null ? {} : { identity: identityJson(identity) }),
          };
        },
      };
    case "keithley-smu":
      return {
        notBeside: "the unit answers one client, and would give the controller's answers to the second one",
        identify: async (bench) => identityJson((await lookAtKeithley(depsOf(bench))).identity),
        async status(bench) {
          const { identity, isOutputOn } = await lookAtKeithley(depsOf(bench));
          return { state: isOutputOn ? "output on" : "output off", identity: identityJson(identity) };
        },
      };
    case "neware-bts":
    case "modbus-cycler":
      return undefined;
  }
}

export function lookAtIo(bench: ActBench): Promise<ModbusIoLook> {
  return lookAtModbusIo(modbusIoDeps(bench.site, bench.deps));
}

export const IO_LOOK: Look = {
  notBeside: null,
  identify: async (bench) => identityJson((await lookAtIo(bench)).identity),
  async status(bench) {
    const { identity, levels, outputs } = await lookAtIo(bench);
    return {
      identity: identityJson(identity),
      ...levelsJson(levels),
      outputs: {
        shutter_open_request: outputs.shutterOpenRequest,
        shutter_permit: outputs.shutterPermit,
        safety_shutter_request: outputs.safetyShutterRequest,
        filters: [...outputs.filters],
      },
    };
  },
};

/** A client of its own at the broker: the controller's is not disturbed. `only`: one sensor of the source. */
export function sourceLook(source: SiteSensorSource, only?: string): Look {
  const wanted = source.sensors.filter((sensor) => only === undefined || sensor.name === only);

  async function heard<T>(bench: ActBench, use: (sensors: readonly Sensor[]) => Promise<T>): Promise<T> {
    const { connection, sensors } = createMqttSensors({
      name: source.name,
      openLink: bench.deps.openLinkOf(source.name, source.link),
      clock: bench.clock,
      sensors: wanted,
      clientId: bench.clientId,
    });
    try {
      await connection.connect();
      return await use([...sensors.values()]);
    } finally {
      connection.disconnect();
    }
  }

  return {
    notBeside: null,
    identify: (bench) =>
      heard(bench, () => Promise.resolve({ model: "MQTT broker", serial_number: null, firmware: null })),
    status: (bench) =>
      heard(bench, async (sensors) => {
        await allHeard(bench, sensors);
        const nowMs = bench.clock.monoMs();
        const readings = sensors.map((sensor) => sensorJson(sensor, sensor.fresh(), nowMs));
        const [first] = readings;
        return only === undefined || first === undefined ? { sensors: readings } : first;
      }),
  };
}

const LOOK_EVERY_MS = 50;
const HEARD_WITHIN_S = 15;

/** A sensor that does not speak in this time has no reading, and that is its status. */
async function allHeard({ clock, signal }: ActBench, sensors: readonly Sensor[]): Promise<void> {
  const untilMs =
    clock.monoMs() + 1000 * Math.min(HEARD_WITHIN_S, Math.max(...sensors.map((sensor) => sensor.maximumAgeS)));
  while (clock.monoMs() < untilMs && sensors.some((sensor) => sensor.fresh() === undefined)) {
    await sleep(clock, LOOK_EVERY_MS, signal);
  }
}
