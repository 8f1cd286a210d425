/** Registers of a Modbus unit, one at a time: for units whose registers are settings and readings, never outputs of a shutter. */
import { createModbusBus, type ModbusBus } from "../../drivers/link/modbus-bus.ts";
import type { ModbusFraming } from "../../drivers/link/modbus-port.ts";
import { openWithin } from "../../drivers/link/open-within.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { LinkAddress } from "../../protocols/site/site.ts";
import type { ActBench } from "./act.ts";
import { ASK_MS, TAKES_OVER, type ActEntry } from "./act-entry.ts";
import type { JsonObject } from "./device-json.ts";

export interface RegisterUnit {
  readonly name: string;
  readonly cable: string;
  readonly link: LinkAddress;
  readonly unitId: number;
  /** What a register written at random may do. */
  readonly danger: string;
}

const WORD_MAX = 0xffff;
/** Of one request, by the specification. */
const COUNT_MAX = 125;

export function registerActs(unit: RegisterUnit): readonly ActEntry[] {
  const asking = { admitsBeam: false, notBeside: TAKES_OVER, timeoutMs: ASK_MS };
  return [
    {
      name: "read-register",
      usage: "read-register ADDRESS [COUNT]",
      summary: "holding registers, by protocol address from 0",
      make(args) {
        const [address, count = 1] = numbers("read-register", args, 1, 2, "takes an address, and how many from there");
        if (count < 1 || count > COUNT_MAX)
          throw new Fault("command.usage", "read-register", `reads 1 to ${COUNT_MAX}`);
        return {
          ...asking,
          command: ["read-register", ...args].join(" "),
          words: [`Reads ${count} holding registers from ${address} of unit ${unit.unitId}.`],
          needsConfirmation: false,
          perform: (bench) =>
            withBus(bench, unit, async (bus) => ({ address, values: [...(await bus.readRegisters(address, count))] })),
        };
      },
    },
    {
      name: "write-register",
      usage: "write-register ADDRESS VALUE",
      summary: "one holding register, read back",
      make(args) {
        const [address, value = 0] = numbers("write-register", args, 2, 2, "takes an address and a value");
        return {
          ...asking,
          command: ["write-register", ...args].join(" "),
          words: [
            `Writes ${value} into holding register ${address} of unit ${unit.unitId}, and reads it back.`,
            unit.danger,
          ],
          needsConfirmation: true,
          perform: (bench) =>
            withBus(bench, unit, async (bus) => {
              const [before = null] = await bus.readRegisters(address, 1);
              await bus.writeRegister(address, value);
              const [after = null] = await bus.readRegisters(address, 1);
              return { address, before, written: value, after };
            }),
        };
      },
    },
  ];
}

function numbers(
  name: string,
  args: readonly string[],
  least: number,
  most: number,
  takes: string,
): readonly [number, ...number[]] {
  const [first, ...rest] = args.map(Number);
  const isGood = [first, ...rest].every(
    (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= WORD_MAX,
  );
  if (first === undefined || !isGood || args.length < least || args.length > most) {
    throw new Fault("command.usage", name, `${takes}, whole numbers from 0 to ${WORD_MAX} (0x... for hexadecimal)`);
  }
  return [first, ...rest];
}

async function withBus(
  bench: ActBench,
  unit: RegisterUnit,
  work: (bus: ModbusBus) => Promise<JsonObject>,
): Promise<JsonObject> {
  const { name, cable, link, unitId } = unit;
  const { clock, deps } = bench;
  const bus = createModbusBus({
    name,
    link: await openWithin(clock, deps.openLinkOf(cable, link), name),
    clock,
    unitId,
    framing: framingOf(link),
    replyDeadlineMs: REPLY_MS,
    onLost: () => undefined,
  });
  try {
    return await work(bus);
  } finally {
    bus.close();
  }
}

const REPLY_MS = 1000;

function framingOf(link: LinkAddress): ModbusFraming {
  return link.kind === "modbus-rtu" ? { kind: "rtu", baud: link.baud } : { kind: "tcp" };
}
