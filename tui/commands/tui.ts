/** `beamrack tui`: the screens of a running controller, over the bus. More than one may look. */
import { parseArgs } from "node:util";
import { Fault } from "../../protocols/base/fault.ts";
import { CLIENT_OPTIONS, placeOfClient } from "../bus/client-options.ts";
import type { CommandContext } from "../command-context.ts";
import { attach } from "../terminal/attach.ts";
import { lastWords } from "../terminal/last-words.ts";
import type { TerminalDevice } from "../terminal/terminal-device.ts";

/** A broker of the same machine answers at once; one far away over TLS within this. */
const CONNECT_MS = 6000;

export async function tuiCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    ...{ args: [...args], allowPositionals: true, strict: true, options: CLIENT_OPTIONS },
  });
  if (positionals.length > 0) throw new Fault("command.usage", "beamrack tui", "takes no file and no position");
  const device = interactiveTerminal(context);
  const seen = await attach({
    ...{ device, place: placeOfClient(context, values), clock: context.clock, pid: context.self.pid },
    ...{ rack: values.rack, connectMs: CONNECT_MS, onEnd: (leave) => context.onInterrupt(leave) },
  });
  context.print(lastWords(seen));
  return 0;
}

/** Throws Fault `command.usage` where nobody sits. */
export function interactiveTerminal(context: CommandContext): TerminalDevice {
  const device = context.terminal?.();
  if (device?.isInteractive === true && !context.json) return device;
  const what = "needs a terminal to draw on; beamrack status tells how things stand in lines, --json as a document";
  throw new Fault("command.usage", "beamrack tui", what);
}
