/** The guided alignment on the terminal of this process; what would be said in lines is shown on it. */
import { Fault } from "../../../protocols/base/fault.ts";
import type { CommandContext, InterruptReason } from "../../command-context.ts";
import { createGuideSession, type GuideSession } from "./guide-session.ts";

export interface OpenGuide {
  readonly session: GuideSession;
  /** In place of the command's own, while the screen is open. */
  readonly context: CommandContext;
  /** Gives the terminal back. */
  close(): void;
}

/** Throws Fault `command.usage` where nobody sits. */
export async function openGuide(context: CommandContext, site: string): Promise<OpenGuide> {
  const device = context.terminal?.();
  if (device?.isInteractive !== true || context.json) {
    throw new Fault(
      "command.usage",
      "--guided",
      "needs a terminal to draw on; without it align asks once and then tells in lines",
    );
  }
  const { showTerminal } = await import("../../terminal/show-terminal.tsx");
  const enders = new Set<(reason: InterruptReason) => void>();
  const session = createGuideSession({
    ...{ site, look: device, size: { columns: device.stdout.columns, rows: device.stdout.rows } },
    stop() {
      for (const end of enders) end("SIGINT");
    },
  });
  const shown = showTerminal(device, session);
  return {
    session,
    context: {
      ...context,
      printError(line) {
        session.note(line);
      },
      onInterrupt(handler) {
        enders.add(handler);
        const release = context.onInterrupt((reason) => {
          handler(reason);
          session.interrupted(reason);
        });
        return () => {
          enders.delete(handler);
          release();
        };
      },
      async drain() {
        // Of a rehearsal the clock stands still while somebody is asked.
        await session.answered();
        await context.drain();
      },
    },
    close() {
      shown.close();
    },
  };
}
