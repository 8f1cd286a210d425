import { describe, expect, it } from "vitest";
import { CONTROL_MS, NOTICE_MS } from "../../../controller/bus/authority.ts";
import { createCommandDesk, type CommandDeskDeps } from "../../../controller/bus/command-desk.ts";
import { createGroupCensors } from "../../../controller/bus/group-censors.ts";
import { ALL_POSITIONS } from "../../../protocols/base/position.ts";
import type { BusReply } from "../../../protocols/bus/commands.ts";
import { envelope, facts, ANNA, NOON_MS, USERS } from "../../support/bus-orders.ts";

function bench(more: Partial<Pick<CommandDeskDeps, "isShared" | "given" | "effects" | "censorOf" | "keep">> = {}) {
  const done: string[] = [];
  const recorded: string[] = [];
  const answers: { readonly to: string; readonly reply: BusReply }[] = [];
  /** `setMs`: by how much the clock was set meanwhile. */
  const state = { nowMs: NOON_MS, setMs: 0 };
  const { groupOf, versionOf, isAlarmOpen } = facts(ANNA);
  const desk = createCommandDesk({
    effects: {
      obstacle: () => null,
      carryOut({ command }, { author }) {
        done.push(`${author} ${command}`);
        return undefined;
      },
    },
    userOf: (name) => USERS.find((user) => user.name === name),
    ...{ groupOf, versionOf, isAlarmOpen, isShared: false, given: [] },
    censorOf: () => (text) => text,
    record: (type) => recorded.push(type),
    cellAt: (position) => position,
    dayMs: () => state.nowMs,
    dayClock: {
      ...{ setTimeout: () => undefined, clearTimeout: () => undefined },
      monoMs: () => state.nowMs - state.setMs,
    },
    answer: (topic, reply) =>
      answers.push({ to: topic.kind === "reply" ? `${topic.user}/${topic.client}` : "", reply }),
    changed: () => undefined,
    ...more,
  });
  const send = (user: string, value: unknown): void => {
    desk.take(user, Buffer.from(JSON.stringify(value)));
  };
  return { desk, done, recorded, answers, state, send };
}

describe("the desk where commands arrive", () => {
  it("writes an order down before it is done, and answers it once", () => {
    const { send, done, recorded, answers } = bench();
    send("anna", envelope("anna", "take-control"));
    const order = envelope("anna", "hold");
    send("anna", order);
    send("anna", order);
    expect(recorded).toEqual(["command-given", "control-changed", "command-given"]);
    expect(done).toEqual(["anna take-control", "anna hold"]);
    expect(answers.map(({ to, reply }) => `${to} ${reply.outcome}`)).toEqual(["anna/test done", "anna/test done"]);
  });

  it("lets control pass after its notice, and lapse after its time, whatever the machine's clock is set to meanwhile", () => {
    for (const setMs of [-3_600_000, 3_600_000]) {
      const { desk, send, state } = bench();
      send("anna", envelope("anna", "take-control"));
      send("boris", envelope("boris", "take-control"));
      const pass = (ms: number): string | undefined => {
        state.nowMs += ms;
        desk.look();
        return desk.view().holder?.author;
      };
      state.setMs += setMs;
      expect(pass(setMs + 4000)).toBe("anna");
      expect(pass(NOTICE_MS.operator)).toBe("boris");
      state.setMs += setMs;
      expect(pass(setMs + 4000)).toBe("boris");
      expect(pass(CONTROL_MS)).toBeUndefined();
    }
  });

  it("answers an order once it is on the disk, so that no kill loses what was answered", async () => {
    let written = (): void => undefined;
    const keep = (): Promise<void> =>
      new Promise((resolve) => {
        written = resolve;
      });
    const { send, done, answers } = bench({ keep });
    send("anna", envelope("anna", "take-control"));
    await Promise.resolve();
    expect(done).toEqual(["anna take-control"]);
    expect(answers).toEqual([]);
    written();
    await new Promise((resolve) => setImmediate(resolve));
    expect(answers.map(({ reply }) => reply.outcome)).toEqual(["done"]);
    expect(answers[0]?.reply.what).not.toContain("not on record");
  });

  it("says so where the disk does not take it", async () => {
    const { send, answers } = bench({ keep: () => Promise.reject(new Error("disk full")) });
    send("anna", envelope("anna", "take-control"));
    await new Promise((resolve) => setImmediate(resolve));
    expect(answers.map(({ reply }) => reply.outcome)).toEqual(["done"]);
    expect(answers[0]?.reply.what).toContain("not on record yet");
    expect(answers[0]?.reply.advice).toContain("free space");
  });

  it("says that what an order lets begin with a cell waits where the disk does not take it", async () => {
    const { send, answers } = bench({ keep: () => Promise.reject(new Error("disk full")) });
    send("anna", envelope("anna", "take-control"));
    send("anna", envelope("anna", "skip-step", { args: { position: "A1" } }));
    await new Promise((resolve) => setImmediate(resolve));
    expect(answers.at(-1)?.reply.what).toMatch(
      /the disk has not taken it yet: what it lets begin begins once it is on record$/,
    );
  });

  it("answers what is no order, where it says whom to answer", () => {
    const { send, answers, desk } = bench();
    send("anna", { ...envelope("anna", "hold"), command: "explode" });
    send("anna", "explode");
    expect(answers).toHaveLength(1);
    expect(answers[0]?.reply).toMatchObject({ outcome: "refused", refusal: "unreadable" });
    expect(desk.refusedCount).toBe(2);
  });

  it("takes an order with the longest code of every cell of a rack", () => {
    const { send, done } = bench();
    send("anna", envelope("anna", "take-control"));
    const cells = Object.fromEntries(ALL_POSITIONS.map((position) => [position, "C".repeat(64)]));
    const order = { args: { act: "end", rack: true, cells }, reason: "y".repeat(200) };
    send("anna", envelope("anna", "swap", order));
    expect(done).toEqual(["anna take-control", "anna swap"]);
  });

  it("takes nothing from who is no user any more", () => {
    const { send, answers, desk } = bench();
    send("mallory", envelope("mallory", "take-control"));
    expect(answers).toEqual([]);
    expect(desk.refusedCount).toBe(1);
  });

  it("lets a flood drown neither the log nor the orders of others", () => {
    const { send, desk, recorded, done, state } = bench();
    for (let second = 0; second < 10; second += 1) {
      for (let count = 0; count < 1000; count += 1) send("boris", envelope("boris", "hold", {}, state.nowMs));
      state.nowMs += 1000;
    }
    expect(desk.refusedCount).toBe(10_000);
    expect(recorded.length).toBeLessThan(40);
    send("anna", envelope("anna", "take-control", {}, state.nowMs));
    expect(done).toEqual(["anna take-control"]);
  });

  it("takes an emergency stop of a user whose other orders come too fast", () => {
    const { send, done } = bench();
    for (let count = 0; count < 1000; count += 1) send("boris", envelope("boris", "hold"));
    send("boris", envelope("boris", "note", { args: { position: "A1", text: "warm" } }));
    expect(done).toEqual([]);
    for (let count = 0; count < 1000; count += 1) {
      send("boris", envelope("boris", "stop", { args: { class: "emergency" } }));
    }
    expect(done.length).toBeGreaterThan(0);
    expect(done.length).toBeLessThan(10);
  });

  it("does not obey again what was obeyed before a restart", () => {
    const order = envelope("anna", "take-control");
    const { send, done, desk, state } = bench({ given: [{ author: "anna", id: order.id }] });
    send("anna", order);
    expect(done).toEqual([]);
    expect(desk.refusedCount).toBe(1);
    state.nowMs += 600_001;
    send("anna", envelope("anna", "take-control", {}, state.nowMs));
    expect(done).toEqual(["anna take-control"]);
  });

  it("tells all of a shared rack what was ordered, and names no cell and no note of another group", () => {
    const args = { position: "A1", text: "crimp looks uneven" };
    const told = (isShared: boolean): string => {
      const { send, desk } = bench({ isShared });
      send("anna", envelope("anna", "note", { args }));
      send("anna", envelope("anna", "hold", { args: { position: "A1" } }));
      return desk
        .view()
        .last_commands.map(({ command, what }) => `${command}: ${what}`)
        .join("\n");
    };
    expect(told(true)).toBe("hold: refused\nnote: done");
    expect(told(false)).toMatch(/hold A1: nobody is in control\nnote A1 crimp looks uneven/);
  });

  it("takes words of other groups out of what all of a shared rack, or one group, is told", () => {
    const channels = [{ name: "cycler-1" }, { name: "cycler-2" }] as never;
    const cells = [
      { position: "A1", group: "lno", barcode: "LNO-1" },
      { position: "C7", group: "iron-works", barcode: "FE-7" },
    ] as never;
    const censors = createGroupCensors({ cells }, { channels });
    const effects = {
      obstacle: () => "C7 and cycler-2 of iron-works have not confirmed a stop; A1 has",
      carryOut: () => undefined,
    };
    const { send, desk, answers } = bench({ isShared: true, effects, censorOf: censors.ofAll });
    send("guest", envelope("guest", "take-control", { reason: "FE-7 of iron-works is hot" }));
    send("guest", envelope("guest", "resume", { args: { position: "A1" } }));
    expect(answers[1]?.reply.what).toBe("(another's) and (another's) of (another's) have not confirmed a stop; A1 has");
    send("anna", envelope("anna", "stop", { args: { class: "step", group: "iron-works" } }));
    const said = JSON.stringify(desk.view());
    expect(said).toContain("stop step (another's)");
    for (const word of ["C7", "A1", "FE-7", "iron-works", "cycler-2"]) expect(said).not.toContain(word);
  });

  it("says on record that control lapsed", () => {
    const { send, desk, recorded, state } = bench();
    send("anna", envelope("anna", "take-control"));
    state.nowMs += 3_600_000;
    desk.look();
    expect(desk.view().holder).toBeNull();
    expect(recorded).toEqual(["command-given", "control-changed", "control-changed"]);
  });
});
