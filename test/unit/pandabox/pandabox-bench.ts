import { createPandaboxTrigger, type PandaboxOptions } from "../../../drivers/pandabox/pandabox-trigger.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import type { Trigger } from "../../../protocols/roles/trigger.ts";
import { createMemoryLink, type MemoryLink } from "../../../simulator/links/memory-link.ts";
import { createPandaTwin, type PandaTwin, type PandaTwinDeps } from "../../../simulator/pandabox/panda-twin.ts";
import type { DeviceEnd } from "../../../simulator/plant/plant.ts";
import {
  createVirtualTime,
  type ContractCable,
  type ContractTime,
  type VirtualTime,
} from "../../contract/contract-bench.ts";
import type { TriggerBench } from "../../contract/trigger.ts";

export interface PandaboxParts {
  readonly twin: PandaTwin;
  readonly trigger: Trigger;
  readonly faults: Fault[];
  /** Gates of TTLOUT1. */
  readonly gates: { fromS: number; toS: number | null }[];
  /** Lines the box was sent. */
  readonly lines: string[];
  /** Somebody else says something to the box; its answer is lost. */
  say(text: string): void;
  /** Chunks that give undefined do not reach the box. */
  hears: (text: string) => string | undefined;
  /** Answers for which this is false are lost. */
  answers: (text: string) => boolean;
}

export interface PandaboxBench extends VirtualTime, PandaboxParts {
  readonly cable: MemoryLink;
}

export type PandaboxBenchOptions = PandaboxOptions & Pick<Partial<PandaTwinDeps>, "identity">;

/** A driver and its simulated box on one cable in memory; not connected. */
export function createPandaboxBench(options: PandaboxBenchOptions = {}): PandaboxBench {
  const time = createVirtualTime();
  const cable = createMemoryLink(time.clock, { name: "trigger", latencyMs: 0.3 });
  // Copied would be values: the hooks are looked at as they are.
  return Object.assign(createPandaboxOn(time, cable, options), time, { cable });
}

/** The same on any cable. */
export function createPandaboxOn(
  { clock, world }: ContractTime,
  cable: Pick<ContractCable, "openLink" | "end">,
  options: PandaboxBenchOptions,
): PandaboxParts {
  const lines: string[] = [];
  const gates: { fromS: number; toS: number | null }[] = [];
  let toDevice: (chunk: Uint8Array) => void = () => undefined;
  let isForAnother = false;
  const end: DeviceEnd = {
    ...cable.end,
    onData(handler) {
      toDevice = handler;
      cable.end.onData((chunk) => {
        const text = Buffer.from(chunk).toString("latin1");
        lines.push(...text.split("\n").filter((line) => line !== ""));
        const heard = bench.hears(text);
        if (heard !== undefined) handler(Buffer.from(heard, "latin1"));
      });
    },
    send(chunk) {
      if (isForAnother) isForAnother = false;
      else if (bench.answers(Buffer.from(chunk).toString("latin1"))) cable.end.send(chunk);
    },
  };
  const twin = createPandaTwin({
    end,
    clock: world,
    onOutput(name, isHigh, atMs) {
      if (name !== "TTLOUT1") return;
      const last = gates.at(-1);
      if (isHigh) gates.push({ fromS: atMs / 1000, toS: null });
      else if (last !== undefined) last.toS = atMs / 1000;
    },
    ...(options.identity === undefined ? {} : { identity: options.identity }),
  });
  const trigger = createPandaboxTrigger({ name: "trigger", openLink: cable.openLink, clock, ...options });
  const faults: Fault[] = [];
  trigger.onFault((fault) => faults.push(fault));
  const bench: PandaboxParts = {
    twin,
    trigger,
    faults,
    gates,
    lines,
    say(text) {
      isForAnother = true;
      toDevice(Buffer.from(`${text}\n`, "latin1"));
    },
    hears: (text) => text,
    answers: () => true,
  };
  return bench;
}

/** As the contract of a trigger wants it. */
export function pandaboxContract(
  time: ContractTime,
  cable: ContractCable,
  isAnotherDevice: boolean,
  options: PandaboxOptions = {},
): TriggerBench {
  const bench = createPandaboxOn(time, cable, { ...options, ...(isAnotherDevice ? { identity: "Zebra 1.0" } : {}) });
  const isFire = (text: string): boolean => text.startsWith("BITS.A=1");
  return {
    ...time,
    trigger: bench.trigger,
    faults: bench.faults,
    gates: () => bench.gates,
    firedCount: () => bench.twin.startedCount,
    neverEnd(never) {
      bench.twin.faults.neverEnds = never;
    },
    loseNextFireAnswer() {
      let isFired = false;
      bench.hears = (text) => {
        isFired ||= isFire(text);
        return text;
      };
      bench.answers = () => {
        if (!isFired) return true;
        bench.answers = () => true;
        return false;
      };
    },
    loseNextFire() {
      bench.hears = (text) => {
        if (!isFire(text)) return text;
        bench.hears = (next) => next;
        return undefined;
      };
    },
    cut: cable.cut,
    silence(isSilent) {
      bench.twin.faults.isSilent = isSilent;
    },
    meddle() {
      bench.say("SEQ1.PRESCALE.RAW=7");
    },
  };
}
