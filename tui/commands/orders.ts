/** `beamrack hold | resume | skip-step | end-step | stop | ack | expose | note | control`: an operator's orders from a script or a shell, over the bus. */
import { parseArgs } from "node:util";
import { commandText } from "../../controller/bus/authority.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { parsePosition } from "../../protocols/base/position.ts";
import { STOP_CLASSES, type BusCommand, type BusReply } from "../../protocols/bus/commands.ts";
import { CLIENT_OPTIONS, placeOfClient, type ClientValues } from "../bus/client-options.ts";
import { openRack, type OpenRack } from "../bus/rack-look.ts";
import type { CommandContext } from "../command-context.ts";
import { parseDurationS } from "../duration.ts";
import { plainText } from "../progress/number-text.ts";

const OPTIONS = {
  ...CLIENT_OPTIONS,
  reason: { type: "string" },
  "take-over": { type: "boolean" },
} as const;

interface AskedRack {
  readonly client: Pick<OpenRack["client"], "user" | "order">;
  readonly look: () => Pick<ReturnType<OpenRack["look"]>, "rack" | "controller" | "heartbeat" | "control">;
}

interface Asked extends ClientValues {
  readonly reason?: string | undefined;
  readonly "take-over"?: boolean | undefined;
}

export async function holdCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
  const position = optionalPosition("beamrack hold", positionals);
  return giveOrder(context, values, { command: "hold", args: position === undefined ? {} : { position } });
}

export async function resumeCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  const options = { ...OPTIONS, "re-arm": { type: "boolean", default: false } } as const;
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
  const position = optionalPosition("beamrack resume", positionals);
  if (values["re-arm"]) {
    if (position !== undefined) throw new Fault("command.usage", "--re-arm", "is of the hutch, not of one cell");
    return giveOrder(context, values, { command: "re-arm", args: {} });
  }
  return giveOrder(context, values, { command: "resume", args: position === undefined ? {} : { position } });
}

export async function skipStepCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  return stepOrder(context, args, "skip-step");
}

export async function endStepCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  return stepOrder(context, args, "end-step");
}

async function stepOrder(
  context: CommandContext,
  args: readonly string[],
  command: "skip-step" | "end-step",
): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
  const position = optionalPosition(`beamrack ${command}`, positionals);
  if (position === undefined) throw new Fault("command.usage", `beamrack ${command}`, "takes one position, A1 to H12");
  return giveOrder(context, values, { command, args: { position } });
}

export async function noteCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
  const [place, text, ...more] = positionals;
  const position = place === undefined ? undefined : parsePosition(place);
  if (position === undefined || text === undefined || more.length > 0) {
    throw new Fault("command.usage", "beamrack note", "takes a position and one text in quotes");
  }
  return giveOrder(context, values, { command: "note", args: { position, text } });
}

export async function controlCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
  const [act, ...more] = positionals;
  if ((act !== "take" && act !== "release") || more.length > 0) {
    throw new Fault("command.usage", "beamrack control", "takes take or release");
  }
  return giveOrder(context, values, { command: act === "take" ? "take-control" : "release-control", args: {} });
}

export async function stopCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  const options = { ...OPTIONS, group: { type: "string" } } as const;
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
  const [name, ...places] = positionals;
  const stopClass = STOP_CLASSES.find((one) => one === name);
  if (stopClass === undefined) {
    const what = `takes one of ${STOP_CLASSES.join(", ")}: there is no one stop for all`;
    throw new Fault("command.usage", "beamrack stop", what);
  }
  const position = optionalPosition("beamrack stop", places);
  const { group } = values;
  const isOfCells = stopClass === "step" || stopClass === "open-circuit";
  if (
    (position !== undefined || group !== undefined) &&
    (!isOfCells || (position !== undefined && group !== undefined))
  ) {
    const what = "takes a position or --group, not both, and only with step or open-circuit";
    throw new Fault("command.usage", "beamrack stop", what);
  }
  return giveOrder(context, values, {
    command: "stop",
    args: {
      class: stopClass,
      ...(position === undefined ? {} : { position }),
      ...(group === undefined ? {} : { group }),
    },
  });
}

export async function ackCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  const options = { ...OPTIONS, shelve: { type: "string" } } as const;
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
  const alarms = positionals.flatMap((text) => text.split(",")).flatMap(numbersOf);
  if (
    alarms.length === 0 ||
    alarms.length > ALARMS_MAX ||
    alarms.some((alarm) => !Number.isInteger(alarm) || alarm < 1)
  ) {
    const what = `takes the numbers of alarms, as beamrack status has them: 7, or 3..5,9; ${ALARMS_MAX} at the most`;
    throw new Fault("command.usage", "beamrack ack", what);
  }
  if (values.shelve === undefined) {
    return orderAll(
      context,
      values,
      alarms.map((alarm): BusCommand => ({ command: "ack", args: { alarm } })),
    );
  }
  const forS = parseDurationS(values.shelve);
  if (forS === undefined) {
    throw new Fault("command.usage", "--shelve", `${values.shelve} is no duration; write 15min or 2h, 12h at the most`);
  }
  return orderAll(
    context,
    values,
    alarms.map((alarm): BusCommand => ({ command: "shelve", args: { alarm, for_s: forS } })),
  );
}

/** `3..5` is 3, 4, 5; what is no number is NaN. */
function numbersOf(text: string): readonly number[] {
  const [, first, last] = /^(\d{1,9})\.\.(\d{1,9})$/.exec(text) ?? [];
  if (first === undefined || last === undefined) return [/^\d{1,9}$/.test(text) ? Number(text) : Number.NaN];
  const count = Number(last) - Number(first) + 1;
  return count < 1 || count > ALARMS_MAX
    ? [Number.NaN]
    : Array.from({ length: count }, (_, index) => Number(first) + index);
}

/** Within what one user may order at once. */
const ALARMS_MAX = 30;

export async function exposeCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  const options = { ...OPTIONS, within: { type: "string" } } as const;
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
  const position = optionalPosition("beamrack expose", positionals);
  if (position === undefined) throw new Fault("command.usage", "beamrack expose", "takes one position, A1 to H12");
  const withinS = values.within === undefined ? undefined : parseDurationS(values.within);
  if (values.within !== undefined && withinS === undefined) {
    throw new Fault("command.usage", "--within", `${values.within} is no duration; write 90s, 15min or 2h`);
  }
  const window = withinS === undefined ? {} : { within_s: withinS };
  return giveOrder(context, values, { command: "expose", args: { position, ...window } });
}

function optionalPosition(command: string, positionals: readonly string[]): string | undefined {
  const [text, ...more] = positionals;
  if (text === undefined) return undefined;
  const position = parsePosition(text);
  if (position === undefined || more.length > 0) {
    throw new Fault("command.usage", command, `${positionals.join(" ")} is not one position, A1 to H12`);
  }
  return position;
}

export function giveOrder(context: CommandContext, asked: Asked, command: BusCommand): Promise<number> {
  return orderAll(context, asked, [command]);
}

/** Takes control where nobody has it, gives the orders one by one up to the first that is refused, and gives control back. */
async function orderAll(context: CommandContext, asked: Asked, commands: readonly BusCommand[]): Promise<number> {
  const place = placeOfClient(context, asked);
  const rack = await openRack({
    ...{ place, clock: context.clock, pid: context.self.pid, rack: asked.rack },
    isEnough: ({ control }) => control !== undefined,
  });
  const about = { rack: rack.look().rack, reason: asked.reason ?? "several orders" };
  const isFree = commands.length > 1 && rack.look().control?.holder === null;
  let isConfirmed = true;
  try {
    // Once for all of them; where that is refused the first order says why.
    if (isFree) await rack.client.order({ command: "take-control", args: {} }, about);
    for (const command of commands) {
      const reply = await obtain(rack, asked, command);
      const done = reply.outcome === "done";
      if ((reply.not_confirmed ?? []).length > 0) isConfirmed = false;
      if (context.json) context.print(JSON.stringify({ rack: rack.look().rack, ...command, ...reply }));
      else if (done) context.print(plainText(`${commandText(command)}: ${reply.what}`));
      if (done) continue;
      throw new Fault(
        "bus.order-refused",
        rack.look().rack,
        `${commandText(command)}: ${reply.what}. ${reply.advice}`.trim(),
      );
    }
    return isConfirmed ? 0 : 3;
  } finally {
    if (isFree) await rack.client.order({ command: "release-control", args: {} }, about).catch(() => undefined);
    await rack.client.close();
  }
}

/** One order and its answer, with control taken for it where nobody has it. Rejects with Faults of the bus; a refusal is an answer. */
export async function orderOnce(
  context: Pick<CommandContext, "environment" | "clock" | "self">,
  asked: Asked,
  command: BusCommand,
  withinMs: number,
): Promise<BusReply> {
  const rack = await openRack({
    ...{ place: placeOfClient(context, asked), clock: context.clock, pid: context.self.pid, rack: asked.rack },
    isEnough: ({ control }) => control !== undefined,
  });
  try {
    return await whileThere(rack, context.clock, obtain(rack, asked, command, withinMs));
  } finally {
    await rack.client.close();
  }
}

const LOOK_MS = 1000;

/** What may take minutes is not waited for any longer than there is somebody to answer. Rejects with `bus.no-rack`. */
function whileThere(
  { look }: Pick<OpenRack, "look">,
  clock: CommandContext["clock"],
  answer: Promise<BusReply>,
): Promise<BusReply> {
  return new Promise((resolve, reject) => {
    const lookAgain = (): void => {
      const { controller, rack } = look();
      if (controller.state === "present") timer = clock.setTimeout(lookAgain, LOOK_MS);
      else {
        const what = `the controller is ${controller.state}, and has not answered: look at its record for what became of the order`;
        reject(new Fault("bus.no-rack", rack, what));
      }
    };
    let timer = clock.setTimeout(lookAgain, LOOK_MS);
    void answer.then(resolve, reject).finally(() => {
      clock.clearTimeout(timer);
    });
  });
}

/** `withinMs`: of an order that takes long, whose answer says what came of it. */
export async function obtain(rack: AskedRack, asked: Asked, command: BusCommand, withinMs?: number): Promise<BusReply> {
  const { client } = rack;
  const look = rack.look();
  if (look.controller.state !== "present") {
    const since = look.heartbeat === undefined ? "" : `, last heard ${look.heartbeat.said_at}`;
    throw new Fault("bus.no-rack", look.rack, `the controller is ${look.controller.state}${since}`);
  }
  const about = {
    ...{ rack: look.rack, reason: asked.reason ?? `beamrack ${commandText(command)}` },
    ...(withinMs === undefined ? {} : { withinMs }),
  };
  const holder = look.control?.holder?.author ?? null;
  if (isWithoutControl(command) || holder === client.user) return client.order(command, about);
  if (holder !== null && asked["take-over"] !== true) {
    const what = `${commandText(command)}: ${holder} is in control; ask them, or take over with --take-over`;
    throw new Fault("bus.order-refused", look.rack, what);
  }
  const taken = await client.order({ command: "take-control", args: {} }, about);
  // An agent is never in control, and asks for exposures all the same.
  if (taken.refusal === "role" && command.command === "expose") return client.order(command, about);
  if (taken.outcome === "refused") return taken;
  // The holder was told; control passes after the notice.
  if (holder !== null) {
    // That control is being taken over is no answer to the order: nothing of it is done.
    const what = `${taken.what}; then give the order again`;
    return { ...taken, outcome: "refused", refusal: "not-in-control", what };
  }
  try {
    return await client.order(command, about);
  } finally {
    await client.order({ command: "release-control", args: {} }, about).catch(() => undefined);
  }
}

function isWithoutControl({ command, args }: BusCommand): boolean {
  if (command === "stop") return "class" in args && args.class === "emergency";
  return command === "note" || command === "take-control" || command === "release-control";
}
