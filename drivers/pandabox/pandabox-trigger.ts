/**
 * A PandABox as a gate generator: a sequencer gives the gates on one output, a soft bit starts it, a counter counts
 * what came out. All of it can be read at any time without changing anything, so a lost answer leaves nothing unknown.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import type { GateTrain, Trigger } from "../../protocols/roles/trigger.ts";
import { targetProblem, writeTable } from "../../protocols/wire/pandabox/panda-commands.ts";
import { decodeNumber, decodePandaIdentity, decodeWhole } from "../../protocols/wire/pandabox/panda-replies.ts";
import {
  encodeSequenceRow,
  OUTPUT_A,
  REPEATS_MAX,
  SEQUENCE_TRIGGER,
  TICK_S,
  TICKS_MAX,
  type SequenceRow,
} from "../../protocols/wire/pandabox/panda-sequence.ts";
import { openWithin } from "../link/open-within.ts";
import { createTrigger, type TriggerDialect } from "../trigger/trigger-core.ts";
import { createPandaConversation, type PandaConversation } from "./panda-conversation.ts";

/** As site files name the family. */
export const PANDABOX = "pandabox";

export interface PandaboxOptions {
  /** What the gate goes to; default TTLOUT1. */
  readonly output?: string;
  /** Default SEQ1. */
  readonly sequencer?: string;
  /** Counts the gates; default COUNTER1. */
  readonly counter?: string;
  /** The soft bit that starts it, one of A to D; default A. */
  readonly softBit?: "A" | "B" | "C" | "D";
  /** Default `end`: connecting takes the soft bit away. */
  readonly whatRuns?: "end" | "leave";
  /** Longest wait for an answer. Default 2000 ms. */
  readonly replyMs?: number;
  /** Default 5000 ms, as for every driver. */
  readonly openMs?: number;
}

export interface PandaboxDeps extends PandaboxOptions {
  /** Its name in the site file. */
  readonly name: string;
  readonly openLink: OpenLink;
  readonly clock: Clock;
}

/** Servers whose answers are known. */
const KNOWN_SOFTWARE = /^[23]\.|^4\./;
const REPLY_MS = 2000;
/** A time may differ from the one asked by this share of it. */
const ROUNDING_MAX = 1e-3;

interface Setting {
  readonly target: string;
  readonly value: string | number;
}

/** A train as the sequencer has it. */
interface PandaTrain {
  readonly prescale: number;
  readonly rows: readonly SequenceRow[];
  readonly confirmed: GateTrain;
}

/** Throws Fault `site.invalid` when a block's name could not be one. */
export function createPandaboxTrigger(deps: PandaboxDeps): Trigger {
  const { name, clock } = deps;
  const output = deps.output ?? "TTLOUT1";
  const sequencer = deps.sequencer ?? "SEQ1";
  const counter = deps.counter ?? "COUNTER1";
  const bit = deps.softBit ?? "A";
  const softBit = `BITS.${bit}`;
  for (const block of [output, sequencer, counter]) {
    const problem = targetProblem(block);
    if (problem !== undefined) throw new Fault("site.invalid", name, `block \`${block.slice(0, 40)}\`: ${problem}`);
  }

  const wiring: readonly Setting[] = [
    { target: `${output}.VAL`, value: `${sequencer}.OUTA` },
    { target: `${sequencer}.REPEATS`, value: 1 },
    { target: `${counter}.TRIG`, value: `${sequencer}.OUTA` },
    { target: `${counter}.START`, value: 0 },
    { target: `${counter}.STEP`, value: 1 },
  ];

  async function matches(talk: PandaConversation, { target, value }: Setting): Promise<boolean> {
    return (await talk.read(target)) === String(value);
  }

  async function set(talk: PandaConversation, setting: Setting, assertAsked: () => void): Promise<void> {
    if (await matches(talk, setting)) return;
    assertAsked();
    await talk.write(setting.target, setting.value);
    if (!(await matches(talk, setting))) throw notKept(setting.target);
  }

  function notKept(target: string): Fault {
    return new Fault("device.refused", name, `the PandABox does not keep ${target}`, { target });
  }

  async function readWhole(talk: PandaConversation, target: string): Promise<number> {
    const text = await talk.read(target);
    const value = decodeWhole(text);
    if (value === undefined) throw new Fault("link.garbled", name, `${target} is \`${text.slice(0, 40)}\`, no number`);
    return value;
  }

  async function countedGates(talk: PandaConversation): Promise<number> {
    const target = `${counter}.OUT`;
    const value = decodeNumber(await talk.read(target));
    if (value === undefined) throw new Fault("link.garbled", name, `${target} is no number`);
    return value;
  }

  async function hasTable(talk: PandaConversation, rows: readonly SequenceRow[]): Promise<boolean> {
    const words = (await talk.readList(`${sequencer}.TABLE`)).map((text) => decodeWhole(text));
    const wanted = rows.flatMap(encodeSequenceRow);
    return words.length === wanted.length && words.every((word, at) => word === wanted[at]);
  }

  /** The soft bit starts it only while its enable is wired to it. */
  const started: Setting = { target: `${sequencer}.ENABLE`, value: `BITS.OUT${bit}` };

  async function verify(talk: PandaConversation, train: GateTrain): Promise<void> {
    const wanted = pandaTrain(train);
    if (typeof wanted === "string") throw new Fault("device.refused", name, wanted);
    for (const setting of [...wiring, started, { target: `${counter}.ENABLE`, value: "ONE" }]) {
      if (!(await matches(talk, setting))) throw notKept(setting.target);
    }
    if ((await readWhole(talk, `${sequencer}.PRESCALE.RAW`)) !== wanted.prescale) {
      throw notKept(`${sequencer}.PRESCALE`);
    }
    if (!(await hasTable(talk, wanted.rows))) throw notKept(`${sequencer}.TABLE`);
    if ((await talk.read(softBit)) !== "0") throw notKept(softBit);
    if ((await countedGates(talk)) !== 0) throw notKept(`${counter}.OUT`);
  }

  /** First what ends a gate. */
  const restSettings: readonly Setting[] = [
    { target: softBit, value: 0 },
    { target: `${sequencer}.ENABLE`, value: "ZERO" },
  ];

  function tellRest(talk: PandaConversation): void {
    talk.tell(restSettings.map(({ target, value }) => [target, value]));
  }

  async function confirmRest(talk: PandaConversation): Promise<void> {
    for (const setting of restSettings) if (!(await matches(talk, setting))) throw notKept(setting.target);
  }

  const dialect: TriggerDialect<PandaConversation> = {
    driver: PANDABOX,
    capabilities: {
      widthMinS: TICK_S,
      gateMaxS: 30 * 24 * 3600,
      pauseMinS: TICK_S,
      countMax: REPEATS_MAX,
    },
    async open(lost) {
      const link = await openWithin(clock, deps.openLink, name, deps.openMs);
      const talk: PandaConversation = createPandaConversation(name, link, clock, deps.replyMs ?? REPLY_MS, (why) => {
        lost(talk, why);
      });
      return talk;
    },
    async identify(talk) {
      let found: ReturnType<typeof decodePandaIdentity>;
      try {
        found = decodePandaIdentity(await talk.read("*IDN"));
      } catch (error) {
        if (error instanceof Fault && (error.code === "device.refused" || error.code === "link.garbled")) {
          throw new Fault("device.wrong", name, `no PandABox answers here: ${error.message}`, error.detail, error);
        }
        throw error;
      }
      if (found === undefined) throw new Fault("device.wrong", name, "what answers does not say that it is a PandABox");
      const { software, firmware } = found;
      if (!KNOWN_SOFTWARE.test(software)) {
        const what = `the PandABox runs server ${software}; known are versions 2 to 4`;
        throw new Fault("device.firmware", name, what, { software });
      }
      return { model: "PandABox", serialNumber: null, firmware: `${software}, FPGA ${firmware}` };
    },
    tellRest,
    confirmRest,
    async arm(talk, train, assertAsked) {
      const wanted = pandaTrain(train);
      if (typeof wanted === "string") throw new Fault("device.refused", name, wanted);
      tellRest(talk);
      await confirmRest(talk);
      for (const setting of wiring) await set(talk, setting, assertAsked);
      const isInStep = (await readWhole(talk, `${sequencer}.PRESCALE.RAW`)) === wanted.prescale;
      assertAsked();
      if (!isInStep) await talk.write(`${sequencer}.PRESCALE.RAW`, wanted.prescale);
      assertAsked();
      await talk.send(writeTable(`${sequencer}.TABLE`, wanted.rows.map(encodeSequenceRow)));
      // The counter starts anew when its enable rises.
      for (const [target, value] of [
        [`${counter}.ENABLE`, "ZERO"],
        [`${counter}.ENABLE`, "ONE"],
        [started.target, started.value],
      ] as const) {
        assertAsked();
        await talk.write(target, value);
      }
      await verify(talk, wanted.confirmed);
      return wanted.confirmed;
    },
    verify,
    fire: (talk) => talk.write(softBit, 1),
    async wasFired(talk) {
      return (await talk.read(softBit)) === "1";
    },
    async look(talk, train) {
      const isActive = (await talk.read(`${sequencer}.ACTIVE`)) !== "0";
      const gateCount = await countedGates(talk);
      if (isActive || gateCount < train.count) return { isOver: false };
      await talk.write(softBit, 0);
      return { isOver: true, gateCount };
    },
  };

  return createTrigger(deps, dialect);
}

/** Gives the reason when the sequencer's clock cannot give these times. */
function pandaTrain(train: GateTrain): PandaTrain | string {
  const { delayS, widthS, count } = train;
  const pauseS = count > 1 ? train.periodS - widthS : 0;
  const longestTicks = Math.max(delayS, widthS, pauseS) / TICK_S;
  const prescale = Math.max(1, Math.ceil(longestTicks / (TICKS_MAX - 1)));
  const tickS = prescale * TICK_S;
  const ticks = (seconds: number): number => Math.round(seconds / tickS);
  for (const seconds of [delayS, widthS, pauseS]) {
    if (Math.abs(ticks(seconds) * tickS - seconds) > ROUNDING_MAX * seconds) {
      return `a time of ${seconds} s cannot be given in steps of ${tickS} s, which the longest time needs`;
    }
  }
  const row = (repeats: number, time1: number): SequenceRow => ({
    repeats,
    trigger: SEQUENCE_TRIGGER.immediate,
    position: 0,
    time1,
    outputs1: 0,
    time2: ticks(widthS),
    outputs2: OUTPUT_A,
  });
  const first = row(1, ticks(delayS));
  const rows = count > 1 ? [first, row(count - 1, ticks(pauseS))] : [first];
  return {
    prescale,
    rows,
    confirmed: {
      delayS: ticks(delayS) * tickS,
      widthS: ticks(widthS) * tickS,
      count,
      periodS: count > 1 ? (ticks(pauseS) + ticks(widthS)) * tickS : train.periodS,
    },
  };
}
