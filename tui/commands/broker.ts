/**
 * `beamrack broker`: the embedded broker, in the process of its own in which `run` keeps it. What it is to do comes on
 * standard input; when that ends, whoever started it is gone, and so is the broker a little later.
 */
import { parseArgs } from "node:util";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import { firstIssue } from "../../protocols/bus/messages.ts";
import { brokerOrderSchema, startBrokerServer, type BrokerOrder } from "../bus/broker-server.ts";
import type { CommandContext } from "../command-context.ts";

/** So long clients still hear that the controller is gone. */
const LINGER_MS = 3000;
/** The last words of a controller that ends in order: a connection that is broken off takes what was not read with it. */
const FAREWELL_MS = 300;

export async function brokerCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  parseArgs({ args: [...args], strict: true, options: {} });
  const { input } = context;
  if (input === undefined) throw new Fault("command.usage", "beamrack broker", "is started by beamrack run");
  const order = readOrder(await input.line());
  let where: string;
  let close: () => Promise<void>;
  try {
    const server = await startBrokerServer(order, context.clock);
    where = server.where;
    close = () => server.close();
  } catch (error) {
    if (!isFault(error)) throw error;
    context.print(`${error.where}: ${error.message}`);
    input.close();
    return 1;
  }
  context.print(JSON.stringify({ listening: where }));
  const isInterrupted = new Promise<boolean>((resolve) => {
    // Ctrl-C goes to every process of the terminal; whoever started this one decides when it ends.
    context.onInterrupt((reason) => {
      if (reason === "SIGTERM") resolve(true);
    });
    void input.ended.then(() => {
      resolve(false);
    });
  });
  const stayMs = (await isInterrupted) ? FAREWELL_MS : LINGER_MS;
  await new Promise<void>((resolve) => context.clock.setTimeout(resolve, stayMs));
  await close();
  input.close();
  return 0;
}

function readOrder(line: string | null): BrokerOrder {
  let value: unknown;
  try {
    value = JSON.parse(line ?? "");
  } catch {
    throw new Fault("command.usage", "beamrack broker", "is started by beamrack run, which tells it what to do");
  }
  const read = brokerOrderSchema.safeParse(value);
  if (!read.success) throw new Fault("command.usage", "beamrack broker", firstIssue(read.error));
  return read.data;
}
