/** Keeps the embedded broker's process alive: starts it, hears where it listens, starts it again when it ends. */
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { ChildProcess, StartProcess } from "../command-context.ts";
import type { BrokerOrder } from "./broker-server.ts";

export interface BrokerProcess {
  /** Where it listens; null while it does not. */
  readonly where: () => string | null;
  /** Resolves when it listens for the first time; rejects with Fault `bus.broker-failed` when its first try fails. */
  readonly started: Promise<string>;
  stop(): void;
}

export interface BrokerProcessDeps {
  readonly start: StartProcess;
  readonly clock: Clock;
  readonly order: BrokerOrder;
  readonly listens: (where: string) => void;
  readonly failed: (fault: Fault) => void;
}

export const BROKER_COMMAND = "broker";

const PAUSE_FIRST_MS = 100;
const PAUSE_MAX_MS = 5000;
/** A broker that lived so long did not fail at its start. */
const SOUND_MS = 10_000;

export function keepBroker(deps: BrokerProcessDeps): BrokerProcess {
  const { clock } = deps;
  let where: string | null = null;
  let order = deps.order;
  let child: ChildProcess | undefined;
  let isWanted = true;
  let pauseMs = PAUSE_FIRST_MS;
  let timer: TimerHandle;
  let settle: { readonly resolve: (where: string) => void; readonly reject: (fault: Fault) => void } | undefined;
  const started = new Promise<string>((resolve, reject) => {
    settle = { resolve, reject };
  });

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
      settle?.resolve(heard);
      settle = undefined;
      deps.listens(heard);
    });
    child = mine;
    mine.say(`${JSON.stringify(order)}\n`);
    void mine.ended.then((code) => {
      where = null;
      if (!isWanted) return;
      const what = lastWords === "" ? `its process ended with code ${code}` : lastWords;
      const fault = new Fault("bus.broker-failed", "broker", what);
      const first = settle;
      if (first !== undefined) {
        settle = undefined;
        isWanted = false;
        first.reject(fault);
        return;
      }
      deps.failed(fault);
      if (clock.monoMs() - beganAtMs >= SOUND_MS) pauseMs = PAUSE_FIRST_MS;
      timer = clock.setTimeout(begin, pauseMs);
      pauseMs = Math.min(PAUSE_MAX_MS, 2 * pauseMs);
    });
  }

  begin();
  return {
    where: () => where,
    started,
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
