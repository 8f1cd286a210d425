import { describe, expect, it } from "vitest";
import { createChangerDesk, type ChangerDeskDeps } from "../../../controller/changer/changer-desk.ts";
import { Fault } from "../../../protocols/base/fault.ts";
import { openOneCellDesk, SLOT } from "./one-cell-desk.ts";

const NOTHING = { held: null, delivered: null, isPresent: false, isArmAtRack: false, code: null, path: null };
const BAD_CABLE = new Fault("link.closed", "channel A1", "the channel is not connected");

/** After a restart in the middle of an exchange of A1 and A2; the robot has neither, and A1's channel is gone. */
function afterKill(state: () => string, read: () => Promise<object> = () => Promise.resolve(NOTHING)) {
  let nowMs = 0;
  const raised: string[] = [];
  const held: string[] = [];
  const back: number[] = [];
  const desk = createChangerDesk({
    cells: ["A1", "A2"].map((position, index) => ({
      ...{ position, barcode: `R-${position}`, slot: { tray: 1, slot: index + 1 } },
    })),
    changer: { name: "robot", capabilities: { readsCodes: true }, read },
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

it("asks a person for the cells of a transfer where the robot itself says nothing after a kill, and looks again then", async () => {
  let isMute = true;
  const silence = new Fault("link.timeout", "robot", "no answer");
  const { desk, raised, held, back, looked } = afterKill(
    () => "isolated",
    () => (isMute ? Promise.reject(silence) : Promise.resolve(NOTHING)),
  );
  desk.start();
  await looked();
  expect(raised).toEqual(["changer.place-unknown A1", "changer.place-unknown A2", "link.timeout robot"]);
  expect(held).toHaveLength(1);
  expect(desk.obstacle()).toMatchObject({ who: "operator" });
  expect(back).toEqual([]);
  isMute = false;
  desk.resumed();
  await looked();
  expect(desk.obstacle()).toBe(null);
  expect(back).toEqual([0, 1]);
});

it("gives a cell back to its channel once it is in its place, also where the disk refuses to note it", async () => {
  const told: string[] = [];
  let isDiskFull = false;
  const desk = openOneCellDesk(
    {
      capabilities: { readsCodes: false },
      read: () => Promise.resolve({ ...NOTHING, isPowered: true }),
      load: () => Promise.resolve({ slot: SLOT, code: null }),
      unload() {
        isDiskFull = true;
        return Promise.resolve({ slot: SLOT, code: null });
      },
    },
    {
      commit: () =>
        isDiskFull ? Promise.reject(new Fault("store.refused", "record", "the disk is full")) : Promise.resolve(),
      tellCell: (_: number, { type }: { type: string }) => told.push(type),
    },
  );
  await desk.bring(0, new AbortController().signal);
  expect(told).toEqual(["TAKE_OUT"]);
  desk.wantClear(true);
  for (let turn = 0; turn < 50; turn += 1) await new Promise((go) => setImmediate(go));
  expect(told).toEqual(["TAKE_OUT", "PUT_BACK"]);
  expect(desk.inBeam).toBe(null);
});
