/** What our end sends to a PSB and reads in its answers: the maker's samples, on a cable without a simulated unit. */
import { expect, it } from "vitest";
import { createModbusLine } from "../../../drivers/link/modbus-line.ts";
import type { ModbusBus } from "../../../drivers/link/modbus-bus.ts";
import { readCyclerMap } from "../../../protocols/wire/modbus-cycler/read-register-map.ts";
import { decodeBit, decodeNumber } from "../../../protocols/wire/modbus-cycler/register-values.ts";
import { createMemoryCable, createVirtualTime, faultOf } from "../../contract/contract-bench.ts";
import { repositoryText } from "../../support/campaign-files.ts";

function createBareUnit(kind: "rtu" | "tcp") {
  const time = createVirtualTime();
  const cable = createMemoryCable(time, "psb");
  const sent: string[] = [];
  let answer = "";
  cable.end.onData((chunk) => {
    sent.push(spaced(chunk));
    cable.end.send(Buffer.from(answer.replaceAll(" ", ""), "hex"));
  });
  const framing = kind === "tcp" ? ({ kind } as const) : ({ kind, baud: 115_200 } as const);
  const line = createModbusLine({ name: "psb", openLink: cable.openLink, clock: time.clock, framing });
  return {
    time,
    sent,
    joined: (unit: number) => time.settle(line.join("psb", unit, () => undefined)),
    answerWith: (text: string): void => {
      answer = text;
    },
  };
}

function spaced(bytes: Uint8Array): string {
  return (Buffer.from(bytes).toString("hex").match(/../g) ?? []).join(" ");
}

it.each([
  ["remote control on", "01 05 01 92 ff 00 2c 2b", (bus: ModbusBus) => bus.writeCoil(402, true)],
  ["remote control off", "01 05 01 92 00 00 6d db", (bus: ModbusBus) => bus.writeCoil(402, false)],
  ["output on", "01 05 01 95 ff 00 9d ea", (bus: ModbusBus) => bus.writeCoil(405, true)],
  ["half the current", "01 06 01 f5 66 66 33 8e", (bus: ModbusBus) => bus.writeRegister(501, 0x6666)],
])("%s is %s, and is done when it is echoed", async (_, frame, order) => {
  const { time, sent, joined, answerWith } = createBareUnit("rtu");
  const bus = await joined(1);
  answerWith(frame);
  await time.settle(order(bus));
  expect(sent).toEqual([frame]);
});

it.each([
  ["not in remote control", "01 85 07 03 52", 7],
  ["in local mode", "01 85 17 02 9e", 0x17],
])("a unit %s says so by an exception, and it is told with its number", async (_, answer, exceptionCode) => {
  const { time, joined, answerWith } = createBareUnit("rtu");
  const bus = await joined(1);
  answerWith(answer);
  const fault = await faultOf(time, bus.writeCoil(402, true));
  expect(fault).toMatchObject({ code: "io.exception", detail: { exceptionCode } });
});

it("nominal voltage, actual values and state are asked and read as the maker's samples have them", async () => {
  const { map } = readCyclerMap(repositoryText("protocols/modbus-maps/ea-psb.yaml"), "ea-psb.yaml");
  if (map?.nominal.voltage_V === undefined) throw new Error("the map was not read");
  const { time, sent, joined, answerWith } = createBareUnit("rtu");
  const bus = await joined(1);

  answerWith("01 03 04 42 a0 00 00 ee 69");
  const { address, count } = map.nominal.voltage_V;
  const nominal = decodeNumber(map.nominal.voltage_V, await time.settle(bus.readRegisters(address, count)), {});
  expect(nominal).toEqual({ ok: true, value: 80 });

  answerWith("01 03 06 26 20 0c 9b 09 1b 93 50");
  const [voltage = 0] = await time.settle(bus.readRegisters(507, 3));
  const actual = decodeNumber(map.read.voltageV, [voltage], { voltage_V: 80 });
  expect(actual.ok && actual.value).toBeCloseTo((80 * 9760) / 52_428, 9);

  answerWith("01 03 04 00 00 04 83 b9 52");
  const state = await time.settle(bus.readRegisters(505, 2));
  expect(decodeBit(map.read.isOn, state)).toEqual({ ok: true, value: true });
  if (map.read.isDischarging === null) throw new Error("the map tells no direction");
  expect(decodeBit(map.read.isDischarging, state)).toEqual({ ok: true, value: false });

  expect(sent).toEqual(["01 03 00 79 00 02 15 d2", "01 03 01 fb 00 03 75 c6", "01 03 01 f9 00 02 15 c6"]);
});

it("on TCP the same question goes to unit 0, under a number of its own", async () => {
  const { time, sent, joined, answerWith } = createBareUnit("tcp");
  const bus = await joined(0);
  answerWith("00 01 00 00 00 07 00 03 04 43 fa 00 00");
  expect(await time.settle(bus.readRegisters(121, 2))).toEqual([0x43fa, 0]);
  expect(sent).toEqual(["00 01 00 00 00 06 00 03 00 79 00 02"]);
});
