import { expect, it } from "vitest";
import { Fault } from "../../../protocols/base/fault.ts";
import type { FaultCode } from "../../../protocols/base/fault.ts";
import type { Instrument } from "../../../protocols/roles/instrument.ts";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { identifyAll } from "../../../tui/run/preflight.ts";

/** Fails with these codes in turn, then answers. */
function instrument(name: string, codes: readonly FaultCode[]) {
  const calls = { connects: 0, disconnects: 0 };
  const made: Instrument = {
    name,
    driver: "test",
    connect() {
      const code = codes[calls.connects];
      calls.connects += 1;
      if (code !== undefined) return Promise.reject(new Fault(code, name, "no"));
      return Promise.resolve({ model: "M", serialNumber: null, firmware: null });
    },
    disconnect() {
      calls.disconnects += 1;
    },
    onFault: () => () => undefined,
  };
  return { made, calls };
}

async function found(instruments: readonly Instrument[]) {
  const clock = createVirtualClock(0, { drain: () => new Promise((resolve) => setImmediate(resolve)) });
  const looking = identifyAll(instruments, clock);
  await clock.run(120_000);
  return looking;
}

it("an instrument that misses its first answers is asked again, and every link is closed in the end", async () => {
  const slow = instrument("io", ["link.timeout", "link.open-failed"]);
  const quick = instrument("stage", []);
  expect(await found([slow.made, quick.made])).toEqual([]);
  expect(slow.calls.connects).toBe(3);
  expect(slow.calls.disconnects).toBe(3);
  expect(quick.calls).toEqual({ connects: 1, disconnects: 1 });
});

it("one that never answers is told after three tries, another device on the port at once", async () => {
  const dead = instrument("io", ["link.timeout", "link.timeout", "link.timeout", "link.timeout"]);
  const wrong = instrument("channel A1", ["device.wrong", "device.wrong"]);
  expect(await found([dead.made, wrong.made])).toMatchObject([
    { severity: "error", code: "link.timeout", where: "io" },
    { severity: "error", code: "device.wrong", where: "channel A1" },
  ]);
  expect(dead.calls.connects).toBe(3);
  expect(wrong.calls.connects).toBe(1);
});
