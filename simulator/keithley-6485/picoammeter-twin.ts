/**
 * A simulated Keithley 6485 on its serial line. Readings are taken on command; of the trigger model only immediate
 * ones run. Layout of `*IDN?` as published clients read it.
 */
import type { DeviceEnd, WorldClock } from "../plant/plant.ts";

export interface PicoammeterTwinDeps {
  readonly end: DeviceEnd;
  readonly clock: WorldClock;
  /** The current into its input. */
  readonly currentA: (atMs: number) => number;
  readonly identity?: string;
  /** Own offset, taken away by a zero correction. Default 0. */
  readonly offsetA?: number;
  /** How long it is on when the world begins. Default 0. */
  readonly onForS?: number;
}

/** What can go wrong with it. All off to begin with. */
export interface PicoammeterTwinFaults {
  /** Commands are obeyed and nothing is answered. */
  isSilent: boolean;
  /** Zero check cannot be switched off. */
  zeroCheckSticks: boolean;
}

export interface PicoammeterTwin {
  readonly faults: PicoammeterTwinFaults;
  readonly rangeA: number;
  /** Off and on again, so quickly that its line does not notice: its settings are those after a reset. */
  powerCycle(): void;
}

/** Its own time counts from when it was switched on, up to here, and then from zero again. */
const TIME_COMES_ROUND_S = 100_000;
const LINE_MAX = 1000;
const MAINS_PERIOD_MS = 20;
const OVERHEAD_MS = 5;
const RESET_MS = 300;
const LINE_MS = 1;
const LINES_MAX = 200;
const BUFFER_MAX = 2500;
const SMALLEST_RANGE_A = 2.1e-9;
const LARGEST_RANGE_A = 2.1e-2;
const OVERFLOW = "+9.900000E+37";

interface Sample {
  readonly value: string;
  readonly atMs: number;
  readonly isOverflow: boolean;
}

export function createPicoammeterTwin(deps: PicoammeterTwinDeps): PicoammeterTwin {
  const { end, clock } = deps;
  const offsetA = deps.offsetA ?? 0;
  const faults: PicoammeterTwinFaults = { isSilent: false, zeroCheckSticks: false };
  const errors: string[] = [];
  let switchedOnMs = clock.nowMs() - (deps.onForS ?? 0) * 1000;
  let settings = afterReset();
  let zeroA = 0;
  let last: Sample | undefined;
  let buffer: Sample[] = [];
  let line = "";
  /** Commands run one after the other, and one that takes a reading holds up the next. */
  const waiting: string[] = [];
  let isBusy = false;

  function hold(ms: number, fn: () => void): void {
    isBusy = true;
    clock.at(clock.nowMs() + ms, () => {
      isBusy = false;
      fn();
      next();
    });
  }

  function next(): void {
    const text = isBusy ? undefined : waiting.shift();
    if (text === undefined) return;
    hold(/^\s*\*RST/i.test(text) ? RESET_MS : LINE_MS, () => {
      onLine(text);
    });
  }

  function say(text: string): void {
    if (!faults.isSilent) end.send(Buffer.from(`${text}\n`, "latin1"));
  }

  function fail(code: number, text: string): void {
    if (errors.length < 10) errors.push(`${code},"${text}"`);
  }

  function readingMs(): number {
    return settings.cycles * MAINS_PERIOD_MS * settings.averages + OVERHEAD_MS;
  }

  function measure(): Sample {
    const atMs = clock.nowMs();
    const inputA = settings.isZeroChecked ? offsetA : deps.currentA(atMs) + offsetA;
    if (settings.isAutomatic) settings.rangeA = rangeHolding(inputA);
    const isOverflow = Math.abs(inputA) > settings.rangeA;
    const shownA = inputA - (settings.isZeroCorrected ? zeroA : 0);
    const step = settings.rangeA / 210_000;
    const value = isOverflow ? OVERFLOW : scientific(Math.round(shownA / step) * step, 6);
    last = { value, atMs, isOverflow };
    if (settings.fillsBuffer && buffer.length < settings.bufferPoints) buffer.push(last);
    return last;
  }

  function shown(sample: Sample): string {
    const status = sample.isOverflow ? 1 : 0;
    const parts: Readonly<Record<string, string>> = {
      TIME: scientific(((sample.atMs - switchedOnMs) / 1000) % TIME_COMES_ROUND_S, 3),
      STAT: scientific(status, 3),
    };
    const reading = sample.value + (settings.elements.includes("UNIT") ? "A" : "");
    return settings.elements
      .filter((element) => element !== "UNIT")
      .map((element) => (element === "READ" ? reading : (parts[element] ?? "")))
      .join(",");
  }

  function number(text: string, min: number, max: number, set: (value: number) => void): void {
    const value = Number(text);
    if (text === "" || !Number.isFinite(value)) fail(-104, "Data type error");
    else if (value < min || value > max) fail(-222, "Parameter data out of range");
    else set(value);
  }

  function flag(text: string, set: (isOn: boolean) => void): void {
    const word = text.toUpperCase();
    if (word === "ON" || word === "1") set(true);
    else if (word === "OFF" || word === "0") set(false);
    else fail(-104, "Data type error");
  }

  function word(text: string, words: readonly string[]): void {
    if (!words.includes(text.toUpperCase())) fail(-224, "Illegal parameter value");
  }

  function act(header: string, rest: string): void {
    switch (header) {
      case "*RST":
        settings = afterReset();
        buffer = [];
        return;
      case "*CLS":
        errors.length = 0;
        return;
      case "SYST:ZCH":
        flag(rest, (isOn) => {
          settings.isZeroChecked = isOn || faults.zeroCheckSticks;
        });
        return;
      case "SYST:ZCOR":
        flag(rest, (isOn) => {
          settings.isZeroCorrected = isOn;
        });
        return;
      case "SYST:ZCOR:ACQ":
        if (!settings.isZeroChecked || last === undefined) fail(-221, "Settings conflict");
        else zeroA = Number(last.value);
        return;
      case "RANG":
        number(rest, 0, LARGEST_RANGE_A, (value) => {
          settings.rangeA = rangeHolding(value);
          settings.isAutomatic = false;
        });
        return;
      case "RANG:AUTO":
        flag(rest, (isOn) => {
          settings.isAutomatic = isOn;
        });
        return;
      case "RANG:AUTO:ULIM":
      case "RANG:AUTO:LLIM":
        number(rest, 0, LARGEST_RANGE_A, () => undefined);
        return;
      case "NPLC":
        number(rest, 0.01, 5, (value) => {
          settings.cycles = value;
        });
        return;
      case "AVER:COUN":
        number(rest, 2, 100, (value) => {
          settings.averageCount = value;
        });
        return;
      case "AVER":
        flag(rest, (isOn) => {
          settings.averages = isOn ? settings.averageCount : 1;
        });
        return;
      case "FORM:ELEM": {
        const elements = rest
          .toUpperCase()
          .split(",")
          .map((each) => each.trim().slice(0, 4));
        if (!elements.every((each) => ["READ", "UNIT", "TIME", "STAT"].includes(each))) {
          fail(-224, "Illegal parameter value");
        } else settings.elements = elements;
        return;
      }
      case "INIT":
        hold(readingMs(), measure);
        return;
      case "ARM:SOUR":
        word(rest, ["IMM", "TIM", "BUS", "TLIN", "MAN"]);
        return;
      case "TRIG:SOUR":
        word(rest, ["IMM", "TLIN"]);
        return;
      case "ARM:COUN":
      case "TRIG:COUN":
        number(rest, 1, BUFFER_MAX, () => undefined);
        return;
      case "TRIG:DEL":
        number(rest, 0, 999.9998, () => undefined);
        return;
      case "TRAC:POIN":
        number(rest, 1, BUFFER_MAX, (value) => {
          settings.bufferPoints = value;
          buffer = [];
        });
        return;
      case "TRAC:FEED":
        word(rest, ["SENS", "SENS1", "CALC1", "CALC2"]);
        return;
      case "TRAC:FEED:CONT":
        word(rest, ["NEXT", "NEV"]);
        settings.fillsBuffer = rest.toUpperCase() === "NEXT";
        return;
      default:
        fail(-113, "Undefined header");
    }
  }

  function query(header: string): void {
    switch (header) {
      case "*IDN":
        say(deps.identity ?? "KEITHLEY INSTRUMENTS INC.,MODEL 6485,1234567,B03   Sep 29 2010");
        return;
      case "SYST:ERR":
        say(errors.shift() ?? '0,"No error"');
        return;
      case "SYST:ZCH":
        say(settings.isZeroChecked ? "1" : "0");
        return;
      case "RANG":
        say(scientific(settings.rangeA, 6));
        return;
      case "NPLC":
        say(String(settings.cycles));
        return;
      case "READ":
        hold(readingMs(), () => {
          say(shown(measure()));
        });
        return;
      case "FETC":
        if (last === undefined) fail(-230, "Data corrupt or stale");
        else say(shown(last));
        return;
      case "TRAC:DATA":
        say(buffer.map(shown).join(","));
        return;
      default:
        fail(-113, "Undefined header");
    }
  }

  function onLine(text: string): void {
    const [, header = "", mark = "", rest = ""] = /^\s*([*:A-Za-z0-9]+)(\??)\s*(.*?)\s*$/.exec(text) ?? [];
    if (header === "") {
      if (text.trim() !== "") fail(-102, "Syntax error");
      return;
    }
    const short = shortForm(header);
    if (mark === "?") query(short);
    else act(short, rest);
  }

  end.onOpen(() => {
    line = "";
  });
  end.onData((chunk) => {
    for (const byte of chunk) {
      if (byte !== 0x0a && byte !== 0x0d) {
        if (line.length < LINE_MAX) line += String.fromCharCode(byte);
        continue;
      }
      const text = line;
      line = "";
      if (waiting.length < LINES_MAX) waiting.push(text);
      next();
    }
  });

  return {
    faults,
    get rangeA() {
      return settings.rangeA;
    },
    powerCycle() {
      switchedOnMs = clock.nowMs();
      settings = afterReset();
      zeroA = 0;
      buffer = [];
      errors.length = 0;
    },
  };
}

function afterReset() {
  return {
    isZeroChecked: true,
    isZeroCorrected: false,
    isAutomatic: true,
    rangeA: 2.1e-4,
    cycles: 5,
    averages: 1,
    averageCount: 10,
    elements: ["READ", "UNIT", "TIME", "STAT"] as readonly string[],
    bufferPoints: 100,
    fillsBuffer: false,
  };
}

function rangeHolding(currentA: number): number {
  let exponent = -9;
  while (exponent < -2 && Math.abs(currentA) > Number(`2.1e${exponent}`)) exponent += 1;
  return Math.min(LARGEST_RANGE_A, Math.max(SMALLEST_RANGE_A, Number(`2.1e${exponent}`)));
}

const LONG_FORMS: Readonly<Record<string, string>> = {
  SYSTEM: "SYST",
  ZCHECK: "ZCH",
  ZCORRECT: "ZCOR",
  ACQUIRE: "ACQ",
  ERROR: "ERR",
  RANGE: "RANG",
  FORMAT: "FORM",
  ELEMENTS: "ELEM",
  INITIATE: "INIT",
  SOURCE: "SOUR",
  COUNT: "COUN",
  TRIGGER: "TRIG",
  DELAY: "DEL",
  TRACE: "TRAC",
  POINTS: "POIN",
  CONTROL: "CONT",
  AVERAGE: "AVER",
  FETCH: "FETC",
  ULIMIT: "ULIM",
  LLIMIT: "LLIM",
  // Only currents are sensed, so these may be left out.
  SENSE: "",
  SENS: "",
  CURRENT: "",
  CURR: "",
  NEXT: "",
  STATE: "",
};

/** `SENSe:CURRent:RANGe:AUTO` and the like as `RANG:AUTO`. */
function shortForm(header: string): string {
  return header
    .toUpperCase()
    .split(":")
    .map((node) => LONG_FORMS[node.replace(/1$/, "")] ?? node)
    .filter((node) => node !== "")
    .join(":");
}

/** `+1.234560E-09` */
function scientific(value: number, digits: number): string {
  const [mantissa = "", exponent = ""] = Math.abs(value).toExponential(digits).split("e");
  const [, sign = "+", size = ""] = /^([+-])(\d+)$/.exec(exponent) ?? [];
  return `${value < 0 ? "-" : "+"}${mantissa}E${sign}${size.padStart(2, "0")}`;
}
