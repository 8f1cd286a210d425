/**
 * A Keithley 2450 with one coin cell, as seen on its SCPI socket: a voltage source with a current limit or a
 * current source with a voltage limit. It has no programme and no end of its own: an output that is on stays on.
 * `TRIG:LOAD` and `INIT` are not simulated.
 */
import type { CellPlant, DeviceEnd, WorldClock } from "../plant/plant.ts";

export interface KeithleyTwinDeps {
  readonly end: DeviceEnd;
  readonly clock: WorldClock;
  readonly cell: CellPlant;
  /** Default the layout recorded from a 2450. */
  readonly identity?: string;
  /** Default SCPI. */
  readonly language?: string;
  /** One reading. Default 60 ms. */
  readonly readingMs?: number;
  /** How often it looks at the cell, whoever asks. Default 1 s. */
  readonly tickMs?: number;
  /** How far the voltage that it sources lies from the level, by its own read-back. Default 0. */
  readonly levelErrorV?: number;
}

export interface KeithleyTwin {
  readonly isOutputOn: boolean;
  readonly switchedOnCount: number;
  /** While deaf no command is taken; the output stays as it is. */
  deafen(isDeaf: boolean): void;
  /** Somebody presses the output's key at the front. */
  press(isOn: boolean): void;
}

const LINE_MAX = 1000;
const BUFFER_MAX = 100_000;
/** Share of a range that it still gives and reads. */
const OVER_RANGE = 1.05;
const OVERFLOW = "9.910000E+37";

interface Settings {
  sourceFunction: "VOLT" | "CURR";
  senseFunction: "VOLT" | "CURR";
  levelV: number;
  levelA: number;
  limitA: number;
  limitV: number;
  senseRangeA: number;
  sourceRangeA: number;
  isReadBack: boolean;
}

const AFTER_RESET: Settings = {
  sourceFunction: "VOLT",
  senseFunction: "CURR",
  levelV: 0,
  levelA: 0,
  limitA: 1.05e-4,
  limitV: 21,
  senseRangeA: 1e-4,
  sourceRangeA: 1,
  isReadBack: true,
};

export function createKeithleyTwin(deps: KeithleyTwinDeps): KeithleyTwin {
  const { end, clock, cell } = deps;
  const readingMs = deps.readingMs ?? 60;
  const tickMs = deps.tickMs ?? 1000;
  const levelErrorV = deps.levelErrorV ?? 0;
  const errors: string[] = [];
  const buffer: { reading: number; atMs: number }[] = [];
  let settings: Settings = { ...AFTER_RESET };
  let isOn = false;
  let isDeaf = false;
  let switchedOnCount = 0;
  let timer = -1;
  let line = "";
  let freeAtMs = 0;

  function say(text: string, delayMs = 0): void {
    const bytes = new TextEncoder().encode(`${text}\n`);
    freeAtMs = Math.max(freeAtMs, clock.nowMs()) + delayMs;
    clock.at(freeAtMs, () => {
      end.send(bytes);
    });
  }

  function fail(code: number, text: string): void {
    if (errors.length < 10) errors.push(`${code},"${text};1;2026/01/01 00:00:00.000"`);
  }

  function look(): void {
    const nowMs = clock.nowMs();
    cell.read(nowMs);
    if (settings.sourceFunction === "CURR") limitVoltage(nowMs);
    clock.cancel(timer);
    timer = clock.at(nowMs + tickMs, look);
  }

  /** Beyond its voltage limit a current source turns into a voltage, as far as its range goes. */
  function limitVoltage(nowMs: number): void {
    const { limitV, sourceRangeA } = settings;
    const mostA = OVER_RANGE * sourceRangeA;
    if (Math.abs(cell.voltageV) > limitV)
      cell.applyVoltageWithin(nowMs, Math.sign(cell.voltageV) * limitV, -mostA, mostA);
  }

  /** Level and limit hold from the first instant: the unit's own loop is far faster than a cell. */
  function drive(): void {
    if (!isOn) return;
    const { sourceFunction, levelV, levelA, limitA } = settings;
    if (sourceFunction === "VOLT") cell.applyVoltageWithin(clock.nowMs(), levelV + levelErrorV, -limitA, limitA);
    else cell.applyCurrent(clock.nowMs(), levelA);
    look();
  }

  function switchOutput(on: boolean): void {
    if (on && !isOn) switchedOnCount += 1;
    isOn = on;
    if (on) drive();
    else {
      clock.cancel(timer);
      cell.disconnect(clock.nowMs());
    }
  }

  function read(query: string): void {
    if (!isOn) {
      fail(5076, "Output is off");
      say(`${OVERFLOW},${OVERFLOW}`, readingMs);
      return;
    }
    clock.at(Math.max(freeAtMs, clock.nowMs()) + readingMs, () => {
      cell.read(clock.nowMs());
      const volts = quantised(cell.voltageV, 1e-6);
      const amperes = quantised(cell.currentA, settings.senseRangeA * 1e-6);
      const readsCurrent = settings.senseFunction === "CURR";
      const reading = readsCurrent ? amperes : volts;
      const overflows = readsCurrent && Math.abs(amperes) > settings.senseRangeA * OVER_RANGE;
      if (buffer.length < BUFFER_MAX) buffer.push({ reading, atMs: clock.nowMs() });
      const source =
        settings.sourceFunction === "VOLT"
          ? settings.isReadBack
            ? volts
            : settings.levelV
          : settings.isReadBack
            ? amperes
            : settings.levelA;
      const shown = overflows ? OVERFLOW : scientific(reading);
      say(/SOUR\s*,\s*READ/i.test(query) ? `${scientific(source)},${shown}` : shown);
    });
  }

  function bufferData(argumentsText: string): void {
    const [first = 1, last = 0] = argumentsText.split(",").map(Number);
    const startMs = buffer[0]?.atMs ?? 0;
    const points = buffer.slice(first - 1, last);
    say(points.map(({ reading, atMs }) => `${scientific(reading)},${scientific((atMs - startMs) / 1000)}`).join(","));
  }

  function onLine(text: string): void {
    const [, header = "", rest = ""] = /^\s*:?(\S+)\s*(.*?)\s*$/.exec(text) ?? [];
    if (header === "") return;
    const command = shortForm(header);
    const number = Number(rest);
    const isFlag = /^(ON|1)$/i.test(rest);
    const setNumber = (set: (value: number) => void, max: number): void => {
      if (rest === "" || !Number.isFinite(number)) fail(-104, "Data type error");
      else if (Math.abs(number) > max) fail(-222, "Parameter data out of range");
      else {
        set(number);
        drive();
      }
    };
    switch (command) {
      case "*RST":
        switchOutput(false);
        settings = { ...AFTER_RESET };
        return;
      case "*CLS":
        errors.length = 0;
        return;
      case "*WAI":
      case "OUTP:SMOD":
      case "SENS:CURR:RSEN":
      case "SENS:VOLT:RSEN":
      case "SENS:CURR:RANG:AUTO":
      case "SENS:VOLT:RANG":
        return;
      case "*IDN?":
        say(deps.identity ?? "KEITHLEY INSTRUMENTS,MODEL 2450,01419952,1.6.3d");
        return;
      case "*LANG?":
        say(deps.language ?? "SCPI");
        return;
      case "SYST:ERR?":
        say(errors.shift() ?? '0,"No error;0;0 0"');
        return;
      case "OUTP":
      case "OUTP:STAT":
        switchOutput(isFlag);
        return;
      case "OUTP?":
      case "OUTP:STAT?":
        say(isOn ? "1" : "0");
        return;
      case "SOUR:FUNC":
      case "SENS:FUNC": {
        const word = rest.replaceAll('"', "").toUpperCase().slice(0, 4);
        if (word !== "VOLT" && word !== "CURR") fail(-224, "Illegal parameter value");
        else if (command === "SENS:FUNC") settings.senseFunction = word;
        else {
          if (isOn && word !== settings.sourceFunction) switchOutput(false);
          settings.sourceFunction = word;
        }
        return;
      }
      case "SOUR:VOLT":
        setNumber((value) => (settings.levelV = value), 210);
        return;
      case "SOUR:CURR":
        setNumber((value) => (settings.levelA = value), 1.05);
        return;
      case "SOUR:VOLT:ILIM":
        setNumber((value) => (settings.limitA = value), 1.05);
        return;
      case "SOUR:CURR:VLIM":
        setNumber((value) => (settings.limitV = value), 210);
        return;
      case "SENS:CURR:RANG":
        setNumber((value) => (settings.senseRangeA = value), 1.05);
        return;
      case "SOUR:VOLT:RANG":
        setNumber(() => undefined, 210);
        return;
      case "SOUR:CURR:RANG":
        setNumber((value) => (settings.sourceRangeA = value), 1.05);
        return;
      case "SOUR:VOLT:READ:BACK":
      case "SOUR:CURR:READ:BACK":
        settings.isReadBack = isFlag;
        return;
      case "READ?":
        read(rest);
        return;
      case "TRAC:CLE":
        buffer.length = 0;
        return;
      case "TRAC:ACT?":
        say(String(buffer.length));
        return;
      case "TRAC:DATA?":
        bufferData(rest);
        return;
      default:
        fail(-113, `Undefined header ${header.slice(0, 40)}`);
    }
  }

  end.onOpen(() => {
    line = "";
  });
  end.onClose(() => undefined);
  end.onData((chunk) => {
    for (const byte of chunk) {
      if (byte === 0x0a) {
        const text = line;
        line = "";
        if (!isDeaf) onLine(text);
      } else if (line.length < LINE_MAX) line += String.fromCharCode(byte);
    }
  });

  return {
    get isOutputOn() {
      return isOn;
    },
    get switchedOnCount() {
      return switchedOnCount;
    },
    deafen(deaf) {
      isDeaf = deaf;
    },
    press(on) {
      switchOutput(on);
    },
  };
}

const LONG_FORMS: Readonly<Record<string, string>> = {
  OUTPUT: "OUTP",
  STATE: "STAT",
  SOURCE: "SOUR",
  SENSE: "SENS",
  VOLTAGE: "VOLT",
  CURRENT: "CURR",
  FUNCTION: "FUNC",
  RANGE: "RANG",
  ILIMIT: "ILIM",
  VLIMIT: "VLIM",
  RSENSE: "RSEN",
  SMODE: "SMOD",
  SYSTEM: "SYST",
  ERROR: "ERR",
  TRACE: "TRAC",
  CLEAR: "CLE",
  ACTUAL: "ACT",
  NEXT: "",
  LEVEL: "",
};

/** `SOURce1:VOLTage:LEVel` and the like as `SOUR:VOLT`. */
function shortForm(header: string): string {
  const isQuery = header.endsWith("?");
  const nodes = (isQuery ? header.slice(0, -1) : header).toUpperCase().split(":");
  const short = nodes.map((node) => {
    const bare = node.startsWith("*") ? node : node.replace(/1$/, "");
    return LONG_FORMS[bare] ?? bare;
  });
  return `${short.filter((node) => node !== "").join(":")}${isQuery ? "?" : ""}`;
}

function quantised(value: number, step: number): number {
  return Math.round(value / step) * step;
}

/** Seven digits with a two-digit exponent: `3.700000E+00`. */
function scientific(value: number): string {
  return value
    .toExponential(6)
    .replace(/e([+-])(\d)$/, "e$10$2")
    .toUpperCase();
}
