/** A small PSB with a coin cell, its cable and the driver's channel in virtual time. */
import { createModbusLine } from "../../drivers/link/modbus-line.ts";
import type { ModbusFraming } from "../../drivers/link/modbus-port.ts";
import {
  createModbusCyclerChannel,
  cyclerLineOptions,
  type ModbusCyclerDeps,
} from "../../drivers/modbus-cycler/modbus-cycler-channel.ts";
import type { Channel } from "../../protocols/roles/channel.ts";
import { readCyclerMap } from "../../protocols/wire/modbus-cycler/read-register-map.ts";
import type { CyclerMap } from "../../protocols/wire/modbus-cycler/register-map.ts";
import { createMemoryLink, type MemoryLink } from "../../simulator/links/memory-link.ts";
import { createPsbTwin, type PsbTwin, type PsbTwinDeps } from "../../simulator/modbus-cycler/psb-twin.ts";
import type { DeviceEnd } from "../../simulator/plant/plant.ts";
import { listenTo, type HeardChannel } from "../contract/channel.ts";
import { countedCell, type CountedCell } from "../contract/counted-cell.ts";
import { createVirtualTime, type VirtualTime } from "../contract/contract-bench.ts";
import { repositoryText } from "./campaign-files.ts";

export const EA_PSB_TEXT = repositoryText("protocols/modbus-maps/ea-psb.yaml");

/** The shipped map for a unit a thousand times smaller: 10 V and 0.1 A instead of 60 V and 60 A. */
export function smallPsbMap(): CyclerMap {
  const text = EA_PSB_TEXT.replace("voltage_max_V: 60", "voltage_max_V: 10")
    .replace("current_max_A: 60", "current_max_A: 0.1")
    .replace("voltage_tolerance_V: 0.005", "voltage_tolerance_V: 0.001")
    .replace("current_tolerance_A: 0.005", "current_tolerance_A: 0.00001");
  const { map, findings } = readCyclerMap(text, "ea-psb.yaml");
  if (map === undefined) throw new Error(JSON.stringify(findings));
  return map;
}

export interface CyclerBench extends VirtualTime {
  readonly cable: MemoryLink;
  readonly cell: CountedCell;
  readonly twin: PsbTwin;
  readonly channel: Channel;
  readonly heard: HeardChannel;
  /** Requests that reached the unit, in hex. */
  readonly requests: string[];
  /** What becomes of an answer on its way; undefined loses it. */
  alter: (answer: Uint8Array) => Uint8Array | undefined;
}

export interface CyclerBenchOptions {
  readonly channel?: Partial<ModbusCyclerDeps>;
  readonly twin?: Partial<PsbTwinDeps>;
  readonly framing?: ModbusFraming;
}

export function createCyclerBench(options: CyclerBenchOptions = {}): CyclerBench {
  const time = createVirtualTime();
  const { clock } = time;
  const cable = createMemoryLink(clock, { name: "psb", latencyMs: 0.5 });
  const cell = countedCell();
  const framing = options.framing ?? { kind: "tcp" };
  const map = options.channel?.map ?? smallPsbMap();
  const requests: string[] = [];
  const end: DeviceEnd = {
    ...cable.end,
    onData(handler) {
      cable.end.onData((chunk) => {
        requests.push(Buffer.from(chunk).toString("hex"));
        handler(chunk);
      });
    },
    send(chunk) {
      const altered = bench.alter(chunk);
      if (altered !== undefined) cable.end.send(altered);
    },
  };
  const twin = createPsbTwin({ end, clock, cell, framing: { kind: framing.kind }, ...options.twin });
  const line = createModbusLine({
    name: "psb",
    openLink: cable.openLink,
    clock,
    framing,
    ...cyclerLineOptions(map),
  });
  const channel = createModbusCyclerChannel({ name: "channel B7", line, map, ...options.channel });
  const heard = listenTo(channel, () => {
    clock.touch();
  });
  const bench: CyclerBench = { ...time, cable, cell, twin, channel, heard, requests, alter: (answer) => answer };
  return bench;
}
