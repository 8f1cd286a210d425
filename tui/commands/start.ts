/** `beamrack start`, which `npm start` runs: a living rack on the screens, for somebody who has never seen one. */
import { createServer } from "node:net";
import { parseArgs } from "node:util";
import { Fault } from "../../protocols/base/fault.ts";
import { findBusPlace } from "../bus/bus-place.ts";
import type { ChildProcess, CommandContext, StartProcess } from "../command-context.ts";
import { parsePace } from "../pace.ts";
import { attach } from "../terminal/attach.ts";
import { lastWords } from "../terminal/last-words.ts";
import { simulateCommand } from "./simulate.ts";
import { interactiveTerminal } from "./tui.ts";

/** Comes with beamrack, and is found wherever one stands. */
const CAMPAIGN = "protocols/campaigns/formation-day.yaml";
/** The world has to be built before its broker listens. */
const CONNECT_MS = 30_000;
/** What it says of why it was refused, each cell of a rack in its turn, is less. */
const LINES_MAX = 1000;

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
  parsePace("--pace", pace);
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
        // What it said itself is told in its place.
        hopeless: () => (world.endedItself === null ? null : new Fault("bus.unreachable", "the world", "it has ended")),
      },
    });
    const { endedItself } = world;
    context.print(lastWords(seen).replace("It goes on by itself.", "The simulated world ends here."));
    for (const line of await world.end()) context.print(line);
    return endedItself === null || endedItself.code === 0 ? 0 : tellEnd(context, endedItself);
  } catch (error) {
    const { endedItself } = world;
    await world.end();
    if (endedItself !== null) return tellEnd(context, endedItself);
    throw error;
  }
}

/** All that the world said of its end, as it said it, and the exit code that it gave. */
function tellEnd(context: CommandContext, { code, said, complained }: WorldEnd): number {
  if (code === 0) for (const line of said) context.print(line);
  for (const line of complained) context.printError(line);
  if (code === null) context.printError("The process of the simulated world was ended by a signal.");
  else if (code !== 0 && complained.length === 0)
    context.printError(`The process of the simulated world ended with code ${code}.`);
  return code ?? 1;
}

interface WorldEnd {
  /** Null where a signal ended it. */
  readonly code: number | null;
  /** On stdout, and on stderr. */
  readonly said: readonly string[];
  readonly complained: readonly string[];
}

interface World {
  /** Null while it runs, and once it was asked to end. */
  readonly endedItself: WorldEnd | null;
  /** Ends it in order; resolves with what it said of where its record is. */
  end(): Promise<readonly string[]>;
}

function startWorld(start: StartProcess, args: readonly string[]): World {
  const said: string[] = [];
  const complained: string[] = [];
  const keepIn =
    (lines: string[]) =>
    (line: string): void => {
      lines.push(line);
      if (lines.length > LINES_MAX) lines.shift();
    };
  const child: ChildProcess = start(["simulate", ...args, "--attended"], keepIn(said), keepIn(complained));
  let endedItself: WorldEnd | null = null;
  let isRunning = true;
  let isWanted = true;
  void child.ended.then((code) => {
    isRunning = false;
    if (isWanted) endedItself = { code, said, complained };
  });
  return {
    get endedItself() {
      return endedItself;
    },
    async end() {
      isWanted = false;
      if (isRunning) child.stop();
      await child.ended;
      return [...said, ...complained].filter((line) => /^data: |--data /.test(line));
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
