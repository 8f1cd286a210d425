/**
 * A controller's hold on the virtual world, which a kill cuts: its timers never fire again, its links close without a
 * word, and whatever of it still runs reaches nothing. While it is stalled, what is due or arrives waits.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { HttpPort } from "../../protocols/roles/http.ts";
import type { Link, OpenLink } from "../../protocols/roles/link.ts";
import type { Felt } from "../../simulator/plant/felt.ts";
import type { DriverDeps } from "../rig/drivers.ts";

export interface Mortal {
  readonly clock: Clock;
  readonly driverDeps: DriverDeps;
  kill(): void;
  /** It gets no processor until then; `felt` is told of what waits for that. */
  stall(untilMs: number, felt?: Felt): void;
}

interface Timer {
  handle: unknown;
}

const KILLED = "the controller was killed";

/** `wallOffMs`: what its computer's clock is off by. */
export function createMortal(clock: Clock, driverDeps: DriverDeps, wallOffMs: () => number = () => 0): Mortal {
  let isDead = false;
  let stalledUntilMs = -Infinity;
  let waiting: (() => void)[] = [];
  let feltStall: Felt | undefined;
  const timers = new Set<Timer>();
  const links = new Set<Link>();
  const never = <T>(): Promise<T> => new Promise(() => undefined);

  /** Asked by whoever would go on. */
  function isStalled(): boolean {
    if (clock.monoMs() >= stalledUntilMs) return false;
    feltStall?.();
    return true;
  }

  /** In its turn once the process runs again. */
  function arrives(act: () => void): void {
    if (isDead) return;
    if (isStalled() || waiting.length > 0) waiting.push(act);
    else act();
  }

  function runAgain(): void {
    if (isDead || isStalled()) return;
    const acts = waiting;
    waiting = [];
    // From here on nothing is looked at twice, as before the first stall.
    stalledUntilMs = -Infinity;
    for (const act of acts) act();
  }

  const mortalClock: Clock = {
    wallMs: () => clock.wallMs() + wallOffMs(),
    monoMs: () => clock.monoMs(),
    setTimeout(fn, ms) {
      const timer: Timer = { handle: undefined };
      if (isDead) return timer;
      timers.add(timer);
      const due = (): void => {
        if (isStalled()) {
          timer.handle = clock.setTimeout(due, stalledUntilMs - clock.monoMs());
          return;
        }
        timers.delete(timer);
        fn();
      };
      timer.handle = clock.setTimeout(due, ms);
      return timer;
    },
    clearTimeout(handle) {
      const timer = handle as Timer;
      if (timers.delete(timer)) clock.clearTimeout(timer.handle);
    },
  };

  function mortalLink(link: Link): Link {
    links.add(link);
    link.onClose(() => {
      links.delete(link);
    });
    return {
      name: link.name,
      get isOpen() {
        return !isDead && link.isOpen;
      },
      write(bytes) {
        if (!isDead) link.write(bytes);
      },
      onData: (handler) =>
        link.onData((chunk) => {
          if (stalledUntilMs === -Infinity) {
            if (!isDead) handler(chunk);
            return;
          }
          // Whoever sent it may use its bytes again.
          const own = isStalled() || waiting.length > 0 ? Uint8Array.from(chunk) : chunk;
          arrives(() => {
            handler(own);
          });
        }),
      onClose: (handler) =>
        link.onClose((why) => {
          arrives(() => {
            handler(why);
          });
        }),
      close() {
        if (!isDead) link.close();
      },
    };
  }

  /** Asked anew after every wait. */
  const isKilled = (): boolean => isDead;

  async function processor(): Promise<void> {
    if (isStalled()) await new Promise<void>((resolve) => waiting.push(resolve));
  }

  async function opened(name: string, open: OpenLink): Promise<Link> {
    if (isDead) return never();
    const link = await open();
    await processor();
    if (!isKilled()) return mortalLink(link);
    // It opened for nobody: the system closes it.
    link.close();
    throw new Fault("link.closed", name, KILLED);
  }

  function mortalPort(port: HttpPort): HttpPort {
    return {
      name: port.name,
      abandon(why) {
        if (!isDead) port.abandon(why);
      },
      async request(...asked: Parameters<HttpPort["request"]>) {
        if (isDead) return never();
        const answer = await port.request(...asked);
        await processor();
        return isKilled() ? never() : answer;
      },
    };
  }

  return {
    clock: mortalClock,
    driverDeps: {
      clock: mortalClock,
      openLinkOf(cable, address) {
        const open = driverDeps.openLinkOf(cable, address);
        return () => opened(cable, open);
      },
      httpPortOf: (cable, address) => mortalPort(driverDeps.httpPortOf(cable, address)),
      writeFile: (path, text) => (isDead ? never() : driverDeps.writeFile(path, text)),
    },
    stall(untilMs, felt) {
      if (isDead || untilMs <= stalledUntilMs) return;
      feltStall = felt;
      stalledUntilMs = untilMs;
      clock.setTimeout(runAgain, untilMs - clock.monoMs());
    },
    kill() {
      isDead = true;
      waiting = [];
      for (const timer of timers) clock.clearTimeout(timer.handle);
      timers.clear();
      for (const link of [...links]) link.close();
    },
  };
}
