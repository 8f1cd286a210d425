/** Three plain register devices on one serial line, and the driver's end of it, in virtual time. */
import { createModbusLine, type ModbusLine, type ModbusLineDeps } from "../../../drivers/link/modbus-line.ts";
import { createMemoryLink, type MemoryLink } from "../../../simulator/links/memory-link.ts";
import { createModbusServer, type ModbusServer } from "../../../simulator/modbus/modbus-server.ts";
import { performOn } from "../../../simulator/modbus/register-device.ts";
import type { DeviceEnd } from "../../../simulator/plant/plant.ts";
import { createVirtualTime, type VirtualTime } from "../../contract/contract-bench.ts";

export interface LineBench extends VirtualTime {
  readonly cable: MemoryLink;
  readonly line: ModbusLine;
  readonly server: ModbusServer;
  /** Hex of each chunk that reached the units, and when. */
  readonly sent: { readonly atMs: number; readonly hex: string }[];
  /** Registers of the units, by number. */
  readonly registers: ReadonlyMap<number, number[]>;
  /** Units that do not answer. */
  readonly mute: Set<number>;
  /** What becomes of an answer on its way; undefined loses it. */
  alter: (frame: Uint8Array) => Uint8Array | undefined;
}

export function createLineBench(options: Partial<ModbusLineDeps> = {}): LineBench {
  const time = createVirtualTime();
  const { clock } = time;
  const cable = createMemoryLink(clock, { name: "line", latencyMs: 0.5 });
  const sent: { readonly atMs: number; readonly hex: string }[] = [];
  const registers = new Map([1, 2, 3].map((unit) => [unit, [unit * 1000, unit * 1000 + 1, 0, 0]]));
  const mute = new Set<number>();
  const framing = options.framing ?? { kind: "rtu", baud: 19_200, lateReplyMs: 300 };
  const end: DeviceEnd = {
    ...cable.end,
    onData(handler) {
      cable.end.onData((chunk) => {
        sent.push({ atMs: clock.nowMs(), hex: Buffer.from(chunk).toString("hex") });
        handler(chunk);
      });
    },
    send(chunk) {
      const altered = bench.alter(chunk);
      if (altered !== undefined) cable.end.send(altered);
    },
  };
  const server = createModbusServer({
    end,
    clock,
    framing: { kind: framing.kind },
    devices: [1, 2, 3].map((unit) => ({
      units: [unit],
      perform(pdu) {
        const words = registers.get(unit) ?? [];
        const result = performOn(
          {
            holding: (address) => words[address],
            input: (address) => words[address],
            writeHolding(address, values) {
              if (address + values.length > words.length) return 2;
              words.splice(address, values.length, ...values);
              return 0;
            },
          },
          pdu,
        );
        return mute.has(unit) ? undefined : result;
      },
    })),
  });
  const line = createModbusLine({ name: "line", openLink: cable.openLink, clock, framing, ...options });
  const bench: LineBench = { ...time, cable, line, server, sent, registers, mute, alter: (frame) => frame };
  return bench;
}
