/** A cabinet behind its client, the cable and the driver's channels in virtual time. */
import {
  createNewareCabinet,
  type NewareCabinet,
  type NewareCabinetDeps,
} from "../../drivers/neware-bts/neware-cabinet.ts";
import type { NewareChannelOptions } from "../../drivers/neware-bts/neware-channel.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Channel, StepEnd } from "../../protocols/roles/channel.ts";
import type { NewareAddress } from "../../protocols/wire/neware/channel-address.ts";
import type { VirtualClock } from "../../simulator/clock/virtual-clock.ts";
import { createMemoryLink, type MemoryLink } from "../../simulator/links/memory-link.ts";
import { createNewareTwin, type NewareTwin, type NewareTwinDeps } from "../../simulator/neware-bts/neware-twin.ts";
import type { DeviceEnd } from "../../simulator/plant/plant.ts";
import { settleOn, testCell, testClock, type Sample, type TestCell } from "./methodscript-bench.ts";

export const DEVICE_ID = 21;

export interface ListenedChannel {
  readonly channel: Channel;
  readonly cell: TestCell;
  readonly samples: Sample[];
  readonly ends: StepEnd[];
  /** Of the running step. */
  readonly stepFaults: Fault[];
  /** Nobody asked for. */
  readonly faults: Fault[];
}

export interface NewareBench {
  readonly clock: VirtualClock;
  readonly cable: MemoryLink;
  readonly twin: NewareTwin;
  readonly cabinet: NewareCabinet;
  readonly channels: readonly ListenedChannel[];
  /** The first channel. */
  readonly one: ListenedChannel;
  /** Step files on the share, by the path the Windows computer knows. */
  readonly share: Map<string, string>;
  /** Requests that reached the client, and replies that left it, in order. */
  readonly requests: string[];
  pass(seconds: number): Promise<void>;
  settle<T>(work: Promise<T>): Promise<T>;
  faultOf(work: Promise<unknown>): Promise<Fault>;
}

export interface NewareBenchOptions {
  readonly channelCount?: number;
  readonly cabinet?: Partial<NewareCabinetDeps>;
  readonly twin?: Partial<NewareTwinDeps>;
  readonly channel?: NewareChannelOptions;
  /** False keeps a reply from the host. */
  readonly passes?: (reply: string) => boolean;
  readonly alter?: (reply: string) => string;
}

/** Eight channels to a unit. */
export function addressOf(index: number): NewareAddress {
  return {
    ip: "127.0.0.1",
    deviceType: 27,
    deviceId: DEVICE_ID,
    subdeviceId: 1 + Math.floor(index / 8),
    channelId: 1 + (index % 8),
  };
}

export function createNewareBench(options: NewareBenchOptions = {}): NewareBench {
  const clock = testClock();
  const cable = createMemoryLink(clock, { name: "cabinet", latencyMs: 1 });
  const share = new Map<string, string>();
  const requests: string[] = [];
  const cells = Array.from({ length: options.channelCount ?? 1 }, () => testCell());
  const end: DeviceEnd = {
    ...cable.end,
    onData(handler) {
      cable.end.onData((chunk) => {
        requests.push(Buffer.from(chunk).toString("utf8"));
        handler(chunk);
      });
    },
    send(chunk) {
      const reply = Buffer.from(chunk).toString("utf8");
      if (options.passes?.(reply) === false) return;
      cable.end.send(Buffer.from(options.alter?.(reply) ?? reply, "utf8"));
    },
  };
  const twin = createNewareTwin({
    end,
    clock,
    channels: cells.map((cell, index) => ({ ...addressOf(index), cell })),
    readFile: (path) => share.get(path),
    deviceId: DEVICE_ID,
    tickMs: 100,
    ...options.twin,
  });
  const cabinet = createNewareCabinet({
    name: "cabinet 21",
    openLink: cable.openLink,
    clock,
    stepFileFolder: "\\\\nas\\steps",
    writeFolder: "/mnt/steps",
    writeFile(path, text) {
      share.set(path.replace("/mnt/steps/", "\\\\nas\\steps\\"), text);
      return Promise.resolve();
    },
    ...options.cabinet,
  });
  const channels = cells.map((cell, index) => listened(clock, cell, cabinet, index, options.channel));
  const [one] = channels;
  if (one === undefined) throw new Error("a bench needs a channel");

  return {
    clock,
    cable,
    twin,
    cabinet,
    channels,
    one,
    share,
    requests,
    pass: (seconds) => clock.run(clock.nowMs() + seconds * 1000),
    settle: (work) => settleOn(clock, work),
    async faultOf(work) {
      try {
        await settleOn(clock, work);
      } catch (error) {
        if (error instanceof Fault) return error;
        throw error;
      }
      throw new Error("nothing was refused");
    },
  };
}

function listened(
  clock: VirtualClock,
  cell: TestCell,
  cabinet: NewareCabinet,
  index: number,
  options: NewareChannelOptions = {},
): ListenedChannel {
  const channel = cabinet.channel(`channel ${index + 1}`, addressOf(index), options);
  const made: ListenedChannel = { channel, cell, samples: [], ends: [], stepFaults: [], faults: [] };
  channel.listen({
    sample(timeS, voltageV, currentA, flags) {
      made.samples.push({ timeS, voltageV, currentA, flags });
    },
    stepEnded(end) {
      made.ends.push(end);
      clock.touch();
    },
    fault(fault) {
      made.stepFaults.push(fault);
    },
  });
  channel.onFault((fault) => {
    made.faults.push(fault);
  });
  return made;
}
