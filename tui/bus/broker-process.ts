/** Keeps the embedded broker's process alive: starts it, hears where it listens, starts it again when it ends. */
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { ChildProcess, StartProcess } from "../command-context.ts";
import type { BrokerOrder } from "./broker-server.ts";

export interface BrokerProcess {
  /** Where it listens; null while it does not. */
  readonly where: () => string | null;
  stop(): void;
}

export interface BrokerProcessDeps {
  readonly start: StartProcess;
  readonly clock: Clock;
  readonly order: BrokerOrder;
  /** Nobody said which port: when it cannot be had in some seconds, any other will do. */
  readonly mayListenElsewhere: boolean;
  /** Told at every start. */
  readonly listens: (where: string) => void;
  /** Told once for each time it does not listen. */
  readonly failed: (fault: Fault) => void;
}

export const BROKER_COMMAND = "broker";

const PAUSE_FIRST_MS = 100;
const PAUSE_MAX_MS = 5000;
/** A broker that lived so long did not fail at its start. */
const SOUND_MS = 10_000;
/** The broker of a controller that was killed keeps its port for some seconds, for those who were connected. */
const PORT_WAIT_MS = 5000;

export function keepBroker(deps: BrokerProcessDeps): BrokerProcess {
  const { clock } = deps;
  let where: string | null = null;
  let order = deps.order;
  let child: ChildProcess | undefined;
  let isWanted = true;
  let pauseMs = PAUSE_FIRST_MS;
  let timer: TimerHandle;
  let isTold = false;
  let hasListened = false;
  const firstAtMs = clock.monoMs();

  function begin(): void {
    const beganAtMs = clock.monoMs();
    let lastWords = "";
    const mine = deps.start([BROKER_COMMAND], (line) => {
      const heard = listeningAt(line);
      if (heard === undefined) {
        lastWords = line;
        return;
      }
      where = heard;
      // The same port after a restart: clients find it where it was.
      order = { ...order, port: Number(heard.slice(heard.lastIndexOf(":") + 1)) };
      hasListened = true;
      isTold = false;
      deps.listens(heard);
    });
    child = mine;
    mine.say(`${JSON.stringify(order)}\n`);
    void mine.ended.then((code) => {
      where = null;
      if (!isWanted) return;
      const what = lastWords === "" ? `its process ended with code ${code}` : lastWords;
      const isWaitingForPort = !hasListened && clock.monoMs() - firstAtMs < PORT_WAIT_MS;
      if (!hasListened && !isWaitingForPort && deps.mayListenElsewhere) order = { ...order, port: 0 };
      else if (!isWaitingForPort && !isTold) {
        isTold = true;
        deps.failed(new Fault("bus.broker-failed", "broker", what));
      }
      if (clock.monoMs() - beganAtMs >= SOUND_MS) pauseMs = PAUSE_FIRST_MS;
      timer = clock.setTimeout(begin, pauseMs);
      pauseMs = Math.min(PAUSE_MAX_MS, 2 * pauseMs);
    });
  }

  begin();
  return {
    where: () => where,
    stop() {
      isWanted = false;
      clock.clearTimeout(timer);
      child?.stop();
    },
  };
}

/** `{"listening":"127.0.0.1:1883"}`, the broker's first line. */
function listeningAt(line: string): string | undefined {
  try {
    const said: unknown = JSON.parse(line);
    if (typeof said !== "object" || said === null || !("listening" in said)) return undefined;
    return typeof said.listening === "string" ? said.listening : undefined;
  } catch {
    return undefined;
  }
}
