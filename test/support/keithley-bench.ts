/** A source-measure unit, its cable and the driver's channel in virtual time. */
import { createKeithleyChannel, type KeithleySmuDeps } from "../../drivers/keithley-smu/keithley-channel.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Channel, StepEnd } from "../../protocols/roles/channel.ts";
import type { VirtualClock } from "../../simulator/clock/virtual-clock.ts";
import {
  createKeithleyTwin,
  type KeithleyTwin,
  type KeithleyTwinDeps,
} from "../../simulator/keithley-smu/keithley-twin.ts";
import { createMemoryLink, type MemoryLink } from "../../simulator/links/memory-link.ts";
import type { DeviceEnd } from "../../simulator/plant/plant.ts";
import { settleOn, testCell, testClock, type Sample, type TestCell } from "./methodscript-bench.ts";

export interface KeithleyBench {
  readonly clock: VirtualClock;
  readonly cable: MemoryLink;
  readonly cell: TestCell;
  readonly twin: KeithleyTwin;
  readonly channel: Channel;
  readonly samples: Sample[];
  readonly ends: StepEnd[];
  readonly stepFaults: Fault[];
  readonly faults: Fault[];
  /** Lines the unit received. */
  readonly lines: string[];
  pass(seconds: number): Promise<void>;
  settle<T>(work: Promise<T>): Promise<T>;
  faultOf(work: Promise<unknown>): Promise<Fault>;
}

export interface KeithleyBenchOptions {
  readonly channel?: Partial<KeithleySmuDeps>;
  readonly twin?: Partial<KeithleyTwinDeps>;
  /** What the unit says on its way out; undefined loses it. */
  readonly alter?: (text: string) => string | undefined;
}

export function createKeithleyBench(options: KeithleyBenchOptions = {}): KeithleyBench {
  const clock = testClock();
  const cable = createMemoryLink(clock, { name: "smu", latencyMs: 1 });
  const cell = testCell();
  const lines: string[] = [];
  const end: DeviceEnd = {
    ...cable.end,
    onData(handler) {
      cable.end.onData((chunk) => {
        lines.push(...Buffer.from(chunk).toString("latin1").trim().split("\n"));
        handler(chunk);
      });
    },
    send(chunk) {
      const text = Buffer.from(chunk).toString("latin1");
      const altered = options.alter === undefined ? text : options.alter(text);
      if (altered !== undefined) cable.end.send(Buffer.from(altered, "latin1"));
    },
  };
  const twin = createKeithleyTwin({ end, clock, cell, ...options.twin });
  const channel = createKeithleyChannel({ name: "channel B7", openLink: cable.openLink, clock, ...options.channel });
  const samples: Sample[] = [];
  const ends: StepEnd[] = [];
  const stepFaults: Fault[] = [];
  const faults: Fault[] = [];
  channel.listen({
    sample(timeS, voltageV, currentA, flags) {
      samples.push({ timeS, voltageV, currentA, flags });
    },
    stepEnded(word) {
      ends.push(word);
      clock.touch();
    },
    fault(fault) {
      stepFaults.push(fault);
    },
  });
  channel.onFault((fault) => {
    faults.push(fault);
  });
  return {
    clock,
    cable,
    cell,
    twin,
    channel,
    samples,
    ends,
    stepFaults,
    faults,
    lines,
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
