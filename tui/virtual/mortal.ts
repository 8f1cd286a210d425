/**
 * A controller's hold on the virtual world, which a kill cuts: its timers never fire again, its links close without a
 * word, and whatever of it still runs reaches nothing.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { HttpPort } from "../../protocols/roles/http.ts";
import type { Link, OpenLink } from "../../protocols/roles/link.ts";
import type { DriverDeps } from "../rig/drivers.ts";

export interface Mortal {
  readonly clock: Clock;
  readonly driverDeps: DriverDeps;
  kill(): void;
}

interface Timer {
  handle: unknown;
}

const KILLED = "the controller was killed";

export function createMortal(clock: Clock, driverDeps: DriverDeps): Mortal {
  let isDead = false;
  const timers = new Set<Timer>();
  const links = new Set<Link>();
  const never = <T>(): Promise<T> => new Promise(() => undefined);

  const mortalClock: Clock = {
    wallMs: () => clock.wallMs(),
    monoMs: () => clock.monoMs(),
    setTimeout(fn, ms) {
      const timer: Timer = { handle: undefined };
      if (isDead) return timer;
      timers.add(timer);
      timer.handle = clock.setTimeout(() => {
        timers.delete(timer);
        fn();
      }, ms);
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
          if (!isDead) handler(chunk);
        }),
      onClose: (handler) =>
        link.onClose((why) => {
          if (!isDead) handler(why);
        }),
      close() {
        if (!isDead) link.close();
      },
    };
  }

  /** Asked anew after every wait. */
  const isKilled = (): boolean => isDead;

  async function opened(name: string, open: OpenLink): Promise<Link> {
    if (isDead) return never();
    const link = await open();
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
    kill() {
      isDead = true;
      for (const timer of timers) clock.clearTimeout(timer.handle);
      timers.clear();
      for (const link of [...links]) link.close();
    },
  };
}
