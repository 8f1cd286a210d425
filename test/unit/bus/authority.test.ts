import { describe, expect, it } from "vitest";
import {
  afterTime,
  ANSWERED_MAX,
  CONTROL_MS,
  judgeCommand,
  NOBODY,
  NOTICE_MS,
  type Authority,
  type Judged,
} from "../../../controller/bus/authority.ts";
import type { BusEnvelope } from "../../../protocols/bus/commands.ts";
import type { BusUser } from "../../../protocols/bus/users.ts";
import { ANNA, BORIS, CLARA, envelope, facts, GUEST, NOON_MS, PLANNER, VIEWER } from "../../support/bus-orders.ts";

function judge(
  state: Authority,
  user: BusUser,
  command: BusEnvelope["command"],
  more: Partial<BusEnvelope> = {},
  nowMs = NOON_MS,
): Judged {
  return judgeCommand(state, envelope(user.name, command, more, nowMs), facts(user, nowMs));
}

function refusalOf({ verdict }: Judged): string {
  return verdict.kind === "refused" ? verdict.refusal : verdict.kind;
}

/** Anna has taken control at noon. */
const ANNAS = judge(NOBODY, ANNA, "take-control").state;

describe("control", () => {
  it("is had by one person at a time, and only by that one are orders taken", () => {
    expect(refusalOf(judge(NOBODY, ANNA, "hold"))).toBe("not-in-control");
    expect(refusalOf(judge(ANNAS, ANNA, "hold"))).toBe("obey");
    expect(refusalOf(judge(ANNAS, BORIS, "hold"))).toBe("not-in-control");
  });

  it("passes to another after a notice, within which the holder still gives orders", () => {
    const announced = judge(ANNAS, BORIS, "take-control");
    expect(announced.verdict).toMatchObject({ kind: "obey" });
    expect(announced.state.takingOver?.author).toBe("boris");
    expect(refusalOf(judge(announced.state, ANNA, "hold"))).toBe("obey");
    expect(refusalOf(judge(announced.state, BORIS, "hold"))).toBe("not-in-control");
    const dueMs = NOON_MS + NOTICE_MS.operator;
    expect(afterTime(announced.state, dueMs - 1).holder?.author).toBe("anna");
    const after = afterTime(announced.state, dueMs);
    expect(after).toMatchObject({ holder: { author: "boris" }, takingOver: null });
    expect(refusalOf(judge(after, ANNA, "hold", {}, dueMs))).toBe("not-in-control");
  });

  it("passes at once when the holder lets go, and sooner to a beamline scientist", () => {
    const announced = judge(ANNAS, CLARA, "take-control").state;
    expect(announced.takingOver?.atMs).toBe(NOON_MS + NOTICE_MS["beamline-scientist"]);
    expect(judge(announced, ANNA, "release-control").state.holder?.author).toBe("clara");
  });

  it("is taken over by one at a time", () => {
    const announced = judge(ANNAS, BORIS, "take-control").state;
    expect(refusalOf(judge(announced, CLARA, "take-control"))).toBe("not-now");
  });

  it("lapses by silence, and lives on with each order", () => {
    const laterMs = NOON_MS + CONTROL_MS - 1;
    const renewed = judge(ANNAS, ANNA, "hold", {}, laterMs).state;
    expect(afterTime(renewed, NOON_MS + CONTROL_MS).holder?.author).toBe("anna");
    expect(afterTime(renewed, laterMs + CONTROL_MS).holder).toBeNull();
    expect(afterTime(ANNAS, NOON_MS + CONTROL_MS).holder).toBeNull();
  });

  it("is not needed for an emergency stop by any operator, and for no other stop", () => {
    expect(refusalOf(judge(ANNAS, BORIS, "stop", { args: { class: "emergency" }, reason: "" }))).toBe("obey");
    expect(refusalOf(judge(ANNAS, BORIS, "stop", { args: { class: "exposing" } }))).toBe("not-in-control");
    expect(judge(ANNAS, BORIS, "stop", { args: { class: "emergency" } }).state.holder?.author).toBe("anna");
  });
});

describe("a note", () => {
  it("needs no control, and says something", () => {
    const args = { position: "A1", text: "crimp looks uneven" };
    expect(refusalOf(judge(ANNAS, BORIS, "note", { args, reason: "" }))).toBe("obey");
    expect(judge(ANNAS, BORIS, "note", { args }).state.holder?.author).toBe("anna");
    expect(refusalOf(judge(ANNAS, VIEWER, "note", { args }))).toBe("role");
    expect(refusalOf(judge(ANNAS, BORIS, "note", { args: { ...args, text: "  " } }))).toBe("unreadable");
  });
});

describe("a command", () => {
  it("is obeyed once: the same id again is a replay", () => {
    const order = envelope("anna", "hold");
    const first = judgeCommand(ANNAS, order, facts(ANNA));
    expect(first.verdict.kind).toBe("obey");
    expect(judgeCommand(first.state, order, facts(ANNA)).verdict.kind).toBe("replay");
  });

  it("is not taken for a replay because somebody else used up its id before", () => {
    const order = envelope("anna", "hold");
    const first = judgeCommand(ANNAS, { ...order, author: "viewer" }, facts(VIEWER));
    expect(refusalOf(first)).toBe("role");
    expect(refusalOf(judgeCommand(first.state, order, facts(ANNA)))).toBe("obey");
  });

  it("is refused when one user sends more than can be remembered; orders of others and an emergency stop are not", () => {
    let state = ANNAS;
    for (let count = 0; count < ANSWERED_MAX; count += 1) state = judge(state, BORIS, "hold").state;
    expect(refusalOf(judge(state, BORIS, "note", { args: { position: "A1", text: "warm" } }))).toBe("not-now");
    expect(refusalOf(judge(state, BORIS, "stop", { args: { class: "emergency" } }))).toBe("obey");
    expect(refusalOf(judge(state, ANNA, "hold"))).toBe("obey");
  });

  it("that was refused once is not obeyed when it is sent again", () => {
    const order = envelope("boris", "hold");
    const first = judgeCommand(ANNAS, order, facts(BORIS));
    expect(refusalOf(first)).toBe("not-in-control");
    const free = judge(first.state, ANNA, "release-control").state;
    expect(judgeCommand(free, order, facts(BORIS)).verdict.kind).toBe("replay");
  });

  it("is refused after its deadline, also as a replay", () => {
    const order = envelope("anna", "hold");
    const first = judgeCommand(ANNAS, order, facts(ANNA));
    const laterMs = NOON_MS + 5001;
    expect(refusalOf(judgeCommand(first.state, order, facts(ANNA, laterMs)))).toBe("late");
  });

  it("that was obeyed while the clock ran ahead is not obeyed again once that is set right, however stale it was by then", () => {
    const order = envelope("anna", "hold");
    const first = judgeCommand(ANNAS, order, facts(ANNA));
    const stale = afterTime(first.state, NOON_MS + 3_600_000);
    expect(judgeCommand(stale, order, facts(ANNA, NOON_MS + 1000)).verdict.kind).toBe("replay");
  });

  it("is remembered by a bounded number of ids, of which the oldest that are stale make room", () => {
    const first = envelope("anna", "hold");
    let state = judgeCommand(ANNAS, first, facts(ANNA)).state;
    const laterMs = NOON_MS + 60_000;
    for (let count = 0; count < ANSWERED_MAX - 1; count += 1) state = judge(state, ANNA, "hold", {}, laterMs).state;
    state = afterTime(state, laterMs);
    const kept = [...(state.answered.get("anna")?.keys() ?? [])];
    // By which she took control is older.
    expect([kept.length, kept[0]]).toEqual([ANSWERED_MAX, first.id]);
    expect(refusalOf(judge(state, ANNA, "hold", {}, laterMs))).toBe("obey");
  });

  it("may not carry a deadline so far ahead that its id would have to be remembered for long", () => {
    const deadline = new Date(NOON_MS + 3_600_000).toISOString();
    expect(refusalOf(judge(ANNAS, ANNA, "hold", { deadline }))).toBe("too-far-ahead");
  });

  it("is refused when it says another author than the one whose topic it came by", () => {
    expect(refusalOf(judge(ANNAS, BORIS, "hold", { author: "anna" }))).toBe("other-author");
  });

  it("is refused when what it was about has changed since", () => {
    const precondition = { topic: "campaign", version: 2 };
    expect(refusalOf(judge(ANNAS, ANNA, "hold", { precondition }))).toBe("precondition");
    expect(refusalOf(judge(ANNAS, ANNA, "hold", { precondition: { topic: "campaign", version: 3 } }))).toBe("obey");
    expect(refusalOf(judge(ANNAS, ANNA, "hold", { precondition: { topic: "beam", version: 3 } }))).toBe("precondition");
    // What it may not read a group cannot learn in this way either.
    const probe = judge(judge(NOBODY, GUEST, "take-control").state, GUEST, "hold", {
      args: { position: "A1" },
      precondition,
    });
    expect(JSON.stringify(probe.verdict)).toContain("campaign has no version");
  });

  it("is refused for arguments that are not its own, a place without a cell, an alarm that is not open", () => {
    expect(refusalOf(judge(ANNAS, ANNA, "stop", { args: { class: "everything" } }))).toBe("unreadable");
    expect(refusalOf(judge(ANNAS, ANNA, "hold", { args: { position: "A1", force: true } }))).toBe("unreadable");
    expect(refusalOf(judge(ANNAS, ANNA, "expose", { args: { position: "H12" } }))).toBe("unknown-place");
    expect(refusalOf(judge(ANNAS, ANNA, "ack", { args: { alarm: 8 } }))).toBe("unknown-place");
    expect(refusalOf(judge(ANNAS, ANNA, "ack", { args: { alarm: 7 } }))).toBe("obey");
  });

  it("that takes something from a cell says why", () => {
    expect(refusalOf(judge(ANNAS, ANNA, "skip-step", { args: { position: "A1" }, reason: " " }))).toBe("no-reason");
    expect(refusalOf(judge(ANNAS, ANNA, "resume", { reason: "" }))).toBe("obey");
  });

  it("is refused while it makes no sense, with the reason", () => {
    const verdict = judgeCommand(ANNAS, envelope("anna", "resume"), {
      ...facts(ANNA),
      obstacle: () => "exposing is not held",
    }).verdict;
    expect(verdict).toMatchObject({ kind: "refused", refusal: "not-now", what: "exposing is not held" });
  });
});

describe("roles", () => {
  it("let an observer order nothing, not even an emergency stop", () => {
    for (const command of ["take-control", "hold"] as const) {
      expect(refusalOf(judge(NOBODY, VIEWER, command))).toBe("role");
    }
    expect(refusalOf(judge(NOBODY, VIEWER, "stop", { args: { class: "emergency" } }))).toBe("role");
  });

  it("let a group user order its own cells when nobody else is in control, and neither take over nor stop the rack", () => {
    const own = judge(NOBODY, GUEST, "take-control").state;
    expect(refusalOf(judge(own, GUEST, "hold", { args: { position: "A1" } }))).toBe("obey");
    expect(refusalOf(judge(own, GUEST, "hold", { args: { position: "B1" } }))).toBe("unknown-place");
    expect(refusalOf(judge(own, GUEST, "hold"))).toBe("role");
    expect(refusalOf(judge(own, GUEST, "stop", { args: { class: "exposing" } }))).toBe("role");
    expect(refusalOf(judge(ANNAS, GUEST, "take-control"))).toBe("not-in-control");
  });
});

describe("programs beside the controller", () => {
  const NOTIFIER: BusUser = { name: "notify", role: "notifier", groups: [] };

  it("an agent asks for exposures without control, whoever has it, and for nothing else", () => {
    expect(refusalOf(judge(ANNAS, PLANNER, "expose", { args: { position: "A1" } }))).toBe("obey");
    for (const command of ["hold", "resume", "take-control", "stop", "ack", "skip-step"] as const) {
      expect(refusalOf(judge(NOBODY, PLANNER, command)), command).toBe("role");
    }
  });

  it("the notifier tells of its own trouble, and orders nothing", () => {
    const args = { of: "notify-mail", what: "no connection" };
    expect(refusalOf(judge(ANNAS, NOTIFIER, "trouble", { args }))).toBe("obey");
    expect(refusalOf(judge(ANNAS, NOTIFIER, "trouble", { args: { of: "notify-mail", what: null } }))).toBe("obey");
    expect(refusalOf(judge(ANNAS, NOTIFIER, "trouble", { args: { of: "a b", what: "" } }))).toBe("unreadable");
    for (const command of ["expose", "hold", "stop"] as const) {
      expect(refusalOf(judge(NOBODY, NOTIFIER, command)), command).toBe("role");
    }
    expect(refusalOf(judge(NOBODY, VIEWER, "trouble", { args }))).toBe("role");
  });
});
