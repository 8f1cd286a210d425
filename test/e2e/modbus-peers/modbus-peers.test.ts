/** Our twins asked by mbpoll, and our drivers on a pymodbus server: neither side knows the other's code. */
import { afterEach, describe, expect, it } from "vitest";
import { createEurothermSensor } from "../../../drivers/eurotherm-modbus/eurotherm-sensor.ts";
import { createModbusLine } from "../../../drivers/link/modbus-line.ts";
import { createOpenLink } from "../../../drivers/link/open-link.ts";
import { createModbusIo } from "../../../drivers/modbus-io/modbus-io.ts";
import { Fault } from "../../../protocols/base/fault.ts";
import type { OpenLink } from "../../../protocols/roles/link.ts";
import { createEurothermTwin } from "../../../simulator/eurotherm-modbus/eurotherm-twin.ts";
import { createModbusServer } from "../../../simulator/modbus/modbus-server.ts";
import { createPsbTwin } from "../../../simulator/modbus-cycler/psb-twin.ts";
import { createAdamTwin } from "../../../simulator/modbus-io/adam-twin.ts";
import { createModbusIoTwin } from "../../../simulator/modbus-io/modbus-io-twin.ts";
import { testCell } from "../../support/methodscript-bench.ts";
import {
  arePeersRequired,
  hasMbpoll,
  hasSocat,
  mbpoll,
  peerPython,
  startPeer,
  type ModbusPeer,
  type PeerRegisters,
  type PollTarget,
} from "../../support/modbus-peers.ts";
import { createRealWorld, REAL_CLOCK, type RealWorld } from "../../support/real-cable.ts";
import { until } from "../../support/real-link.ts";
import { ADAM_6050_MAP } from "../../unit/modbus-io/adam-bench.ts";
import { createPlainBeam, MAP } from "../../unit/modbus-io/bench.ts";

let world: RealWorld | undefined;
let peer: ModbusPeer | undefined;

afterEach(async () => {
  await world?.close();
  await peer?.close();
  world = undefined;
  peer = undefined;
});

it("finds the programs where they were promised", () => {
  if (!arePeersRequired) return;
  expect({ hasMbpoll, hasSocat, hasPymodbus: peerPython !== undefined }).toEqual({
    hasMbpoll: true,
    hasSocat: true,
    hasPymodbus: true,
  });
});

describe.skipIf(!hasMbpoll)(`mbpoll${hasMbpoll ? "" : ", which is not on this machine,"} reads and writes`, () => {
  it("a WAGO unit on TCP: inputs, outputs read back, its counts of points", async () => {
    world = createRealWorld();
    const cable = await world.cable("tcp", "io");
    const beam = createPlainBeam();
    createModbusIoTwin({ end: cable.end, clock: world.clock, beam, map: MAP });
    const unit: PollTarget = { kind: "tcp", where: cable.where, unit: 1 };
    expect(await mbpoll(unit, "1", 0, 9)).toEqual([0, 1, 0, 1, 1, 1, 1, 1, 1]);
    beam.interlocks.set("doorClosed", false);
    expect(await mbpoll(unit, "1", 5, 1)).toEqual([0]);
    await mbpoll(unit, "0", 0x0203, 1, [1]);
    expect(await mbpoll(unit, "0", 0x0200, 6)).toEqual([0, 0, 0, 1, 0, 0]);
    expect(await mbpoll(unit, "1", 9, 3)).toEqual([1, 0, 0]);
    expect(await mbpoll(unit, "4", 0x1022, 4)).toEqual([0, 0, 16, 16]);
    await expect(mbpoll(unit, "4", 0x3000, 1)).rejects.toThrow(/Illegal data address/);
  });

  it("an ADAM module on TCP: its name, an output and the relay behind it", async () => {
    world = createRealWorld();
    const cable = await world.cable("tcp", "io");
    const twin = createAdamTwin({
      end: cable.end,
      clock: world.clock,
      beam: createPlainBeam(),
      map: ADAM_6050_MAP,
      relayMs: 700,
    });
    const unit: PollTarget = { kind: "tcp", where: cable.where, unit: 1 };
    expect(await mbpoll(unit, "4:hex", 210, 1)).toEqual([0x6050]);
    await mbpoll(unit, "0", 16 + 5, 1, [1]);
    expect(twin.outputs[5]).toBe(true);
    await until("the relay has picked up", () => twin.isRelayClosed, 500);
    expect(await mbpoll(unit, "0", 16, 6)).toEqual([0, 0, 0, 0, 0, 1]);
  });

  it("a PSB on a serial port: nominal values, remote control, and its refusals", async () => {
    world = createRealWorld();
    const cable = await world.cable("serial", "psb");
    const twin = createPsbTwin({
      end: cable.end,
      clock: world.clock,
      cell: testCell(),
      framing: { kind: "rtu" },
      compliance: "full",
    });
    const unit: PollTarget = { kind: "rtu", where: cable.where, unit: 1 };
    expect(await mbpoll(unit, "4:hex", 121, 2)).toEqual([0x4120, 0]);
    await expect(mbpoll(unit, "4", 501, 1, [0x6666])).rejects.toThrow(/failed/i);
    await mbpoll(unit, "0", 402, 1, [1]);
    await mbpoll(unit, "4", 501, 1, [0x6666]);
    expect(await mbpoll(unit, "4", 501, 1)).toEqual([0x6666]);
    await mbpoll(unit, "0", 405, 1, [1]);
    expect(twin.isOutputOn).toBe(true);
    await mbpoll(unit, "0", 405, 1, [0]);
    expect(twin.isOutputOn).toBe(false);
  });

  it("two Eurotherm controllers on one serial port", async () => {
    world = createRealWorld();
    const cable = await world.cable("serial", "ovens");
    const { clock } = world;
    const twins = [3, 4].map((unit) => createEurothermTwin({ clock, unit, startC: 20 + unit }));
    createModbusServer({
      end: cable.end,
      clock,
      framing: { kind: "rtu" },
      devices: twins.map(({ device }) => device),
    });
    for (const unit of [3, 4]) {
      const target: PollTarget = { kind: "rtu", where: cable.where, unit };
      expect(await mbpoll(target, "4", 1, 2)).toEqual([200 + 10 * unit, 200 + 10 * unit]);
    }
    await mbpoll({ kind: "rtu", where: cable.where, unit: 4 }, "4", 2, 1, [350]);
    expect(twins.map(({ setpointC }) => setpointC)).toEqual([23, 35]);
  });
});

describe.skipIf(peerPython === undefined)(
  `on a pymodbus server${peerPython === undefined ? ", which is not on this machine" : ""}`,
  () => {
    const controller: PeerRegisters = { holding: { 1: 0xff9c, 75: 0, 107: 0x0461, 122: 0xe480, 525: 1 } };

    async function reached(kind: "tcp" | "rtu", registers: PeerRegisters): Promise<OpenLink> {
      peer = await startPeer(kind, registers);
      const [host = "", port = ""] = peer.where.split(":");
      return kind === "tcp"
        ? createOpenLink({ kind: "tcp", host, port: Number(port) }, "peer", REAL_CLOCK)
        : createOpenLink({ kind: "serial", path: peer.where, baud: 115_200 }, "peer", REAL_CLOCK);
    }

    async function lineTo(kind: "tcp" | "rtu", registers: PeerRegisters) {
      const openLink = await reached(kind, registers);
      const framing = kind === "tcp" ? ({ kind } as const) : ({ kind, baud: 115_200, lateReplyMs: 300 } as const);
      return createModbusLine({ name: "peer", openLink, clock: REAL_CLOCK, framing, replyDeadlineMs: 1000 });
    }

    for (const kind of ["tcp", "rtu"] as const) {
      const canRun = kind === "tcp" || hasSocat;

      it.skipIf(!canRun)(`every request and answer is understood over ${kind}`, async () => {
        const line = await lineTo(kind, { holding: { 10: 1234 }, coils: { 3: 1 }, inputs: { 2: 1 } });
        const unit = await line.join("unit 1", 1, () => undefined);
        expect(await unit.readRegisters(10, 2)).toEqual([1234, 0]);
        expect(await unit.readInputRegisters(10, 1)).toEqual([0]);
        expect(await unit.readCoils(0, 5)).toEqual([false, false, false, true, false]);
        expect(await unit.readDiscreteInputs(1, 3)).toEqual([false, true, false]);
        await unit.writeRegister(11, 0xbeef);
        await unit.writeRegisters(12, [1, 2, 0xffff]);
        await unit.writeCoil(4, true);
        await unit.writeCoils(5, [true, false, true]);
        expect(await unit.readRegisters(10, 5)).toEqual([1234, 0xbeef, 1, 2, 0xffff]);
        expect(await unit.readCoils(3, 6)).toEqual([true, true, true, false, true, false]);
        const answers = await Promise.all(Array.from({ length: 50 }, (_, at) => unit.readRegisters(at % 12, 1)));
        expect(answers.map(([value]) => value)).toEqual(
          Array.from({ length: 50 }, (_, at) => (at % 12 === 10 ? 1234 : at % 12 === 11 ? 0xbeef : 0)),
        );
        const refused = await unit.readRegisters(20_000, 1).catch((error: unknown) => error);
        expect(refused).toMatchObject({ code: "io.exception", detail: { exceptionCode: 2 } });
        unit.close();
      });

      it.skipIf(!canRun)(`a temperature is read over ${kind}, and its loss is named`, async () => {
        const sensor = createEurothermSensor({
          name: "oven",
          line: await lineTo(kind, controller),
          maximumAgeS: 2,
          intervalS: 0.1,
        });
        const faults: Fault[] = [];
        sensor.onFault((fault) => faults.push(fault));
        expect(await sensor.connect()).toMatchObject({ model: "Eurotherm 0xe480" });
        await until("there is a reading", () => sensor.fresh() !== undefined);
        expect(sensor.fresh()?.value).toBe(-10);
        peer?.kill();
        await until("its loss is named", () => faults.some(({ code }) => code === "link.closed"), 20_000);
        expect(sensor.fresh()).toBeUndefined();
        sensor.disconnect();
      });
    }

    it("the driver for ADAM modules finds one in its registers, and writes where one would be", async () => {
      const openLink = await reached("tcp", {
        holding: { 210: 0x6050, 212: 0xa101, 214: 1 },
        inputs: { 1: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1, 8: 1, 11: 1 },
      });
      const io = createModbusIo({
        name: "io",
        openLink,
        clock: REAL_CLOCK,
        map: ADAM_6050_MAP,
        unit: { kind: "adam-6050" },
        filterCount: 2,
        watchdogMs: 900,
        replyDeadlineMs: 400,
      });
      expect(await io.connect()).toMatchObject({ model: "Advantech ADAM-6050, 12 inputs, 6 outputs" });
      expect(await io.readInputs()).toMatchObject({ shutterClosedSwitch: true, shutterOpenSwitch: false });
      await io.permit.renewShutterPermit();
      await io.requestShutterOpen();
      const line = createModbusLine({ name: "second", openLink, clock: REAL_CLOCK, framing: { kind: "tcp" } });
      const unit = await line.join("second", 1, () => undefined);
      expect(await unit.readCoils(16, 6)).toEqual([true, true, false, false, false, true]);
      await io.requestShutterClosed();
      await io.permit.dropShutterPermit();
      expect(await unit.readCoils(16, 2)).toEqual([false, false]);
      unit.close();
      io.disconnect();
    });
  },
);
