/** What the simulated PSB answers, byte for byte; frames from the maker's guide where it gives them. */
import { describe, expect, it } from "vitest";
import type { DeviceEnd } from "../../../simulator/plant/plant.ts";
import { createPsbTwin, type PsbTwinDeps } from "../../../simulator/modbus-cycler/psb-twin.ts";
import { createVirtualTime } from "../../contract/contract-bench.ts";
import { crc16 } from "../../../protocols/wire/modbus/rtu-frame.ts";
import { testCell } from "../../support/methodscript-bench.ts";

function createUnit(options: Partial<PsbTwinDeps> = {}) {
  const time = createVirtualTime();
  const cell = testCell(40, 1e6, 0.1);
  const said: string[] = [];
  let onData: (chunk: Uint8Array) => void = () => undefined;
  const end: DeviceEnd = {
    onOpen: () => undefined,
    onClose: () => undefined,
    onData(handler) {
      onData = handler;
    },
    send(chunk) {
      said.push(Buffer.from(chunk).toString("hex"));
    },
    hangUp: () => said.push("hung up"),
  };
  const twin = createPsbTwin({
    end,
    clock: time.clock,
    cell,
    nominalV: 80,
    nominalA: 60,
    framing: { kind: "rtu" },
    compliance: "full",
    ...options,
  });
  const raw = async (bytes: Uint8Array): Promise<string> => {
    onData(bytes);
    await time.pass(0.05);
    return said.splice(0).join(" / ");
  };
  return {
    twin,
    cell,
    time,
    raw,
    /** A whole RTU frame in hex. */
    frame: async (text: string): Promise<string> => spaced(await raw(hex(text))),
    /** Without checksum, on the way and back. */
    async ask(body: string): Promise<string> {
      const bytes = hex(body);
      const crc = crc16(bytes);
      const answer = await raw(Uint8Array.of(...bytes, crc & 0xff, crc >> 8));
      return spaced(answer.slice(0, -4));
    },
  };
}

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
}

function spaced(text: string): string {
  return (text.match(/../g) ?? []).join(" ");
}

describe("a simulated PSB of 80 V and 60 A", () => {
  it.each([
    ["01 05 01 92 ff 00 2c 2b", "01 05 01 92 ff 00 2c 2b"],
    ["01 05 01 92 00 00 6d db", "01 05 01 92 00 00 6d db"],
    ["01 03 00 79 00 02 15 d2", "01 03 04 42 a0 00 00 ee 69"],
  ])("answers %s with %s, as the guide has it", async (request, answer) => {
    expect(await createUnit().frame(request)).toBe(answer);
  });

  it("echoes what it takes in remote control, and refuses it without", async () => {
    const unit = createUnit();
    expect(await unit.frame("01 06 01 f5 66 66 33 8e")).toMatch(/^01 86 07/);
    expect(await unit.frame("01 05 01 95 ff 00 9d ea")).toBe("01 85 07 03 52");
    await unit.frame("01 05 01 92 ff 00 2c 2b");
    expect(await unit.frame("01 06 01 f5 66 66 33 8e")).toBe("01 06 01 f5 66 66 33 8e");
    expect(await unit.frame("01 05 01 95 ff 00 9d ea")).toBe("01 05 01 95 ff 00 9d ea");
    expect(unit.twin.isOutputOn).toBe(true);
  });

  it("refuses remote control with exception 17 hex while its front panel has it", async () => {
    const unit = createUnit();
    unit.twin.setLocal(true);
    expect(await unit.frame("01 05 01 92 ff 00 2c 2b")).toBe("01 85 17 02 9e");
  });

  it("tells state and actual values: source, constant current, 50 % of its current", async () => {
    const unit = createUnit();
    for (const request of ["05 01 92 ff 00", "06 01 f6 cc cc", "06 01 f4 cc cc", "06 01 f5 66 66", "05 01 95 ff 00"])
      expect(await unit.ask(`01 ${request}`)).toBe(`01 ${request}`);
    expect(await unit.ask("01 03 01 f9 00 02")).toBe("01 03 04 00 00 04 83");
    // 43 V of 80 and 30 A of 60.
    expect(await unit.ask("01 03 01 fb 00 02")).toBe("01 03 04 6e 14 66 66");
    expect(await unit.ask("01 06 01 f4 00 00")).toBe("01 06 01 f4 00 00");
    expect(await unit.ask("01 06 01 f2 cc cc")).toBe("01 06 01 f2 cc cc");
    expect(await unit.ask("01 06 01 f3 33 33")).toBe("01 06 01 f3 33 33");
    await unit.time.pass(0.2);
    expect(await unit.ask("01 03 01 f9 00 02")).toBe("01 03 04 80 00 04 83");
    expect(await unit.ask("01 03 01 fc 00 01")).toBe("01 03 02 33 34");
  });

  it.each([
    ["a read across data formats", "01 03 01 f9 00 03", "01 83 02"],
    ["a register it does not have", "01 03 0f a0 00 01", "01 83 02"],
    ["two coils at once", "01 01 01 92 00 02", "01 81 03"],
    ["a coil it does not have", "01 05 00 00 ff 00", "01 85 02"],
    ["several coils by function 15", "01 0f 01 92 00 01 01 01", "01 8f 01"],
    ["input registers", "01 04 01 fb 00 01", "01 84 01"],
    ["a write to what can only be read", "01 06 00 79 00 00", "01 86 07"],
    ["no registers at all", "01 03 01 fb 00 00", "01 83 03"],
  ])("refuses %s", async (_, request, answer) => {
    expect(await createUnit().ask(request)).toBe(answer);
  });

  it("refuses a setting above 102 %", async () => {
    const unit = createUnit();
    await unit.ask("01 05 01 92 ff 00");
    expect(await unit.ask("01 06 01 f4 d0 e5")).toBe("01 06 01 f4 d0 e5");
    expect(await unit.ask("01 06 01 f4 d0 e6")).toBe("01 86 03");
  });

  it("answers coils in one byte by the standard, in two as it comes from the factory", async () => {
    expect(await createUnit().ask("01 01 01 92 00 01")).toBe("01 01 01 00");
    const limited = createUnit({ compliance: "limited" });
    expect(await limited.frame("00 05 01 92 ff 00 2d fa")).toBe("00 05 01 92 ff 00 2d fa");
    expect(await limited.ask("00 01 01 92 00 01")).toBe("00 01 02 ff 00");
    expect(await limited.ask("01 03 00 79 00 02")).toBe("");
  });

  it("does not answer a frame whose checksum is wrong, nor half a frame, and takes the next", async () => {
    const unit = createUnit();
    expect(await unit.frame("01 03 00 79 00 02 15 d3")).toBe("");
    expect(await unit.frame("01 03 00 79")).toBe("");
    expect(await unit.frame("01 03 00 79 00 02 15 d2")).toBe("01 03 04 42 a0 00 00 ee 69");
  });

  it("answers on TCP with unit 0, and closes after 5 s of silence", async () => {
    const unit = createUnit({ framing: { kind: "tcp" }, compliance: "limited", nominalV: 500 });
    expect(spaced(await unit.raw(hex("47 11 00 00 00 06 00 03 00 79 00 02")))).toBe(
      "47 11 00 00 00 07 00 03 04 43 fa 00 00",
    );
    expect(spaced(await unit.raw(hex("47 12 00 00 00 06 01 03 00 79 00 02")))).toBe("47 12 00 00 00 03 01 83 02");
    await unit.time.pass(5);
    expect(await unit.raw(new Uint8Array(0))).toContain("hung up");
  });
});
