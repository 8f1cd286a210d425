/** What a stop came to, device by device: for the log, and in words for whoever ordered it. Pure. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { StopClass } from "../../protocols/bus/commands.ts";

/** One device, and how long after the order it had heard of it and said that it obeys. */
export interface StoppedDevice {
  /** Name in the site file. */
  readonly name: string;
  /** Of a channel, where its cell stands. */
  readonly position: string | null;
  /** What a person does where it does not answer. */
  readonly byHand: string;
  /** Milliseconds from the order until the command was handed to its link; null as long as it was not. */
  readonly toldMs: number | null;
  /** Milliseconds from the order until the device itself said so: off, closed, at rest; null as long as it has not. */
  readonly confirmedMs: number | null;
  /** Why it will not be confirmed any more; null where it was, or still may be. */
  readonly trouble: string | null;
}

export interface StopReport {
  /** Counted from 1 in a run. */
  readonly number: number;
  readonly stopClass: StopClass;
  readonly author: string;
  /** Since the order, at most: what is not confirmed by then is named. */
  readonly boundMs: number;
  /** Every device has answered, or had its time. */
  readonly isOver: boolean;
  readonly devices: readonly StoppedDevice[];
}

const SLOWEST_NAMED = 3;
const UNCONFIRMED_NAMED = 5;

export function reportJson(report: StopReport): { readonly [key: string]: Json } {
  const { number, stopClass, author, devices } = report;
  return {
    ...{ stop: number, class: stopClass, author, devices_asked: devices.length },
    told_ms_max: rounded(longest(devices, "toldMs")),
    confirmed_ms_max: rounded(longest(devices, "confirmedMs")),
    not_confirmed: unconfirmed(report).map(({ name }) => name),
    devices: devices.map(({ name, position, toldMs, confirmedMs, trouble }) => ({
      device: name,
      ...(position === null ? {} : { position }),
      ...{ told_ms: rounded(toldMs), confirmed_ms: rounded(confirmedMs) },
      ...(trouble === null ? {} : { trouble }),
    })),
  };
}

/** Who did not obey and what to do there, which is what a short line must show; how many did within what time, who was slowest. */
export function reportText(report: StopReport): string {
  const { devices } = report;
  if (devices.length === 0) return "there is nothing to stop";
  const confirmed = devices.filter(({ confirmedMs }) => confirmedMs !== null);
  const ms = (one: StoppedDevice): number => one.confirmedMs ?? 0;
  const slowest = [...confirmed].sort((a, b) => ms(b) - ms(a)).slice(0, SLOWEST_NAMED);
  const last = slowest[0];
  const parts: string[] = [];
  let obeyed = `${String(confirmed.length)} of ${String(devices.length)} devices confirmed`;
  if (last !== undefined) {
    const names = slowest.map((one) => `${nameOf(one)} ${String(Math.round(ms(one)))} ms`).join(", ");
    obeyed = `${obeyed} within ${String(Math.ceil(ms(last)))} ms, slowest ${names}`;
  }
  const missing = unconfirmed(report);
  if (missing.length > 0) {
    const named = missing.slice(0, UNCONFIRMED_NAMED).map((one) => `${nameOf(one)}: ${one.byHand}`);
    const more = missing.length - named.length;
    const yet = report.isOver ? "" : " yet";
    parts.push(`NOT CONFIRMED${yet}: ${named.join("; ")}${more === 0 ? "" : `; and ${String(more)} more`}`);
  }
  return [...parts, obeyed].join(". ");
}

export function unconfirmed({ devices }: Pick<StopReport, "devices">): readonly StoppedDevice[] {
  return devices.filter(({ confirmedMs }) => confirmedMs === null);
}

export function nameOf({ name, position }: Pick<StoppedDevice, "name" | "position">): string {
  return position === null || position === name ? name : `${position} (${name})`;
}

function longest(devices: readonly StoppedDevice[], of: "toldMs" | "confirmedMs"): number | null {
  const known = devices.flatMap((one) => one[of] ?? []);
  return known.length === 0 ? null : Math.max(...known);
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : Number(ms.toFixed(1));
}
