import { createDg645Trigger, type Dg645Options } from "../../../drivers/srs-dg645/dg645-trigger.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import type { Trigger } from "../../../protocols/roles/trigger.ts";
import { createMemoryLink, type MemoryLink } from "../../../simulator/links/memory-link.ts";
import type { DeviceEnd } from "../../../simulator/plant/plant.ts";
import { createDg645Twin, type Dg645Twin, type Dg645TwinDeps } from "../../../simulator/srs-dg645/dg645-twin.ts";
import {
  createVirtualTime,
  type ContractCable,
  type ContractTime,
  type VirtualTime,
} from "../../contract/contract-bench.ts";
import type { TriggerBench } from "../../contract/trigger.ts";

export interface Dg645Parts {
  readonly twin: Dg645Twin;
  readonly trigger: Trigger;
  readonly faults: Fault[];
  /** Gates of the output AB. */
  readonly gates: { fromS: number; toS: number | null }[];
  /** Lines the device was sent. */
  readonly lines: string[];
  /** Says something to the device on its own panel. */
  say(line: string): void;
  /** Lines that give undefined do not reach the device. */
  hears: (line: string) => string | undefined;
  /** Answers for which this is false are lost. */
  answers: (text: string) => boolean;
}

export interface Dg645Bench extends VirtualTime, Dg645Parts {
  readonly cable: MemoryLink;
}

export type Dg645BenchOptions = Dg645Options & Pick<Dg645TwinDeps, "identity">;

/** A driver and its simulated DG645 on one cable in memory; not connected. */
export function createDg645Bench(options: Dg645BenchOptions = {}): Dg645Bench {
  const time = createVirtualTime();
  const cable = createMemoryLink(time.clock, { name: "trigger", latencyMs: 0.5 });
  // Copied would be values: the hooks are looked at as they are.
  return Object.assign(createDg645On(time, cable, options), time, { cable });
}

/** The same on any cable. */
export function createDg645On(
  { clock, world }: ContractTime,
  cable: Pick<ContractCable, "openLink" | "end">,
  options: Dg645BenchOptions,
): Dg645Parts {
  const lines: string[] = [];
  const gates: { fromS: number; toS: number | null }[] = [];
  let toDevice: (chunk: Uint8Array) => void = () => undefined;
  const end: DeviceEnd = {
    ...cable.end,
    onData(handler) {
      toDevice = handler;
      cable.end.onData((chunk) => {
        for (const line of Buffer.from(chunk)
          .toString("latin1")
          .split(/(?<=\n)/)) {
          lines.push(line.trimEnd());
          const heard = bench.hears(line);
          if (heard !== undefined) handler(Buffer.from(heard, "latin1"));
        }
      });
    },
    send(chunk) {
      if (bench.answers(Buffer.from(chunk).toString("latin1"))) cable.end.send(chunk);
    },
  };
  const twin = createDg645Twin({
    end,
    clock: world,
    onGate(output, isHigh, atMs) {
      if (output !== 1) return;
      const last = gates.at(-1);
      if (isHigh) gates.push({ fromS: atMs / 1000, toS: null });
      else if (last !== undefined) last.toS = atMs / 1000;
    },
    ...(options.identity === undefined ? {} : { identity: options.identity }),
  });
  const trigger = createDg645Trigger({ name: "trigger", openLink: cable.openLink, clock, ...options });
  const faults: Fault[] = [];
  trigger.onFault((fault) => faults.push(fault));
  const bench: Dg645Parts = {
    twin,
    trigger,
    faults,
    gates,
    lines,
    say(line) {
      toDevice(Buffer.from(`${line}\n`, "latin1"));
    },
    hears: (line) => line,
    answers: () => true,
  };
  return bench;
}

/** As the contract of a trigger wants it. */
export function dg645Contract(
  time: ContractTime,
  cable: ContractCable,
  isAnotherDevice: boolean,
  options: Dg645Options = {},
): TriggerBench {
  const bench = createDg645On(time, cable, {
    ...options,
    ...(isAnotherDevice ? { identity: "Stanford Research Systems,SR830,s/n12345,ver1.07" } : {}),
  });
  return {
    ...time,
    trigger: bench.trigger,
    faults: bench.faults,
    gates: () => bench.gates,
    firedCount: () => bench.twin.firedCount,
    neverEnd(never) {
      bench.twin.faults.neverEnds = never;
    },
    loseNextFireAnswer() {
      let isFired = false;
      bench.hears = (line) => {
        isFired ||= line.startsWith("*TRG");
        return line;
      };
      bench.answers = () => {
        if (!isFired) return true;
        bench.answers = () => true;
        return false;
      };
    },
    loseNextFire() {
      let isLost = false;
      bench.hears = (line) => {
        if (isLost && line.startsWith("LERR")) {
          bench.hears = (next) => next;
          return undefined;
        }
        isLost ||= line.startsWith("*TRG");
        return isLost ? undefined : line;
      };
    },
    cut: cable.cut,
    silence(isSilent) {
      bench.twin.faults.isSilent = isSilent;
    },
    meddle() {
      bench.say("DLAY 3,2,0.5");
    },
  };
}
