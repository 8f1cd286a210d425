/** Simulated instruments that a site may do without: sample changer, code reader, gate generator, own sensors. */
import type { Felt } from "../../simulator/plant/felt.ts";
import { positionAt, positionIndex, type Position } from "../../protocols/base/position.ts";
import type { SiteOwnSensor, SiteSampleChanger, SiteTrigger } from "../../protocols/site/further.ts";
import { monitorCableOf, sensorCableOf } from "../../protocols/site/site-cables.ts";
import type { Site } from "../../protocols/site/site.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import { createChangerPlant } from "../../simulator/changer/changer-plant.ts";
import { createEurothermTwin } from "../../simulator/eurotherm-modbus/eurotherm-twin.ts";
import { createCatsTwin } from "../../simulator/irelec-cats/cats-twin.ts";
import { createPicoammeterTwin } from "../../simulator/keithley-6485/picoammeter-twin.ts";
import { createIntegratorClient, createIntegratorTwin } from "../../simulator/json-integrator/integrator-twin.ts";
import { createLakeshoreTwin } from "../../simulator/lakeshore-336/lakeshore-twin.ts";
import { createModbusServer, type ModbusServerDevice } from "../../simulator/modbus/modbus-server.ts";
import { createPandaTwin } from "../../simulator/pandabox/panda-twin.ts";
import type { GateLine } from "../../simulator/plant/gate-line.ts";
import { createSerialLineTwin } from "../../simulator/serial-line/serial-line-twin.ts";
import { createDg645Twin } from "../../simulator/srs-dg645/dg645-twin.ts";
import type { WorldRobot } from "../../simulator/world/robot-truth.ts";
import { cellUnderBeam } from "../../simulator/world/world-site.ts";
import { createWorldReading } from "../../simulator/measurement/rack-readings.ts";
import { rememberPatterns } from "../virtual/world-integrator.ts";
import type { TwinDeps } from "./twins.ts";

/** `positions` are those with a cell; `gate` is where the trigger's output goes, if it goes anywhere. */
export function createFurtherTwins(site: Site, positions: readonly Position[], deps: TwinDeps, gate?: GateLine): void {
  const { sampleChanger, barcodeReader, integrator, trigger } = site;
  const { clock, endOf } = deps;
  if (sampleChanger !== undefined) {
    const { robot } = deps.world;
    if (robot === undefined) createChangerTwin(site, sampleChanger, positions, deps);
    else createRobotTwin(sampleChanger, robot, deps);
  }
  if (barcodeReader !== undefined) {
    const { name, code } = barcodeReader;
    createSerialLineTwin({
      end: endOf(name),
      clock,
      look: (atMs) => codesInBeam(site, positions, deps, atMs),
      ...(code.prefix === undefined ? {} : { prefix: code.prefix }),
      ...(code.suffix === undefined ? {} : { suffix: code.suffix }),
      ...(code.noRead === undefined ? {} : { noRead: code.noRead }),
      ...(barcodeReader.trigger === null
        ? {}
        : {
            trigger: {
              on: barcodeReader.trigger.on,
              ...(barcodeReader.trigger.off === null ? {} : { off: barcodeReader.trigger.off }),
            },
          }),
    });
  }
  if (integrator !== undefined) {
    const { frameWorld } = deps.world;
    const patternOf = deps.patternOf ?? (frameWorld === undefined ? () => undefined : rememberPatterns(frameWorld));
    const { name, messages } = integrator;
    const program = { clock, patternOf, ...(deps.patternOf === undefined ? {} : { waitsMs: IMAGE_WITHIN_MS }) };
    if (messages === undefined) createIntegratorTwin({ ...program, end: endOf(name) });
    else createIntegratorClient({ ...program, topic: messages.topic, messages: deps.messagesOf(name) });
  }
  if (trigger !== undefined) createTriggerTwin(trigger, deps, gate);
  createSensorTwins(site.sensors ?? [], deps);
}

/** An image is written a moment after its exposure. */
const IMAGE_WITHIN_MS = 10_000;

function createTriggerTwin(trigger: SiteTrigger, deps: TwinDeps, gate: GateLine | undefined): void {
  const { clock, world } = deps;
  const faults = triggerTwin(trigger, deps, gate);
  world.trouble?.onTrigger((trouble, felt) => {
    faults.isSilent = trouble?.how === "silent";
    faults.felt = felt;
    gate?.setTrouble(clock.nowMs(), trouble === null || trouble.how === "silent" ? null : trouble, felt);
  });
}

/** Only the output that the site names is wired. */
function triggerTwin(
  trigger: SiteTrigger,
  { clock, endOf, startWallMs }: TwinDeps,
  gate: GateLine | undefined,
): { isSilent: boolean; felt?: Felt | undefined } {
  const end = endOf(trigger.name);
  switch (trigger.driver) {
    case "srs-dg645": {
      const wired = DG645_OUTPUTS.indexOf(trigger.output ?? "AB") + 1;
      return createDg645Twin({
        end,
        clock,
        onGate(output, isHigh, atMs) {
          if (output === wired) gate?.drive(atMs, isHigh);
        },
      }).faults;
    }
    case "pandabox": {
      const wired = trigger.output ?? "TTLOUT1";
      return createPandaTwin({
        end,
        clock,
        startWallMs,
        onOutput(name, isHigh, atMs) {
          if (name === wired) gate?.drive(atMs, isHigh);
        },
      }).faults;
    }
  }
}

/** In the order of their numbers. */
const DG645_OUTPUTS: readonly string[] = ["AB", "CD", "EF", "GH"];

/** The reader looks at the cell that stands in the beam. */
function codesInBeam(site: Site, positions: readonly Position[], deps: TwinDeps, atMs: number): readonly string[] {
  const { robot } = deps.world;
  if (robot !== undefined) {
    const there = robot.plant.cellsAt(atMs, { kind: "beam" });
    return there.flatMap((id) => deps.codeOf(positionAt(Number(id))) ?? []);
  }
  const { stage } = deps.world;
  const index = cellUnderBeam(site, stage.xMm(atMs), stage.yMm(atMs)).positionIndex;
  return positions.flatMap((position) => (positionIndex(position) === index ? (deps.codeOf(position) ?? []) : []));
}

/** A robot that brings cells to the beam; where they are, the world knows. */
function createRobotTwin(changer: SiteSampleChanger, robot: WorldRobot, { clock, endOf }: TwinDeps): void {
  const twin = createCatsTwin({
    operate: endOf(changer.name),
    monitor: endOf(monitorCableOf(changer)),
    clock,
    changer: robot.plant,
    handover: (atMs) => robot.handover(atMs),
    areDoorsClosed: () => robot.areDoorsClosed(clock.nowMs()),
    onPath(path, slot) {
      robot.pathBegins(clock.nowMs(), path, slot);
    },
    model: changer.model,
    trayCount: changer.trayCount,
    samplesPerCassette: changer.slotsPerTray,
  });
  robot.onFreed(() => {
    twin.clearMemory();
  });
  robot.onStopped(() => {
    twin.openDoors(true);
    twin.openDoors(false);
  });
}

/** Every cell begins on the rack, where the campaign has it. */
function createChangerTwin(
  site: Site,
  changer: SiteSampleChanger,
  positions: readonly Position[],
  { clock, endOf, world, codeOf, flaws }: TwinDeps,
): void {
  const { name, handoverOffsetXMm, handoverOffsetYMm } = changer;
  createCatsTwin({
    operate: endOf(name),
    monitor: endOf(monitorCableOf(changer)),
    clock,
    changer: createChangerPlant({
      cells: positions.flatMap((position) => {
        const code = codeOf(position);
        const place = { kind: "rack", positionIndex: positionIndex(position) } as const;
        return code === undefined ? [] : [{ id: code, code, place }];
      }),
      chance: (flaws ?? createChance(0)).stream(name),
    }),
    handover(atMs) {
      const { stage } = world;
      if (stage.isMoving(atMs)) return null;
      const [xMm, yMm] = [stage.xMm(atMs) - handoverOffsetXMm, stage.yMm(atMs) - handoverOffsetYMm];
      const index = cellUnderBeam(site, xMm, yMm).positionIndex;
      return index < 0 ? null : { kind: "rack", positionIndex: positionIndex(positionAt(index)) };
    },
    model: changer.model,
    trayCount: changer.trayCount,
    samplesPerCassette: changer.slotsPerTray,
  });
}

/** Controllers on one line answer behind one server. */
function createSensorTwins(sensors: readonly SiteOwnSensor[], { clock, endOf, world, flaws }: TwinDeps): void {
  const lines = new Map<string, { readonly isRtu: boolean; readonly devices: ModbusServerDevice[] }>();
  for (const sensor of sensors) {
    switch (sensor.driver) {
      case "eurotherm-modbus": {
        const isRtu = sensor.link.kind === "modbus-rtu";
        const cable = sensorCableOf(sensor);
        const line = lines.get(cable) ?? { isRtu, devices: [] };
        lines.set(cable, line);
        const temperatureC = createWorldReading("temperature", world, flaws?.stream(sensor.name));
        line.devices.push(createEurothermTwin({ clock, unit: sensor.unitId, temperatureC }).device);
        break;
      }
      case "keithley-6485":
        createPicoammeterTwin({ end: endOf(sensor.name), clock, currentA: currentOf(sensor, world, flaws) });
        break;
      case "lakeshore-336": {
        const temperatureC = createWorldReading("temperature", world, flaws?.stream(sensor.name));
        createLakeshoreTwin({ end: endOf(sensor.name), clock, temperatureC: (_, atMs) => temperatureC(atMs) });
      }
    }
  }
  for (const [cable, { isRtu, devices }] of lines) {
    createModbusServer({ end: endOf(cable), clock, framing: { kind: isRtu ? "rtu" : "tcp" }, devices });
  }
}

function currentOf(
  sensor: Extract<SiteOwnSensor, { readonly driver: "keithley-6485" }>,
  world: TwinDeps["world"],
  flaws: TwinDeps["flaws"],
): (atMs: number) => number {
  const { quantity, perAmpere } = sensor;
  if (quantity === "flux") return (atMs) => world.beam.monitorFluxPhS(atMs) / perAmpere;
  const read = createWorldReading(quantity === "diode" ? "diode" : "ion_chamber", world, flaws?.stream(sensor.name));
  return (atMs) => read(atMs) / perAmpere;
}
