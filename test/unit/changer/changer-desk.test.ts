import { describe, expect, it } from "vitest";
import { createChangerDesk, type ChangerDeskDeps } from "../../../controller/changer/changer-desk.ts";
import { Fault } from "../../../protocols/base/fault.ts";

const NOTHING = { held: null, delivered: null, isPresent: false, isArmAtRack: false, code: null, path: null };
const BAD_CABLE = new Fault("link.closed", "channel A1", "the channel is not connected");

/** After a restart in the middle of an exchange of A1 and A2; the robot has neither, and A1's channel is gone. */
function afterKill(state: () => string) {
  let nowMs = 0;
  const raised: string[] = [];
  const held: string[] = [];
  const back: number[] = [];
  const desk = createChangerDesk({
    cells: ["A1", "A2"].map((position, index) => ({
      ...{ position, barcode: `R-${position}`, slot: { tray: 1, slot: index + 1 } },
    })),
    changer: { name: "robot", capabilities: { readsCodes: true }, read: () => Promise.resolve(NOTHING) },
    channels: [
      { measureOpenCircuitV: () => Promise.reject(BAD_CABLE) },
      { measureOpenCircuitV: () => Promise.resolve(3.6) },
    ],
    clock: {
      ...{ monoMs: () => nowMs, wallMs: () => nowMs, clearTimeout: () => undefined },
      setTimeout(act: () => void, ms: number) {
        nowMs += ms;
        setImmediate(act);
      },
    },
    left: {
      transfers: {
        count: 3,
        places: new Map([
          ["A1", "unknown"],
          ["A2", "unknown"],
        ]),
      },
      carried: [],
    },
    alarms: {
      raise: ({ code, where }: { code: string; where: string }) => raised.push(`${code} ${where}`),
      clearAll: () => undefined,
    },
    recorder: { record: () => undefined },
    commit: () => Promise.resolve(),
    stateOf: (cellIndex: number) => (cellIndex === 0 ? state() : "away"),
    tellCell: (cellIndex: number) => back.push(cellIndex),
    stopExposing: (why: string) => held.push(why),
    fail(error: unknown) {
      throw error;
    },
    ...{ cleared: () => undefined, found: () => undefined },
  } as unknown as ChangerDeskDeps);
  async function looked(): Promise<void> {
    for (let turn = 0; turn < 3000 && /the robot/.test(desk.obstacle()?.reason ?? ""); turn += 1) {
      await new Promise((go) => setImmediate(go));
    }
  }
  return { desk, raised, held, back, looked, nowMs: () => nowMs };
}

describe("a cell whose channel cannot say whether it is back, after a kill in a transfer", () => {
  it.each(["isolated", "awaitingChannel"])(
    "is asked of a person (%s), and no other waits for its channel",
    async (is) => {
      const { desk, raised, held, back, looked, nowMs } = afterKill(() => is);
      desk.start();
      await looked();
      expect(raised).toEqual(["changer.place-unknown A1"]);
      expect(held).toHaveLength(1);
      expect(desk.obstacle()).toMatchObject({ reason: "a person to find the cell R-A1 of A1", who: "operator" });
      expect(back).toEqual([1]);
      // One that is given up will not say it by waiting.
      expect(nowMs() < 1000).toBe(is === "isolated");
    },
  );

  it("is where the person who has looked says, with nothing in holder and gripper", async () => {
    const { desk, back, looked } = afterKill(() => "isolated");
    desk.start();
    await looked();
    desk.resumed();
    await looked();
    expect(desk.obstacle()).toBe(null);
    expect(back).toEqual([1, 0]);
  });
});
