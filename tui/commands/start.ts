/** `beamrack start`, which `npm start` runs: a living rack on the screens, for somebody who has never seen one. */
import { createServer } from "node:net";
import { parseArgs } from "node:util";
import { Fault } from "../../protocols/base/fault.ts";
import { findBusPlace } from "../bus/bus-place.ts";
import type { ChildProcess, CommandContext, StartProcess } from "../command-context.ts";
import { attach } from "../terminal/attach.ts";
import { lastWords } from "../terminal/last-words.ts";
import { simulateCommand } from "./simulate.ts";
import { interactiveTerminal } from "./tui.ts";

/** Comes with beamrack, and is found wherever one stands. */
const CAMPAIGN = "protocols/campaigns/formation-day.yaml";
/** The world has to be built before its broker listens. */
const CONNECT_MS = 30_000;
const LAST_LINES_MAX = 20;

export async function startCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: true,
    options: {
      faults: { type: "string" },
      pace: { type: "string", default: "600" },
      seed: { type: "string", default: "1" },
      data: { type: "string" },
    },
  });
  const { pace, seed } = values;
  if (positionals.length > 1) throw new Fault("command.usage", "beamrack start", "takes one campaign file at the most");
  const campaign = positionals[0] ?? context.packagePath(CAMPAIGN);
  const isWatched = context.terminal?.().isInteractive === true && !context.json;
  // Something to see happen where somebody looks; the campaign as it is meant where a program does.
  const faults = values.faults ?? (isWatched ? "light" : "none");
  const about = ["--faults", faults, "--seed", seed, ...(values.data === undefined ? [] : ["--data", values.data])];
  const start = context.startProcess;
  if (!isWatched || start === undefined) {
    return simulateCommand(context, [campaign, ...about]);
  }
  const device = interactiveTerminal(context);
  context.print("beamrack: a simulated rack of 96 cells is being set up; the screens open in a moment.");
  const port = String(await freePort());
  const world = startWorld(start, [campaign, "--paced", pace, ...about, "--broker-port", port]);
  try {
    // What the person's environment says of another broker is not meant here.
    const place = findBusPlace({ broker: `mqtt://127.0.0.1:${port}`, credentials: undefined }, {});
    const seen = await attach({
      ...{ device, place, clock: context.clock, pid: context.self.pid, rack: undefined },
      ...{
        connectMs: CONNECT_MS,
        isPatient: true,
        onEnd: (leave) => context.onInterrupt(leave),
        hopeless: world.failure,
      },
    });
    context.print(lastWords(seen).replace("It goes on by itself.", "The simulated world ends here."));
    for (const line of await world.end()) context.print(line);
    return 0;
  } catch (error) {
    await world.end();
    throw error;
  }
}

interface World {
  /** Why it ended by itself; null otherwise. */
  readonly failure: () => Fault | null;
  /** Ends it in order; resolves with what it said of where its record is. */
  end(): Promise<readonly string[]>;
}

function startWorld(start: StartProcess, args: readonly string[]): World {
  const said: string[] = [];
  const keep = (line: string): void => {
    said.push(line);
    if (said.length > LAST_LINES_MAX) said.shift();
  };
  const child: ChildProcess = start(["simulate", ...args, "--attended"], keep, keep);
  let failure: Fault | null = null;
  let isRunning = true;
  void child.ended.then((code) => {
    isRunning = false;
    const what = said.at(-1) ?? `its process ended with code ${String(code)}`;
    failure = new Fault("bus.broker-failed", "the simulated world", what);
  });
  return {
    failure: () => failure,
    async end() {
      if (isRunning) child.stop();
      await child.ended;
      return said.filter((line) => /^data: |--data /.test(line));
    },
  };
}

/** A port of this machine that nobody listens on. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => {
        resolve(port);
      });
    });
  });
}
