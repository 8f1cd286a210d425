/**
 * A simulated PandABox: command port, data port, and of its logic the soft bits, sequencers, counters, outputs and
 * position capture. Other blocks hold their settings and do nothing. It goes on while nobody is connected.
 */
import type { Felt } from "../plant/felt.ts";
import type { DeviceEnd, WorldClock } from "../plant/plant.ts";
import { createPandaCapture, type CapturedCounter } from "./panda-capture.ts";
import {
  bitMux,
  findField,
  number,
  readField,
  time,
  writeField,
  type Answer,
  type Block,
  type Blocks,
  type Field,
} from "./panda-fields.ts";
import { createPandaSequencer, type PandaSequencer } from "./panda-sequencer.ts";

export interface PandaTwinDeps {
  /** The command port. */
  readonly end: DeviceEnd;
  /** The data port. */
  readonly dataEnd?: DeviceEnd;
  readonly clock: WorldClock;
  /** An output changes its level. */
  readonly onOutput?: (name: string, isHigh: boolean, atMs: number) => void;
  readonly identity?: string;
  /** Wall time at the clock's zero. */
  readonly startWallMs?: number;
}

/** What can go wrong with it. All off to begin with. */
export interface PandaTwinFaults {
  /** Commands are obeyed and nothing is answered. */
  isSilent: boolean;
  /** Told of silence. */
  felt?: Felt | undefined;
  /** Sequences go on for ever. */
  neverEnds: boolean;
}

export interface PandaTwin {
  readonly faults: PandaTwinFaults;
  /** Sequences that were started. */
  readonly startedCount: number;
}

const REPLY_MS = 0.2;
const LINE_MAX = 1000;
const TABLE_WORDS_MAX = 4096 * 4;
const SOFT_BITS = ["A", "B", "C", "D"] as const;
const SEQUENCE_OUTPUTS = ["A", "B", "C", "D", "E", "F"] as const;

export function createPandaTwin(deps: PandaTwinDeps): PandaTwin {
  const { end, clock } = deps;
  const faults: PandaTwinFaults = { isSilent: false, neverEnds: false };
  const capture = createPandaCapture({
    clock,
    startWallMs: deps.startWallMs ?? 0,
    ...(deps.dataEnd === undefined ? {} : { end: deps.dataEnd }),
  });
  const levels = new Map<string, boolean>([["ONE", true]]);
  const sequencers: PandaSequencer[] = [];
  const counts: number[] = [];
  const counterLevels: boolean[] = [];
  const outputLevels = new Map<string, boolean>();
  const changes = new Set<string>();
  let startedCount = 0;
  let line = "";
  /** A table whose lines are coming in. */
  let table: { readonly request: string; readonly lines: string[] } | undefined;

  const byName = new Map<string, readonly Block[]>();
  const several = (
    name: string,
    count: number,
    make: (index: number) => readonly (readonly [string, Field])[],
  ): void => {
    byName.set(
      name,
      Array.from({ length: count }, (_, index) => new Map(make(index))),
    );
  };
  several("TTLIN", 6, () => [["VAL", { kind: "bit_out", read: () => 0 }]]);
  several("TTLOUT", 10, () => [["VAL", bitMux()]]);
  several("LVDSOUT", 2, () => [["VAL", bitMux()]]);
  several("BITS", 1, () =>
    SOFT_BITS.flatMap((bit) => [
      [bit, number(0, 0, 1, "param bit")] as const,
      [`OUT${bit}`, { kind: "bit_out", read: () => bitOf(`BITS.OUT${bit}`) }] as const,
    ]),
  );
  several("PULSE", 4, () => [
    ["DELAY", time()],
    ["WIDTH", time()],
    ["ENABLE", bitMux()],
    ["TRIG", bitMux()],
    ["OUT", { kind: "bit_out", read: () => 0 }],
    ["QUEUED", { kind: "read", type: "read uint", read: () => "0" }],
    ["DROPPED", { kind: "read", type: "read", read: () => "0" }],
    ["TRIG_EDGE", { kind: "enum", value: "rising", labels: ["rising", "falling", "either"] }],
  ]);
  several("SEQ", 2, (index) => [
    ["TABLE", { kind: "table", words: [], parts: [], rowWords: 4 }],
    ["PRESCALE", time()],
    ["REPEATS", number()],
    ["ENABLE", bitMux()],
    ["BITA", bitMux()],
    ["ACTIVE", { kind: "bit_out", read: () => (sequencers[index]?.isActive === true ? 1 : 0) }],
    ...SEQUENCE_OUTPUTS.map(
      (output) => [`OUT${output}`, { kind: "bit_out", read: () => bitOf(`SEQ${index + 1}.OUT${output}`) }] as const,
    ),
    [
      "STATE",
      {
        kind: "read",
        type: "read enum",
        read: () => (sequencers[index]?.isActive === true ? "PHASE1" : "WAIT_ENABLE"),
      },
    ],
  ]);
  several("COUNTER", 8, (index) => [
    ["START", number(0, -(2 ** 31), 2 ** 31 - 1, "param int")],
    ["STEP", number()],
    ["ENABLE", bitMux()],
    ["TRIG", bitMux()],
    ["DIR", bitMux()],
    ["OUT", { kind: "pos_out", capture: "No", read: () => counts[index] ?? 0 }],
  ]);
  several("PCAP", 1, () => [
    ["ENABLE", bitMux()],
    ["GATE", bitMux()],
    ["TRIG", bitMux()],
    ["ACTIVE", { kind: "bit_out", read: () => (capture.status.startsWith("Busy") ? 1 : 0) }],
  ]);
  const blocks: Blocks = { byName, bits: bitNames(byName) };
  for (let index = 0; index < 2; index += 1) sequencers.push(sequencer(index));

  function sequencer(index: number): PandaSequencer {
    let shown = 0;
    return createPandaSequencer({
      clock,
      settings: () => {
        const found = fieldOf(`SEQ${index + 1}.TABLE`);
        const prescale = fieldOf(`SEQ${index + 1}.PRESCALE`);
        const repeats = fieldOf(`SEQ${index + 1}.REPEATS`);
        startedCount += 1;
        return {
          words: found.kind === "table" ? found.words : [],
          prescale: prescale.kind === "time" ? prescale.ticks : 1,
          repeats: repeats.kind === "number" ? repeats.value : 1,
        };
      },
      onOutputs(outputs) {
        for (const [bit, output] of SEQUENCE_OUTPUTS.entries()) {
          const isHigh = Math.floor(outputs / 2 ** bit) % 2 === 1;
          if (isHigh === (Math.floor(shown / 2 ** bit) % 2 === 1)) continue;
          setLevel(`SEQ${index + 1}.OUT${output}`, isHigh);
        }
        shown = outputs;
      },
      neverEnds: () => faults.neverEnds,
    });
  }

  function fieldOf(target: string): Field {
    const found = findField(blocks, target);
    if ("refused" in found) throw new RangeError(`${target}: ${found.refused}`);
    return found.field;
  }

  function level(name: string): boolean {
    return levels.get(name) === true;
  }

  function bitOf(name: string): number {
    return level(name) ? 1 : 0;
  }

  /** The bit that a mux is set to. */
  function selected(target: string): string {
    const field = fieldOf(target);
    return field.kind === "bit_mux" ? field.value : "ZERO";
  }

  function setLevel(name: string, isHigh: boolean): void {
    if (level(name) === isHigh) return;
    levels.set(name, isHigh);
    settle();
    if (!isHigh) return;
    for (let index = 0; index < 8; index += 1) {
      if (counterLevels[index] === true && selected(`COUNTER${index + 1}.TRIG`) === name) {
        const step = fieldOf(`COUNTER${index + 1}.STEP`);
        counts[index] = (counts[index] ?? 0) + (step.kind === "number" ? step.value : 0);
      }
    }
    if (selected("PCAP.TRIG") === name) capture.sample();
  }

  /** Brings what hangs on levels to where they are now. */
  function settle(): void {
    for (let index = 0; index < 8; index += 1) {
      const isEnabled = level(selected(`COUNTER${index + 1}.ENABLE`));
      if (isEnabled && counterLevels[index] !== true) {
        const start = fieldOf(`COUNTER${index + 1}.START`);
        counts[index] = start.kind === "number" ? start.value : 0;
      }
      counterLevels[index] = isEnabled;
    }
    for (const [name, count] of [
      ["TTLOUT", 10],
      ["LVDSOUT", 2],
    ] as const) {
      for (let index = 1; index <= count; index += 1) {
        const isHigh = level(selected(`${name}${index}.VAL`));
        if (isHigh === (outputLevels.get(`${name}${index}`) ?? false)) continue;
        outputLevels.set(`${name}${index}`, isHigh);
        deps.onOutput?.(`${name}${index}`, isHigh, clock.nowMs());
      }
    }
    for (const [index, each] of sequencers.entries()) each.enable(level(selected(`SEQ${index + 1}.ENABLE`)));
  }

  function say(text: string): void {
    clock.at(clock.nowMs() + REPLY_MS, () => {
      if (faults.isSilent) faults.felt?.();
      else end.send(Buffer.from(text, "latin1"));
    });
  }

  function answer(given: Answer): void {
    say("refused" in given ? `ERR ${given.refused}\n` : `${given.text}\n`);
  }

  function list(values: readonly (string | number)[]): void {
    say(`${values.map((each) => `!${each}\n`).join("")}.\n`);
  }

  function querySystem(name: string): void {
    if (name === "*IDN") answer({ text: `OK =${deps.identity ?? IDENTITY}` });
    else if (name.startsWith("*ECHO ")) answer({ text: `OK =${name.slice(6)}` });
    else if (name === "*BLOCKS") list([...byName].map(([block, { length }]) => `${block} ${length}`));
    else if (name === "*PCAP.STATUS") answer({ text: `OK =${capture.status}` });
    else if (name === "*PCAP.CAPTURED") answer({ text: `OK =${capture.capturedCount}` });
    else if (name === "*PCAP.COMPLETION") answer({ text: `OK =${capture.completion}` });
    else if (name === "*CLOCK_FREQ") answer({ text: "OK =125000000" });
    else if (name === "*WHO") list(["2026-01-01T00:00:00.000Z config 127.0.0.1:50000"]);
    else if (name === "*CAPTURE") list(capturedCounters().map((counter) => `${counter.name} ${counter.capture}`));
    else if (name === "*CHANGES" || name === "*CHANGES.CONFIG") {
      const changed = [...changes];
      changes.clear();
      list(changed);
    } else answer({ refused: "Unknown command" });
  }

  function assignSystem(name: string): void {
    if (name === "*PCAP.ARM") {
      const why = capture.arm(capturedCounters());
      answer(why === undefined ? { text: "OK" } : { refused: why });
    } else if (name === "*PCAP.DISARM") {
      capture.disarm();
      answer({ text: "OK" });
    } else if (name === "*CAPTURE") {
      for (let index = 1; index <= 8; index += 1) {
        const field = fieldOf(`COUNTER${index}.OUT`);
        if (field.kind === "pos_out") field.capture = "No";
      }
      answer({ text: "OK" });
    } else if (name === "*SAVESTATE") answer({ text: "OK" });
    else answer({ refused: "Unknown command" });
  }

  function capturedCounters(): readonly CapturedCounter[] {
    return Array.from({ length: 8 }, (_, index) => index + 1).flatMap((index) => {
      const name = `COUNTER${index}.OUT`;
      const field = fieldOf(name);
      if (field.kind !== "pos_out" || field.capture === "No") return [];
      return [{ name, capture: field.capture, read: () => field.read() }];
    });
  }

  function queryField(target: string): void {
    const fields = /^([A-Z]+)\d*\.\*$/.exec(target);
    if (fields !== null) {
      const block = byName.get(fields[1] ?? "")?.[0];
      if (block === undefined) answer({ refused: "No such block" });
      else list([...block].map(([name, { kind }], index) => `${name} ${index} ${kind}`));
      return;
    }
    const found = findField(blocks, target);
    if ("refused" in found) answer(found);
    else if (found.field.kind === "table" && found.attribute === undefined) list(found.field.words);
    else answer(readField(found.field, found.attribute));
  }

  function assignField(target: string, text: string): void {
    const found = findField(blocks, target);
    if ("refused" in found) {
      answer(found);
      return;
    }
    const given = writeField(blocks, found.field, found.attribute, text);
    answer(given);
    if ("refused" in given) return;
    changes.add(`${found.name}=${text}`);
    if (/^BITS\.[A-D]$/.test(found.name)) setLevel(found.name.replace(".", ".OUT"), text === "1");
    else settle();
  }

  function endTable(): void {
    const { request, lines } = table ?? { request: "", lines: [] };
    table = undefined;
    const [, target = "", sign = "", base64 = ""] = /^(.*?)(<<\||<<|<)(B?)$/.exec(request) ?? [];
    const found = findField(blocks, target);
    if ("refused" in found) answer(found);
    else if (found.field.kind !== "table") answer({ refused: "Field is not a table" });
    else {
      const words = base64 === "B" ? base64Words(lines.join("")) : decimalWords(lines);
      if (typeof words === "string") answer({ refused: words });
      else if (words.length % found.field.rowWords !== 0) {
        answer({ refused: "Table write is not a whole number of rows" });
      } else {
        found.field.parts = sign === "<" ? [] : found.field.parts;
        found.field.parts.push(...words);
        if (sign !== "<<") {
          found.field.words = found.field.parts;
          found.field.parts = [];
        }
        answer({ text: "OK" });
      }
    }
  }

  function onLine(text: string): void {
    if (table !== undefined) {
      if (text === "") endTable();
      else if (table.lines.length * 8 < TABLE_WORDS_MAX) table.lines.push(text);
      return;
    }
    if (/^[^=?]*<{1,2}\|?B?$/.test(text)) {
      table = { request: text, lines: [] };
      return;
    }
    const split = /^(.*?)([=?])(.*)$/.exec(text);
    const [, name = "", sign = "", rest = ""] = split ?? [];
    if (split === null) answer({ refused: "Unknown command" });
    else if (sign === "?" && rest !== "") answer({ refused: "Unexpected text after command" });
    else if (name.startsWith("*")) {
      if (sign === "?") querySystem(name);
      else assignSystem(name);
    } else if (sign === "?") queryField(name);
    else assignField(name, rest);
  }

  end.onOpen(() => {
    line = "";
    table = undefined;
  });
  end.onData((chunk) => {
    for (const byte of chunk) {
      if (byte === 0x0a) {
        const text = line;
        line = "";
        onLine(text);
      } else if (line.length < LINE_MAX) line += String.fromCharCode(byte);
    }
  });

  return {
    faults,
    get startedCount() {
      return startedCount;
    },
  };
}

const IDENTITY = "PandA SW: 3.0-11-g6422090 FPGA: 3.0.0C4 86e5f0a2 07d202f8 rootfs: PandA 3.1a1-1-g22fdd94";

function bitNames(byName: ReadonlyMap<string, readonly Block[]>): ReadonlySet<string> {
  const names = ["ZERO", "ONE"];
  for (const [name, instances] of byName) {
    for (const [index, block] of instances.entries()) {
      const suffix = instances.length === 1 ? "" : String(index + 1);
      for (const [field, { kind }] of block) if (kind === "bit_out") names.push(`${name}${suffix}.${field}`);
    }
  }
  return new Set(names);
}

function decimalWords(lines: readonly string[]): readonly number[] | string {
  const words = lines.flatMap((line) => line.trim().split(/\s+/));
  if (!words.every((word) => /^-?\d{1,10}$/.test(word))) return "Number missing";
  return words.map((word) => (Number(word) + 2 ** 32) % 2 ** 32);
}

function base64Words(text: string): readonly number[] | string {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return "Malformed base64 string";
  const bytes = Buffer.from(text, "base64");
  if (bytes.length % 4 !== 0) return "Invalid data length";
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readUInt32LE(index * 4));
}
