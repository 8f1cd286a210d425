/** A simulated instrument on a real port of this machine, for drivers on real links and the real clock. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { createOpenLink } from "../../drivers/link/open-link.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import type { DeviceEnd } from "../../simulator/plant/plant.ts";
import { createFaultyEnd } from "../../tui/bench/faulty-end.ts";
import { createDevicePort, type BenchListener } from "../../tui/bench/listener.ts";
import { createPtyListener } from "../../tui/bench/pty-listener.ts";
import { createTcpListener } from "../../tui/bench/tcp-listener.ts";
import { createWallWorldClock, type WallWorldClock } from "../../tui/bench/wall-world-clock.ts";
import { createRealClock } from "../../tui/rim/real-clock.ts";

export const REAL_CLOCK = createRealClock();

export interface RealCable {
  /** host:port, or the port's path. */
  readonly where: string;
  readonly openLink: OpenLink;
  readonly end: DeviceEnd;
  readonly hang: (isHung: boolean) => void;
  /** Pulled and put back at once. */
  readonly cut: () => Promise<void>;
}

export interface RealWorld {
  readonly clock: WallWorldClock;
  /** Real ports on loopback; all are closed with the world. */
  readonly cable: (kind: "tcp" | "serial", name: string) => Promise<RealCable>;
  readonly pass: (ms: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** What a simulated instrument throws ends the test that waits for it. */
export function createRealWorld(): RealWorld {
  const clock = createWallWorldClock(REAL_CLOCK, (error) => {
    throw error;
  });
  const listeners: BenchListener[] = [];
  const folder = mkdtempSync(join(tmpdir(), "beamrack-cable-"));
  return {
    clock,
    async cable(kind, name) {
      const port = createDevicePort();
      const faulty = createFaultyEnd(port.end, clock, createChance(1));
      const listener =
        kind === "tcp"
          ? createTcpListener({ host: "127.0.0.1", port: 0 }, port)
          : createPtyListener(join(folder, name), port);
      listeners.push(listener);
      await listener.plug();
      const address =
        kind === "tcp"
          ? ({ kind, host: "127.0.0.1", port: Number(listener.where.split(":").at(-1)) } as const)
          : ({ kind, path: listener.where, baud: 115_200 } as const);
      return {
        where: listener.where,
        openLink: createOpenLink(address, name, REAL_CLOCK),
        end: faulty.end,
        hang: (isHung) => {
          faulty.hang(isHung);
        },
        async cut() {
          await listener.unplug();
          await listener.plug();
        },
      };
    },
    pass: async (ms) => {
      await wait(ms);
    },
    async close() {
      clock.stop();
      for (const listener of listeners) await listener.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
