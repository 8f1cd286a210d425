/**
 * A simulated SRS DG645 on its serial line or socket: settings, delays linked edge to edge, single shots and bursts.
 * Internal, external and line triggers do not come here. Layout of `*IDN?` and of numbers as published clients read them.
 */
import type { Felt } from "../plant/felt.ts";
import type { DeviceEnd, WorldClock } from "../plant/plant.ts";
import { createRegisters, type Register } from "./dg645-registers.ts";

export interface Dg645TwinDeps {
  readonly end: DeviceEnd;
  readonly clock: WorldClock;
  /** A gate on one of the outputs (1 AB, 2 CD, 3 EF, 4 GH) begins or ends. */
  readonly onGate?: (output: number, isHigh: boolean, atMs: number) => void;
  readonly identity?: string;
}

/** What can go wrong with it. All off to begin with. */
export interface Dg645TwinFaults {
  /** Commands are obeyed and nothing is answered. */
  isSilent: boolean;
  /** Told of silence. */
  felt?: Felt | undefined;
  /** Nothing is heard. */
  isDeaf: boolean;
  /** Cycles go on for ever. */
  neverEnds: boolean;
  /** The inhibit input holds gates back. */
  isInhibited: boolean;
}

export interface Dg645Twin {
  readonly faults: Dg645TwinFaults;
  /** Single shots that started something. */
  readonly firedCount: number;
  readonly isBusy: boolean;
}

const LINE_MAX = 256;
const REPLY_MS = 2;
const EDGE_COUNT = 10;
const DELAY_MAX_S = 2000;
const SINGLE_SHOT = 5;
const EVENT = { triggered: 1, rate: 2, endOfDelay: 4, endOfBurst: 8, inhibited: 16, aborted: 32 };
const ERROR = { value: 10, mode: 11, delay: 12, link: 13, undefined: 111, missing: 116, extra: 115, float: 118 };

interface EdgeSetting {
  from: number;
  seconds: number;
}

export function createDg645Twin(deps: Dg645TwinDeps): Dg645Twin {
  const { end, clock, onGate } = deps;
  let registers = createRegisters();
  let edges = startEdges();
  const errors: number[] = [];
  const faults: Dg645TwinFaults = { isSilent: false, isDeaf: false, neverEnds: false, isInhibited: false };
  let events = 0;
  let agenda: number[] = [];
  let isBusy = false;
  const highOutputs = new Set<number>();
  let firedCount = 0;
  let line = "";

  function say(text: string): void {
    clock.at(clock.nowMs() + REPLY_MS, () => {
      if (faults.isSilent) faults.felt?.();
      else end.send(Buffer.from(`${text}\r\n`, "latin1"));
    });
  }

  function fail(code: number): void {
    if (errors.length < 20) errors.push(code);
  }

  function register(name: string): Register {
    const found = registers.get(name);
    if (found === undefined) throw new RangeError(`no register ${name}`);
    return found;
  }

  /** Seconds from T0, or undefined when the edges go round in a ring. */
  function edgeTimeS(index: number, left = EDGE_COUNT): number | undefined {
    const edge = edges[index];
    if (index === 0 || edge === undefined) return 0;
    if (left === 0) return undefined;
    const fromS = edgeTimeS(edge.from, left - 1);
    return fromS === undefined ? undefined : fromS + edge.seconds;
  }

  function drive(output: number, isHigh: boolean): void {
    if (isHigh === highOutputs.has(output)) return;
    if (isHigh) highOutputs.add(output);
    else highOutputs.delete(output);
    onGate?.(output, isHigh, clock.nowMs());
  }

  function later(atMs: number, fn: () => void): void {
    agenda.push(clock.at(atMs, fn));
  }

  function stop(): void {
    for (const handle of agenda) clock.cancel(handle);
    agenda = [];
    for (const output of [...highOutputs]) drive(output, false);
    isBusy = false;
  }

  function cycle(atMs: number): number {
    let lastS = 0;
    for (let output = 1; output <= 4; output += 1) {
      const first = edgeTimeS(output * 2) ?? 0;
      const second = edgeTimeS(output * 2 + 1) ?? 0;
      lastS = Math.max(lastS, first, second);
      if (first === second || faults.isInhibited) continue;
      later(atMs + Math.min(first, second) * 1000, () => {
        drive(output, true);
      });
      later(atMs + Math.max(first, second) * 1000, () => {
        drive(output, false);
      });
    }
    const endMs = atMs + lastS * 1000;
    later(endMs, () => {
      if (!faults.neverEnds) events |= EVENT.endOfDelay;
    });
    return endMs;
  }

  function fire(): void {
    if (register("TSRC").value !== SINGLE_SHOT) {
      fail(ERROR.mode);
      return;
    }
    events |= EVENT.triggered;
    if (isBusy) {
      events |= EVENT.rate;
      return;
    }
    if (faults.isInhibited) events |= EVENT.inhibited;
    firedCount += 1;
    isBusy = true;
    const nowMs = clock.nowMs();
    const isBurst = register("BURM").value === 1;
    const count = isBurst ? register("BURC").value : 1;
    let endMs = nowMs;
    for (let index = 0; index < count; index += 1) {
      const startS = isBurst ? register("BURD").value + index * register("BURP").value : 0;
      endMs = cycle(nowMs + startS * 1000);
    }
    later(endMs, () => {
      if (faults.neverEnds) return;
      isBusy = false;
      agenda = [];
      if (isBurst) events |= EVENT.endOfBurst;
    });
  }

  function interrupt(): void {
    if (!isBusy) return;
    events |= EVENT.aborted;
    stop();
  }

  function setDelay(index: number, from: number, seconds: number): void {
    const old = edges[index];
    if (old === undefined || index < 2 || from === index || edges[from] === undefined) {
      fail(ERROR.link);
      return;
    }
    if (!(seconds >= 0 && seconds <= DELAY_MAX_S)) {
      fail(ERROR.delay);
      return;
    }
    edges[index] = { from, seconds };
    if (edges.some((_, edge) => edgeTimeS(edge) === undefined)) {
      edges[index] = old;
      fail(ERROR.link);
      return;
    }
    interrupt();
  }

  function setRegister(name: string, text: string | undefined): void {
    const found = registers.get(name);
    const value = Number(text);
    if (found === undefined) fail(ERROR.undefined);
    else if (text === undefined || text === "") fail(ERROR.missing);
    else if (!Number.isFinite(value)) fail(ERROR.float);
    else if (value < found.min || value > found.max || (found.isWhole && !Number.isInteger(value))) fail(ERROR.value);
    else {
      found.value = value;
      if (name === "BURM" && value === 0) interrupt();
    }
  }

  function query(name: string, argument: string): void {
    switch (name) {
      case "*IDN":
        say(deps.identity ?? "Stanford Research Systems,DG645,s/n001013,ver1.00.10B");
        return;
      case "LERR":
        say(String(errors.pop() ?? 0));
        return;
      case "INSR":
        say(String(events));
        events = 0;
        return;
      case "EMAC":
        say("00:19:B3:02:00:01");
        return;
      case "DLAY": {
        const edge = edges[Number(argument)];
        if (argument === "" || edge === undefined) fail(ERROR.value);
        else say(`${edge.from},+${edge.seconds.toFixed(12)}`);
        return;
      }
      default: {
        const found = registers.get(argument === "" ? name : `${name} ${argument}`);
        if (found === undefined) fail(ERROR.undefined);
        else say(found.shown(found.value));
      }
    }
  }

  function command(name: string, argument: string): void {
    const [first, second, third, ...rest] = argument.split(",").map((part) => part.trim());
    switch (name) {
      case "*RST":
        stop();
        registers = createRegisters();
        edges = startEdges();
        return;
      case "*CLS":
        errors.length = 0;
        events = 0;
        return;
      case "*TRG":
        fire();
        return;
      case "*RCL":
      case "*SAV":
        if (!/^[0-9]$/.test(argument)) fail(ERROR.value);
        return;
      case "REMT":
      case "LCAL":
        return;
      case "IFRS":
        if (!/^[0-2]$/.test(argument)) fail(ERROR.value);
        return;
      case "DLAY":
        if (third === undefined) fail(ERROR.missing);
        else if (rest.length > 0) fail(ERROR.extra);
        else if (!/^\d$/.test(first ?? "") || !/^\d$/.test(second ?? "")) fail(ERROR.value);
        else if (third === "" || !Number.isFinite(Number(third))) fail(ERROR.float);
        else setDelay(Number(first), Number(second), Number(third));
        return;
      default:
        if (second === undefined) setRegister(name, first);
        else setRegister(`${name} ${String(first)}`, second);
    }
  }

  function onLine(text: string): void {
    const [, name = "", mark = "", argument = ""] = /^\s*(\*?[A-Za-z]{3,4})(\??)\s*(.*?)\s*$/.exec(text) ?? [];
    if (name === "") {
      if (text.trim() !== "") fail(ERROR.undefined);
    } else if (mark === "?") query(name.toUpperCase(), argument);
    else command(name.toUpperCase(), argument);
  }

  end.onOpen(() => {
    line = "";
  });
  end.onData((chunk) => {
    for (const byte of chunk) {
      if (byte === 0x0a || byte === 0x0d) {
        const text = line;
        line = "";
        if (!faults.isDeaf) onLine(text);
      } else if (line.length < LINE_MAX) line += String.fromCharCode(byte);
    }
  });

  return {
    faults,
    get firedCount() {
      return firedCount;
    },
    get isBusy() {
      return isBusy;
    },
  };
}

function startEdges(): EdgeSetting[] {
  return Array.from({ length: EDGE_COUNT }, () => ({ from: 0, seconds: 0 }));
}
