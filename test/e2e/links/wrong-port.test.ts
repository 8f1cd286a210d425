/** Instruments on real ports, at the wrong rate or on each other's: what an operator is told. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assert } from "../../../protocols/base/assert.ts";
import { isFault, type Fault } from "../../../protocols/base/fault.ts";
import type { DeviceEnd } from "../../../simulator/plant/plant.ts";
import { createSiteDrivers } from "../../../tui/rig/drivers.ts";
import { createTwins } from "../../../tui/rig/twins.ts";
import { captureSite, worldOf } from "../../support/captured-conversations.ts";
import { createRealWorld, REAL_CLOCK, type RealCable, type RealWorld } from "../../support/real-cable.ts";
import { heardAtRate } from "../../support/wrong-rate.ts";

interface PortOf {
  /** Of the instrument on it. */
  readonly name: string;
  /** Of a serial port; the others are TCP. */
  readonly baud?: number;
  readonly wrongBaud?: number;
}

/** By the names of their cables. */
const PORTS: Readonly<Record<string, PortOf>> = {
  "channel A1": { name: "channel A1", baud: 921_600, wrongBaud: 115_200 },
  stage: { name: "stage", baud: 115_200, wrongBaud: 9600 },
  "beam diode": { name: "beam diode", baud: 9600, wrongBaud: 19_200 },
  "/dev/serial/by-id/usb-rs485": { name: "oven", baud: 9600, wrongBaud: 38_400 },
  "channel A2": { name: "channel A2" },
  gates: { name: "gates" },
};
const NOBODY: DeviceEnd = {
  onOpen: () => undefined,
  onClose: () => undefined,
  onData: () => undefined,
  send: () => undefined,
  hangUp: () => undefined,
};

let world: RealWorld;
let stop: () => void;
let isWrongRate = false;
const ports = new Map<string, RealCable>();
const site = captureSite();

beforeAll(async () => {
  world = createRealWorld();
  for (const [cable, { name, baud }] of Object.entries(PORTS)) {
    ports.set(cable, await world.cable(baud === undefined ? "tcp" : "serial", name.replaceAll(" ", "-")));
  }
  const twins = createTwins(
    site,
    site.channels.map((channel) => channel.position),
    {
      world: worldOf(site, world.clock),
      clock: world.clock,
      endOf: (cable) => atRate(cable),
      httpEndOf: () => ({ onRequest: () => undefined }),
      publish: () => ({ stop: () => undefined }),
      messagesOf: () => ({ publish: () => undefined, onMessage: () => undefined }),
      readStepFile: () => undefined,
      codeOf: () => undefined,
      startWallMs: 0,
    },
  );
  stop = () => {
    twins.stop();
  };
});

afterAll(async () => {
  stop();
  await world.close();
});

/** The instrument keeps its rate; the controller's port may be set to another. */
function atRate(cable: string): DeviceEnd {
  const end = ports.get(cable)?.end;
  if (end === undefined) return NOBODY;
  const { baud, wrongBaud } = PORTS[cable] ?? {};
  if (baud === undefined || wrongBaud === undefined) return end;
  return {
    ...end,
    onData(handler) {
      end.onData((chunk) => {
        const heard = isWrongRate ? heardAtRate(chunk, wrongBaud, baud) : chunk;
        if (heard.length > 0) handler(heard);
      });
    },
    send(chunk) {
      end.send(isWrongRate ? heardAtRate(chunk, baud, wrongBaud) : chunk);
    },
  };
}

/** Connects the instrument on `cable` by the port of `portOf`. */
async function troubleOf(cable: string, portOf = cable): Promise<Fault | null> {
  const drivers = createSiteDrivers(site, {
    clock: REAL_CLOCK,
    openLinkOf: () => {
      const port = ports.get(portOf);
      assert(port !== undefined, portOf);
      return port.openLink;
    },
    httpPortOf: () => {
      throw new Error("nothing here speaks HTTP");
    },
    writeFile: () => Promise.resolve(),
  });
  const instrument = drivers.byName(PORTS[cable]?.name ?? "")?.instrument;
  assert(instrument !== undefined, cable);
  try {
    await instrument.connect();
    return null;
  } catch (error) {
    if (!isFault(error)) throw error;
    return error;
  } finally {
    instrument.disconnect();
  }
}

const CABLES = Object.keys(PORTS);
const SERIAL = CABLES.filter((cable) => PORTS[cable]?.baud !== undefined);

function expectAdvice(fault: Fault | null, cable: string): void {
  expect(["link.timeout", "link.garbled"], cable).toContain(fault?.code);
  expect(fault?.where).toContain(PORTS[cable]?.name);
  expect(fault?.advice).toContain("baud rate");
  expect(fault?.advice).toContain("another device is on this port");
}

describe("instruments on real ports", () => {
  it("are identified at the right rate, each on its own port", async () => {
    expect(await Promise.all(CABLES.map((cable) => troubleOf(cable)))).toEqual(CABLES.map(() => null));
  });

  it("at the wrong rate are not there: the advice is of the rate, and of another device on the port", async () => {
    isWrongRate = true;
    const faults = await Promise.all(SERIAL.map((cable) => troubleOf(cable)));
    isWrongRate = false;
    for (const [index, cable] of SERIAL.entries()) expectAdvice(faults[index] ?? null, cable);
  }, 240_000);

  it("on each other's ports are refused with what answers, or nothing that they understand is heard", async () => {
    const [gates, smu, ...others] = await Promise.all([
      troubleOf("gates", "channel A2"),
      troubleOf("channel A2", "gates"),
      ...SERIAL.map((cable, index) => troubleOf(cable, SERIAL[(index + 1) % SERIAL.length])),
    ]);
    expect(gates).toMatchObject({ code: "device.wrong", where: "gates" });
    expect(gates?.message).toMatch(/^not a DG645: `Keithley.*` answers here$/i);
    expect(smu).toMatchObject({ code: "device.wrong", where: "channel A2" });
    expect(smu?.message).toMatch(/Stanford/i);
    for (const [index, cable] of SERIAL.entries()) expectAdvice(others[index] ?? null, cable);
  }, 240_000);
});
