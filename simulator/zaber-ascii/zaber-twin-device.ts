/** One simulated device on the chain: what it does with the words of a command, for one of its axes or all. */
import type { TwinAxis } from "./zaber-twin-axis.ts";
import { WORD_SIZE } from "./zaber-twin-line.ts";

export interface TwinDevice {
  readonly address: number;
  readonly axes: readonly TwinAxis[];
  readonly settings: Map<string, string>;
  /** Levels of the digital outputs and inputs. */
  readonly outputs: boolean[];
  readonly inputs: boolean[];
}

export type TwinAnswer =
  | { readonly isAccepted: true; readonly data: string }
  | { readonly isAccepted: false; readonly data: string };

const DONE: TwinAnswer = { isAccepted: true, data: "0" };
const READ_ONLY = ["deviceid", "version", "system.serial", "system.axiscount"];

function data(text: string): TwinAnswer {
  return { isAccepted: true, data: text === "" ? "0" : text };
}

function refuse(reason: string): TwinAnswer {
  return { isAccepted: false, data: reason };
}

export function perform(device: TwinDevice, axisNumber: number, words: readonly string[]): TwinAnswer {
  if (axisNumber > device.axes.length) return refuse("BADAXIS");
  if (words.some((word) => word.length > WORD_SIZE)) return refuse("LONGWORD");
  const axes = axisNumber === 0 ? device.axes : device.axes.slice(axisNumber - 1, axisNumber);
  const [verb, ...rest] = words;
  switch (verb) {
    case undefined:
      return DONE;
    case "home":
      return rest.length > 0 ? refuse("BADCOMMAND") : moving(axes, (axis) => (axis.home(), true));
    case "move":
      return move(axes, rest);
    case "stop":
    case "estop":
      for (const axis of axes) axis.stop();
      return DONE;
    case "get":
      return get(device, axisNumber, axes, rest);
    case "set":
      return set(device, axisNumber, axes, rest);
    case "warnings":
      return warnings(axes, rest);
    case "driver":
      return driver(axes, rest[0]);
    case "io":
      return io(device, axisNumber, rest);
    case "tools":
      return rest[0] === "echo" ? data(rest.slice(1).join(" ")) : refuse("BADCOMMAND");
    case "renumber":
      return axisNumber === 0 ? DONE : refuse("DEVICEONLY");
    case "system":
      if (rest[0] !== "reset") return refuse("BADCOMMAND");
      if (axisNumber !== 0) return refuse("DEVICEONLY");
      for (const axis of axes) axis.reset();
      return DONE;
    default:
      return refuse("BADCOMMAND");
  }
}

function moving(axes: readonly TwinAxis[], begin: (axis: TwinAxis) => boolean): TwinAnswer {
  if (axes.some((axis) => !axis.isEnabled)) return refuse("DRIVERDISABLED");
  return axes.every(begin) ? DONE : refuse("BADDATA");
}

function move(axes: readonly TwinAxis[], [how = "", value]: readonly string[]): TwinAnswer {
  const limit = (axis: TwinAxis, which: "limit.min" | "limit.max"): number => axis.settings.get(which) ?? 0;
  const amount = wholeNumber(value);
  switch (how) {
    case "min":
    case "max":
      return moving(axes, (axis) => axis.moveTo(limit(axis, `limit.${how}`)));
    case "abs":
      return amount === undefined ? refuse("BADDATA") : moving(axes, (axis) => axis.moveTo(amount));
    case "rel":
      return amount === undefined ? refuse("BADDATA") : moving(axes, (axis) => axis.moveTo(axis.position() + amount));
    case "vel":
      if (amount === undefined) return refuse("BADDATA");
      if (amount === 0) {
        for (const axis of axes) axis.stop();
        return DONE;
      }
      return moving(axes, (axis) => axis.moveTo(limit(axis, amount > 0 ? "limit.max" : "limit.min")));
    case "stored":
      return refuse("BADDATA");
    default:
      return refuse("BADCOMMAND");
  }
}

function get(
  device: TwinDevice,
  axisNumber: number,
  axes: readonly TwinAxis[],
  [name = ""]: readonly string[],
): TwinAnswer {
  const whole = device.settings.get(name);
  if (whole !== undefined) return axisNumber === 0 ? data(whole) : refuse("DEVICEONLY");
  if (name === "pos") return data(axes.map((axis) => axis.position()).join(" "));
  const values = axes.map((axis) => axis.settings.get(name));
  return values.includes(undefined) ? refuse("BADCOMMAND") : data(values.join(" "));
}

function set(
  device: TwinDevice,
  axisNumber: number,
  axes: readonly TwinAxis[],
  [name = "", value]: readonly string[],
): TwinAnswer {
  if (device.settings.has(name)) {
    if (axisNumber !== 0) return refuse("DEVICEONLY");
    if (READ_ONLY.includes(name)) return refuse("NOACCESS");
    if (value !== "0" && value !== "1") return refuse("BADDATA");
    device.settings.set(name, value);
    return DONE;
  }
  const amount = wholeNumber(value);
  if (name !== "pos" && axes.some((axis) => !axis.settings.has(name))) return refuse("BADCOMMAND");
  if (amount === undefined) return refuse("BADDATA");
  if (axes.some((axis) => axis.isBusy)) return refuse("STATUSBUSY");
  for (const axis of axes) {
    if (name === "pos") axis.setPosition(amount);
    else axis.settings.set(name, amount);
  }
  return DONE;
}

function warnings(axes: readonly TwinAxis[], [what]: readonly string[]): TwinAnswer {
  if (what !== undefined && what !== "clear") return refuse("BADCOMMAND");
  const flags = [...new Set(axes.flatMap((axis) => axis.flags()))];
  if (what === "clear") for (const axis of axes) axis.clearFlags();
  return data([String(flags.length).padStart(2, "0"), ...flags].join(" "));
}

function driver(axes: readonly TwinAxis[], what: string | undefined): TwinAnswer {
  if (what !== "enable" && what !== "disable") return refuse("BADCOMMAND");
  for (const axis of axes) axis.setDriver(what === "enable");
  return DONE;
}

function io(device: TwinDevice, axisNumber: number, [verb, kind, ...rest]: readonly string[]): TwinAnswer {
  if (axisNumber !== 0) return refuse("DEVICEONLY");
  const levels = kind === "di" ? device.inputs : kind === "do" ? device.outputs : undefined;
  if (verb === "get" && kind === "ai") return data(rest.length === 0 ? "0.0 0.0" : "0.0");
  if (levels === undefined) return refuse("BADCOMMAND");
  const number = wholeNumber(rest[0]);
  const isThere = number !== undefined && number >= 1 && number <= levels.length;
  if (verb === "get") {
    if (rest.length === 0) return data(levels.map(Number).join(" "));
    return isThere ? data(String(Number(levels[number - 1]))) : refuse("BADDATA");
  }
  if (verb !== "set" || kind !== "do") return refuse("BADCOMMAND");
  if (!isThere || (rest[1] !== "0" && rest[1] !== "1")) return refuse("BADDATA");
  levels[number - 1] = rest[1] === "1";
  return DONE;
}

function wholeNumber(word: string | undefined): number | undefined {
  return word !== undefined && /^-?\d{1,12}$/.test(word) ? Number(word) : undefined;
}
