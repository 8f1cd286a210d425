/** Channels on real ports, faster than the contract's own pace where the instrument samples that fast. */
import { createKeithleyChannel } from "../../../drivers/keithley-smu/keithley-channel.ts";
import { createModbusLine } from "../../../drivers/link/modbus-line.ts";
import { createModbusCyclerChannel, cyclerLineOptions } from "../../../drivers/modbus-cycler/modbus-cycler-channel.ts";
import { createNewareCabinet } from "../../../drivers/neware-bts/neware-cabinet.ts";
import { createMethodScriptChannel } from "../../../drivers/palmsens-methodscript/methodscript-channel.ts";
import type { Channel } from "../../../protocols/roles/channel.ts";
import { createKeithleyTwin } from "../../../simulator/keithley-smu/keithley-twin.ts";
import { createPsbTwin } from "../../../simulator/modbus-cycler/psb-twin.ts";
import { createNewareTwin } from "../../../simulator/neware-bts/neware-twin.ts";
import { createMethodScriptTwin } from "../../../simulator/palmsens-methodscript/methodscript-twin.ts";
import { channelContract, listenTo, type ChannelBench } from "../../contract/channel.ts";
import { countedCell, type CountedCell } from "../../contract/counted-cell.ts";
import { smallPsbMap } from "../../support/cycler-bench.ts";
import { addressOf, DEVICE_ID } from "../../support/neware-bench.ts";
import { createRealWorld, REAL_CLOCK, type RealCable, type RealWorld } from "../../support/real-cable.ts";

interface Parts {
  readonly world: RealWorld;
  readonly cable: RealCable;
  readonly cell: CountedCell;
}

interface Family {
  readonly name: string;
  readonly kind: "tcp" | "serial";
  readonly pace: number;
  readonly voltageToleranceV: number;
  readonly currentToleranceA: number;
  make(parts: Parts, isAnother: boolean): Channel;
}

const FAMILIES: readonly Family[] = [
  ...(["tcp", "serial"] as const).map((kind): Family => ({
    name: "modbus-cycler",
    kind,
    pace: 0.3,
    voltageToleranceV: 0.001,
    currentToleranceA: 0.00001,
    make({ world, cable, cell }, isAnother) {
      createPsbTwin({
        end: cable.end,
        clock: world.clock,
        cell,
        framing: { kind: kind === "tcp" ? "tcp" : "rtu" },
        ...(isAnother ? { model: "EL 9080-170 B" } : {}),
      });
      const small = smallPsbMap();
      const map = { ...small, capabilities: { ...small.capabilities, sampleIntervalMinS: 0.1 } };
      const line = createModbusLine({
        name: "psb",
        openLink: cable.openLink,
        clock: REAL_CLOCK,
        framing: kind === "tcp" ? { kind } : { kind: "rtu", baud: 115_200, lateReplyMs: 300 },
        ...cyclerLineOptions(map),
      });
      return createModbusCyclerChannel({ name: "channel B7", line, map });
    },
  })),
  {
    name: "keithley-smu",
    kind: "tcp",
    pace: 0.5,
    voltageToleranceV: 0.0005,
    currentToleranceA: 0.000005,
    make({ world, cable, cell }, isAnother) {
      const identity = isAnother ? { identity: "ACME,MODEL 2450,1,1" } : {};
      createKeithleyTwin({ end: cable.end, clock: world.clock, cell, ...identity });
      return createKeithleyChannel({ name: "channel B7", openLink: cable.openLink, clock: REAL_CLOCK });
    },
  },
  {
    name: "palmsens-methodscript",
    kind: "serial",
    pace: 0.3,
    voltageToleranceV: 0.0005,
    currentToleranceA: 0.00001,
    make({ world, cable, cell }, isAnother) {
      createMethodScriptTwin({ end: cable.end, clock: world.clock, cell, serialNumber: "ES4HR20B0008" });
      return createMethodScriptChannel({
        name: "channel B7",
        openLink: cable.openLink,
        clock: REAL_CLOCK,
        expectedSerialNumber: isAnother ? "ES4HR20B0009" : "ES4HR20B0008",
      });
    },
  },
  {
    name: "neware-bts",
    kind: "tcp",
    pace: 1,
    voltageToleranceV: 0.0002,
    currentToleranceA: 0.0001,
    make({ world, cable, cell }, isAnother) {
      const share = new Map<string, string>();
      createNewareTwin({
        end: cable.end,
        clock: world.clock,
        channels: [{ ...addressOf(0), ...(isAnother ? { channelId: 8 } : {}), cell }],
        readFile: (path) => share.get(path),
        deviceId: DEVICE_ID,
        tickMs: 100,
        refreshMs: 500,
      });
      return createNewareCabinet({
        name: "cabinet 21",
        openLink: cable.openLink,
        clock: REAL_CLOCK,
        stepFileFolder: "\\\\nas\\steps",
        writeFolder: "steps",
        pollMs: 500,
        liveAgeMs: 500,
        writeFile(path, text) {
          share.set(path.replace("steps/", "\\\\nas\\steps\\"), text);
          return Promise.resolve();
        },
      }).channel("channel 1", addressOf(0));
    },
  },
];

for (const family of FAMILIES) {
  channelContract(
    `${family.name} on a real ${family.kind} link`,
    async (options) => {
      const world = createRealWorld();
      const cable = await world.cable(family.kind, "channel");
      const cell = countedCell(0.06 * family.pace);
      const channel = family.make({ world, cable, cell }, options?.isAnotherDevice === true);
      const heard = listenTo(channel);
      const bench: ChannelBench = {
        settle: (work) => work,
        pass: (seconds) => world.pass(seconds * 1000),
        nowS: () => world.clock.nowMs() / 1000,
        close() {
          channel.disconnect();
          return world.close();
        },
        faults: heard.faults,
        channel,
        cell,
        heard,
        voltageToleranceV: family.voltageToleranceV,
        currentToleranceA: family.currentToleranceA,
        loseNextStartAnswer() {
          throw new Error("left to links in memory");
        },
        cut: cable.cut,
        silence: cable.hang,
      };
      return bench;
    },
    { isRealTime: true, pace: family.pace },
  );
}
