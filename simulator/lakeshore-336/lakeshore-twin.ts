/**
 * A simulated Lake Shore 336 on its network port. It answers what it knows and is silent to all else, as the real one
 * is. Temperatures are told in both units; nothing can be set.
 */
import type { DeviceEnd, WorldClock } from "../plant/plant.ts";

export interface LakeshoreTwinDeps {
  readonly end: DeviceEnd;
  readonly clock: WorldClock;
  /** At the sensor of that input, `A` to `D`; null where it is broken or none is plugged in. */
  readonly temperatureC: (input: string, atMs: number) => number | null;
  readonly identity?: string;
}

const ANSWER_MS = 10;
const LINE_MAX = 255;
const KELVIN_AT_ZERO_C = 273.15;
/** Sum of "invalid reading" and "sensor beyond its range". */
const OPEN_SENSOR = "129";

export function createLakeshoreTwin(deps: LakeshoreTwinDeps): void {
  const { end, clock } = deps;
  let typed = "";
  let freeAtMs = 0;

  /** One command after the other. */
  function obey(line: string): void {
    freeAtMs = Math.max(freeAtMs, clock.nowMs()) + ANSWER_MS;
    clock.at(freeAtMs, () => {
      const said = answer(line);
      if (said !== undefined) end.send(Buffer.from(`${said}\r\n`, "latin1"));
    });
  }

  function answer(line: string): string | undefined {
    const [header = "", input = ""] = line.trim().toUpperCase().split(/\s+/);
    if (header === "*IDN?") return deps.identity ?? "LSCI,MODEL336,LSA0001/#######,2.9";
    if (!/^[A-D]$/.test(input)) return undefined;
    const valueC = deps.temperatureC(input, clock.nowMs());
    switch (header) {
      case "CRDG?":
        return sixDigits(valueC ?? 0);
      case "KRDG?":
        return sixDigits(valueC === null ? 0 : valueC + KELVIN_AT_ZERO_C);
      case "RDGST?":
        return valueC === null ? OPEN_SENSOR : "000";
      default:
        return undefined;
    }
  }

  end.onOpen(() => {
    typed = "";
  });
  end.onData((chunk) => {
    for (const byte of chunk) {
      if (byte === 0x0a) {
        obey(typed);
        typed = "";
      } else if (byte !== 0x0d && typed.length < LINE_MAX) typed += String.fromCharCode(byte);
    }
  });
}

/** `+23.450`, `-196.00` */
function sixDigits(value: number): string {
  const size = Math.abs(value);
  return `${value < 0 ? "-" : "+"}${size.toFixed(size < 100 ? 3 : 2)}`;
}
