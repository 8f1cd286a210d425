/** Drivers of the instruments that a site may do without. */
import { createEurothermSensor } from "../../drivers/eurotherm-modbus/eurotherm-sensor.ts";
import { createCatsChanger } from "../../drivers/irelec-cats/cats-changer.ts";
import { createPicoammeter } from "../../drivers/keithley-6485/picoammeter.ts";
import { createJsonIntegrator } from "../../drivers/json-integrator/json-integrator.ts";
import { createMqttIntegrator } from "../../drivers/json-integrator/mqtt-integrator.ts";
import { createLakeshoreSensor } from "../../drivers/lakeshore-336/lakeshore-sensor.ts";
import { createPandaboxTrigger } from "../../drivers/pandabox/pandabox-trigger.ts";
import { createSerialLineReader } from "../../drivers/serial-line/serial-line-reader.ts";
import { createDg645Trigger, type Dg645Options } from "../../drivers/srs-dg645/dg645-trigger.ts";
import type { BarcodeReader } from "../../protocols/roles/barcode-reader.ts";
import type { Instrument } from "../../protocols/roles/instrument.ts";
import type { Integrator } from "../../protocols/roles/integrator.ts";
import type { SampleChanger } from "../../protocols/roles/sample-changer.ts";
import type { Sensor } from "../../protocols/roles/sensor.ts";
import type { Trigger } from "../../protocols/roles/trigger.ts";
import type {
  SiteBarcodeReader,
  SiteIntegrator,
  SiteOwnSensor,
  SiteSampleChanger,
  SiteTrigger,
} from "../../protocols/site/further.ts";
import { monitorCableOf, sensorCableOf } from "../../protocols/site/site-cables.ts";
import { SENSOR_UNITS } from "../../protocols/site/site.ts";
import type { DriverDeps } from "./drivers.ts";
import type { ModbusLines } from "./modbus-lines.ts";

export function createOwnSensor(sensor: SiteOwnSensor, deps: DriverDeps, lines: ModbusLines): Sensor {
  const { name, link, quantity, maximumAgeS } = sensor;
  const common = { name, quantity, unit: SENSOR_UNITS[quantity], maximumAgeS };
  switch (sensor.driver) {
    case "eurotherm-modbus": {
      const { unitId, form } = sensor;
      return createEurothermSensor({ ...common, line: lines(sensorCableOf(sensor), link), unitId, form });
    }
    case "lakeshore-336":
      return createLakeshoreSensor({
        name,
        openLink: deps.openLinkOf(name, link),
        clock: deps.clock,
        input: sensor.input,
        maximumAgeS,
        ...(sensor.serialNumber === null ? {} : { expectedSerialNumber: sensor.serialNumber }),
      });
    case "keithley-6485":
      return createPicoammeter({
        ...common,
        openLink: deps.openLinkOf(name, link),
        clock: deps.clock,
        perAmpere: sensor.perAmpere,
        ...(sensor.rangeA === null ? {} : { rangeA: sensor.rangeA }),
        ...(sensor.intervalS === undefined ? {} : { intervalS: sensor.intervalS }),
        ...(sensor.serialNumber === null ? {} : { expectedSerialNumber: sensor.serialNumber }),
      });
  }
}

/** Throws Fault `site.invalid` where the file with its password cannot be read. */
export function createIntegrator(integrator: SiteIntegrator, deps: DriverDeps): Integrator & Instrument {
  const { name, link, timeoutS, messages } = integrator;
  const common = { name, openLink: deps.openLinkOf(name, link), clock: deps.clock, timeoutS };
  if (messages === undefined) return createJsonIntegrator(common);
  const { topic, user, passwordFile } = messages;
  if (user === null) return createMqttIntegrator({ ...common, topic });
  const password = passwordFile === null ? "" : (deps.readSecret?.(name, passwordFile) ?? "");
  return createMqttIntegrator({ ...common, topic, credentials: { username: user, password } });
}

export function createChanger(changer: SiteSampleChanger, deps: DriverDeps): SampleChanger {
  const { name, model, trayCount, slotsPerTray, tool, readsCodes } = changer;
  return createCatsChanger({
    name,
    openOperate: deps.openLinkOf(name, changer.link),
    openMonitor: deps.openLinkOf(monitorCableOf(changer), changer.monitorLink),
    clock: deps.clock,
    model,
    trayCount,
    slotsPerTray,
    tool,
    readsCodes,
  });
}

export function createReader({ name, link, trigger, code }: SiteBarcodeReader, deps: DriverDeps): BarcodeReader {
  const { pattern, ...rules } = code;
  return createSerialLineReader({
    name,
    openLink: deps.openLinkOf(name, link),
    clock: deps.clock,
    rules: { ...rules, ...(pattern === undefined ? {} : { pattern: new RegExp(pattern) }) },
    ...(trigger === null ? {} : { trigger: { on: trigger.on, ...(trigger.off === null ? {} : { off: trigger.off }) } }),
  });
}

export function createTrigger(trigger: SiteTrigger, deps: DriverDeps): Trigger {
  const { name, link, output } = trigger;
  const common = { name, openLink: deps.openLinkOf(name, link), clock: deps.clock };
  switch (trigger.driver) {
    case "srs-dg645":
      return createDg645Trigger({
        ...common,
        ...trigger.gate,
        ...(isGateOutput(output) ? { output } : {}),
        ...(trigger.serialNumber === null ? {} : { expectedSerialNumber: trigger.serialNumber }),
      });
    case "pandabox":
      return createPandaboxTrigger({ ...common, ...trigger.blocks, ...(output === null ? {} : { output }) });
  }
}

function isGateOutput(output: string | null): output is NonNullable<Dg645Options["output"]> {
  return output === "AB" || output === "CD" || output === "EF" || output === "GH";
}
