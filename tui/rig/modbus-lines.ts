/** Modbus lines of a site: units on one serial port take turns on it, whoever asked first. */
import { createModbusLine, type ModbusLine, type ModbusLineDeps } from "../../drivers/link/modbus-line.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { LinkAddress } from "../../protocols/site/site.ts";
import type { DriverDeps } from "./drivers.ts";

export type LineOptions = Pick<ModbusLineDeps, "replyDeadlineMs" | "gapMs">;

/** One line for each cable; what the first unit on it needs holds for the others. */
export type ModbusLines = (cable: string, link: LinkAddress, options?: LineOptions) => ModbusLine;

export function createModbusLines({ clock, openLinkOf }: Pick<DriverDeps, "clock" | "openLinkOf">): ModbusLines {
  const known = new Map<string, ModbusLine>();
  return (cable, link, options = {}) => {
    const made = known.get(cable);
    if (made !== undefined) return made;
    const framing = framingOf(cable, link);
    const line = createModbusLine({ name: cable, openLink: openLinkOf(cable, link), clock, framing, ...options });
    known.set(cable, line);
    return line;
  };
}

function framingOf(cable: string, link: LinkAddress): ModbusLineDeps["framing"] {
  if (link.kind === "tcp") return { kind: "tcp" };
  if (link.kind === "modbus-rtu") return { kind: "rtu", baud: link.baud };
  throw new Fault("site.invalid", cable, `a ${link.kind} link carries no Modbus`);
}
