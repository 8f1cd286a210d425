/** What the simulated ADAM module answers, byte for byte, and what the driver sends to one. */
import { describe, expect, it } from "vitest";
import type { DeviceEnd } from "../../../simulator/plant/plant.ts";
import { createAdamTwin } from "../../../simulator/modbus-io/adam-twin.ts";
import { createVirtualTime } from "../../contract/contract-bench.ts";
import { ADAM_6050_MAP, createAdamBench } from "../../unit/modbus-io/adam-bench.ts";
import { createPlainBeam } from "../../unit/modbus-io/bench.ts";

function createModule() {
  const time = createVirtualTime();
  const beam = createPlainBeam();
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
    hangUp: () => undefined,
  };
  createAdamTwin({ end, clock: time.clock, beam, map: ADAM_6050_MAP, relayMs: 700 });
  return {
    beam,
    /** Unit and PDU in hex; the answer's unit and PDU. */
    async ask(body: string): Promise<string> {
      const pdu = Buffer.from(body.replaceAll(" ", ""), "hex");
      onData(Uint8Array.of(0x12, 0x34, 0, 0, 0, pdu.length, ...pdu));
      await time.pass(0.01);
      const answer = said.splice(0).join(" / ");
      expect(answer.startsWith("12340000")).toBe(true);
      return (answer.slice(12).match(/../g) ?? []).join(" ");
    },
  };
}

describe("a simulated ADAM-6050", () => {
  it.each([
    ["reads inputs by function 1 or 2", "01 02 00 00 00 0c", "01 02 02 fa 01"],
    ["reads inputs by function 1 or 2", "01 01 00 00 00 0c", "01 01 02 fa 01"],
    ["reads outputs from address 16", "01 01 00 10 00 06", "01 01 01 00"],
    ["forces one output", "01 05 00 13 ff 00", "01 05 00 13 ff 00"],
    ["releases one by FF FF", "01 05 00 13 ff ff", "01 05 00 13 ff ff"],
    ["forces several", "01 0f 00 10 00 06 01 18", "01 0f 00 10 00 06"],
    ["tells its name, version and safety", "01 03 00 d2 00 06", "01 03 0c 60 50 00 00 a1 01 00 00 00 01 00 00"],
    ["tells inputs as a word", "01 04 01 2c 00 01", "01 04 02 01 fa"],
    ["writes outputs as a word", "01 06 01 2e 00 08", "01 06 01 2e 00 08"],
    ["refuses an address between inputs and outputs", "01 01 00 0c 00 01", "01 81 02"],
    ["refuses an address after its outputs", "01 01 00 11 00 06", "01 81 02"],
    ["refuses a coil among the inputs", "01 05 00 03 ff 00", "01 85 02"],
    ["refuses another value for a coil", "01 05 00 10 12 34", "01 85 03"],
    ["knows no function 23", "01 17 00 00 00 01 00 00 00 01 02 00 00", "01 97 01"],
  ])("%s: %s", async (_, request, answer) => {
    expect(await createModule().ask(request)).toBe(answer);
  });
});

it("the driver's own writes to an ADAM module name outputs from address 16", async () => {
  const bench = createAdamBench("adam-6050");
  await bench.settle(bench.io.connect());
  const before = bench.twin.server.requestCount;
  await bench.settle(bench.io.permit.renewShutterPermit());
  await bench.settle(bench.io.setFilters([true, false]));
  expect(bench.twin.outputs).toEqual([false, true, false, true, false, true]);
  // Heartbeat, a look at the safety, permit, filters.
  expect(bench.twin.server.requestCount - before).toBe(4);
});
