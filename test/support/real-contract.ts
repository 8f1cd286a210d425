/** Benches of contract suites on real ports and the real clock. */
import { createHttpPort } from "../../drivers/link/http-port.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import { createHttpListener } from "../../tui/bench/http-listener.ts";
import type { ContractCable, ContractTime } from "../contract/contract-bench.ts";
import type { HttpCable } from "../unit/dectris-simplon/simplon-bench.ts";
import { createRealWorld, REAL_CLOCK } from "./real-cable.ts";

const LONGEST_MS = 40_000;

/** Real time, and a real port on loopback; closing the time closes the port. */
export async function realBytes(
  kind: "tcp" | "serial",
  name: string,
): Promise<{ readonly time: ContractTime; readonly cable: ContractCable }> {
  const world = createRealWorld();
  return { time: realTime(world, world.close), cable: await world.cable(kind, name) };
}

/** The same with HTTP. */
export async function realHttp(name: string): Promise<{ readonly time: ContractTime; readonly http: HttpCable }> {
  const world = createRealWorld();
  const listener = createHttpListener({ host: "127.0.0.1", port: 0 }, world.clock, createChance(1));
  await listener.plug();
  const port = createHttpPort({
    name,
    host: "127.0.0.1",
    port: Number(listener.where.split(":").at(-1)),
    clock: REAL_CLOCK,
  });
  const time = realTime(world, async () => {
    await listener.close();
    await world.close();
  });
  return {
    time,
    http: {
      port,
      end: listener.end,
      async cut() {
        await listener.unplug();
        await listener.plug();
      },
    },
  };
}

function realTime(
  { clock, pass }: Pick<ReturnType<typeof createRealWorld>, "clock" | "pass">,
  close: () => Promise<void>,
): ContractTime {
  return {
    clock: REAL_CLOCK,
    world: clock,
    async settle(work) {
      let timer: unknown;
      const late = new Promise<never>((_, reject) => {
        timer = REAL_CLOCK.setTimeout(() => {
          reject(new Error(`nothing came of it in ${LONGEST_MS / 1000} s`));
        }, LONGEST_MS);
      });
      try {
        return await Promise.race([work, late]);
      } finally {
        REAL_CLOCK.clearTimeout(timer);
      }
    },
    pass: (seconds) => pass(seconds * 1000),
    nowS: () => clock.nowMs() / 1000,
    close,
  };
}
