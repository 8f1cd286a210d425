import { afterEach, describe, expect, it } from "vitest";
import { ACTIONS, actionOf, isOn } from "../../tui/terminal/keys/actions.ts";
import { SCREEN_IDS } from "../../tui/terminal/model/screen-state.ts";
import { showScreen, type ShowOptions, type ShownScreen } from "../support/shown-screen.ts";
import * as rack from "../support/terminal-rack.ts";

let open: ShownScreen | undefined;
afterEach(() => {
  open?.close();
  open = undefined;
});

async function running(options: ShowOptions = {}, more: readonly rack.Said[] = []): Promise<ShownScreen> {
  open = await showScreen(options);
  await open.say([...rack.runningRack(), ...more]);
  return open;
}

function seen(screen: ShownScreen): string {
  return screen.terminal.seen().join("\n");
}

const END = "\u001b[F";
const ALARM = rack.alarms([rack.alarm(7)]);

describe("the table of keys", () => {
  it("gives each key one meaning on each screen", () => {
    for (const screen of SCREEN_IDS) {
      const keys = ACTIONS.filter((action) => isOn(action, screen)).flatMap(({ keys: names }) => names);
      expect(keys.length, screen).toBe(new Set(keys).size);
    }
  });

  it("names every action, each once", () => {
    expect(new Set(ACTIONS.map(({ id }) => id)).size).toBe(ACTIONS.length);
    for (const { title } of ACTIONS) expect(title.length).toBeGreaterThan(1);
  });

  it("has help and palette on every screen, drawn from itself", async () => {
    const screen = await running({ rows: 70 });
    for (const id of SCREEN_IDS) {
      await screen.press(String(SCREEN_IDS.indexOf(id) + 1), "?");
      const helped = seen(screen);
      for (const action of ACTIONS.filter((one) => one.keys.length > 0 && isOn(one, id))) {
        expect(helped, `${id}: ${action.title}`).toContain(action.title.slice(0, 40));
      }
      await screen.press("\u001b");
      await screen.pass(300);
    }
    expect(actionOf("?", "log")?.id).toBe("help");
  });
});

describe("an order", () => {
  it.each(["h", "r", "x", "!", "e", "H", "R", "E", "S", "b", "B"])(
    "by the key %s alone orders nothing, and names the consequence",
    async (key) => {
      const screen = await running();
      await screen.press(key);
      expect(screen.orders).toEqual([]);
      expect(seen(screen)).toContain("Asked again");
      expect(screen.session.state().overlay?.kind).toBe("question");
    },
  );

  it("needs a word why, and carries it and the version it was decided by", async () => {
    const screen = await running();
    await screen.press("H", "\r");
    expect(screen.orders).toEqual([]);
    await screen.press("l", "e", "a", "k", "\r");
    expect(
      screen.orders.map(({ order, reason }) => ({ ...order.command, reason, precondition: order.precondition })),
    ).toEqual([
      { command: "hold", args: { position: "A1" }, reason: "leak", precondition: { topic: "cell/A1", version: 12 } },
    ]);
    expect(seen(screen)).toContain("hold cell A1: done");
  });

  it("to align the rack has no key: it is found by its name, says what it costs, and carries whose measurement it is", async () => {
    const screen = await running();
    await screen.press(":", "a", "l", "i", "g", "n", "\r");
    expect(seen(screen)).toMatch(/nothing is exposed but points/);
    await screen.press("s", "e", "a", "t", "\r");
    expect(screen.orders.map(({ order, reason }) => [order.command, reason])).toEqual([
      [{ command: "align", args: { site: "reference", name: "ada" } }, "seat"],
    ]);
  });

  it("is given up by escape", async () => {
    const screen = await running();
    await screen.press("H", "x", "\u001b");
    await screen.pass(300);
    expect(screen.session.state().overlay).toBeNull();
    expect(screen.orders).toEqual([]);
  });

  it("to stop everything takes a y, and any other letter leaves all as it is", async () => {
    const screen = await running();
    await screen.press("!", "n");
    expect(screen.orders).toEqual([]);
    expect(seen(screen)).toContain("Not done: stop emergency.");
    await screen.press("!", "\r", "y");
    expect(screen.orders.map(({ order }) => order.command)).toEqual([
      { command: "stop", args: { class: "emergency" } },
    ]);
  });

  it("is not given by a paste, which is text where text is asked and nothing elsewhere", async () => {
    const screen = await running();
    await screen.press("!y and so on");
    expect(screen.session.state().overlay).toBeNull();
    await screen.press("H", "a leak at\rthe seal");
    expect(screen.orders).toEqual([]);
    expect(seen(screen)).toContain("why? a leak at the seal");
  });

  it("is not given by what came in one piece with its key: nobody has read the question by then", async () => {
    const screen = await running();
    for (const piece of ["!y", "ha\r", "\u001b", "xx\r"]) await screen.press(piece);
    expect(screen.orders).toEqual([]);
    await screen.press("\u001b", "!", "y");
    expect(screen.orders.map(({ order }) => order.title)).toEqual(["stop emergency"]);
  });

  it("to take note of an alarm is given at once, for the alarm under the cursor", async () => {
    const screen = await running({ first: { screen: "alarms" } }, [
      rack.alarms([rack.alarm(9, { where: "stage" }), rack.alarm(7)]),
    ]);
    await screen.press("\u001b[B", "a");
    expect(screen.orders.map(({ order }) => order.command)).toEqual([{ command: "ack", args: { alarm: 7 } }]);
  });

  it("to take note of an alarm is given for the cell that is looked at, not for one of elsewhere", async () => {
    const screen = await running({}, [
      rack.alarms([rack.alarm(9, { where: "channel B12" }), rack.alarm(7, { where: "channel A3" })]),
    ]);
    await screen.press("/", "a3\r", "a", "2", "a", "\u001b[C", "a");
    expect(screen.orders.map(({ order }) => order.command)).toEqual([
      { command: "ack", args: { alarm: 7 } },
      { command: "ack", args: { alarm: 7 } },
    ]);
    expect(seen(screen)).toContain("No alarm is open at A4");
    await screen.press("1", "a");
    expect(screen.orders.at(-1)?.order.command).toEqual({ command: "ack", args: { alarm: 9 } });
  });

  it("to take note of an alarm is given for the one that was read, though a newer one came, and then for the next", async () => {
    const stage = rack.alarm(7, { where: "stage" });
    const io = rack.alarm(8, { where: "io" });
    const screen = await running({}, [rack.alarms([io, stage])]);
    await screen.press("5");
    await screen.say([rack.alarms([rack.alarm(9, { where: "detector" }), io, stage])]);
    await screen.press("a", "a", "a");
    const taken = screen.orders.map(({ order }) => order.command.args);
    expect(taken).toEqual([{ alarm: 8 }, { alarm: 7 }, { alarm: 9 }]);
  });

  it("to take note of an alarm that was refused is given for the same one again", async () => {
    const reply = { v: 1 as const, id: "order-77", said_at: rack.iso(rack.WALL_MS), advice: "Take control first." };
    const refused = { outcome: "refused" as const, refusal: "not-in-control" as const, what: "nobody is in control" };
    const screen = await running(
      { answer: () => Promise.resolve({ kind: "answered", reply: { ...reply, ...refused } }) },
      [rack.alarms([rack.alarm(8, { where: "io" }), rack.alarm(7, { where: "stage" })])],
    );
    await screen.press("5", "a", "a");
    expect(screen.orders.map(({ order }) => order.command.args)).toEqual([{ alarm: 8 }, { alarm: 8 }]);
  });

  it("cannot be given to a controller that is not heard, nor by somebody who only looks", async () => {
    const screen = await running();
    await screen.pass(4000);
    await screen.press("h");
    expect(seen(screen)).toContain("Nothing can be ordered");
    await screen.press("!");
    expect(seen(screen)).toContain("no stop reaches it. Use the hutch's own buttons.");
    screen.close();
    const looking = await running({ author: null });
    await looking.press("h");
    expect(seen(looking)).toContain("can only look");
    expect([...screen.orders, ...looking.orders]).toEqual([]);
  });

  it("that is a note carries what was typed, and says on the cell's screen who wrote it", async () => {
    const note = { at: rack.iso(rack.NOW_MS - 600_000), by: "ada", text: "crimp looks uneven" };
    const screen = await running({ rows: 50 }, [rack.cell(0, { notes: [note] })]);
    await screen.press("2", "w");
    expect(screen.orders).toEqual([]);
    for (const letter of ["lid", "s", " ", "ok"]) await screen.press(letter);
    await screen.press("\r");
    const command = { command: "note", args: { position: "A1", text: "lids ok" } };
    expect(screen.orders).toMatchObject([{ order: { command, precondition: null }, reason: "" }]);
    expect(seen(screen)).toContain("crimp looks uneven");
    expect(seen(screen)).toContain("ada, 10 min ago");
  });

  it("without an answer is told as unknown, not as done", async () => {
    const screen = await running(
      {
        answer: () => Promise.resolve({ kind: "unknown", why: "no answer to ack within 5 s" }),
        first: { screen: "alarms" },
      },
      [ALARM],
    );
    await screen.press("a");
    expect(seen(screen)).toContain("NO ANSWER");
  });

  it("that was refused says why", async () => {
    const screen = await running(
      {
        answer: () =>
          Promise.resolve({
            kind: "answered",
            reply: {
              v: 1,
              id: "order-77",
              outcome: "refused",
              refusal: "not-in-control",
              what: "bob is in control.",
              advice: "Take control first.",
              said_at: rack.iso(rack.WALL_MS),
            },
          }),
        first: { screen: "alarms" },
      },
      [ALARM],
    );
    await screen.press("a");
    expect(seen(screen)).toMatch(/Refused.*bob is in control/);
  });
});

describe("what came of an order", () => {
  const REPLY = {
    ...{ v: 1 as const, id: "order-77", outcome: "refused" as const, said_at: rack.iso(rack.WALL_MS) },
    refusal: "not-now" as const,
    what: "A1 is isolated: nothing more is done with the cell",
    advice: "Look at its alarm; when the campaign is amended another cell can follow in its place.",
  };

  it("is told to its end, with what to do, in 80 columns", async () => {
    const screen = await running({ answer: () => Promise.resolve({ kind: "answered", reply: REPLY }) });
    await screen.press("R", "ok", "\r");
    const told = screen.terminal.seen().slice(2, 5).join(" ").replace(/\s+/g, " ");
    expect(told).toContain("nothing more is done with the cell. Look at its alarm");
    expect(told).toContain("another cell can follow in its place.");
    expect(screen.terminal.seen().join("\n")).toContain("Rack by state");
  });

  it("does not hide that the controller is gone, and stays where nobody knows it", async () => {
    const screen = await running({ answer: () => Promise.resolve({ kind: "unknown", why: "no answer within 5 s" }) });
    await screen.press("x", "ok", "\r");
    await screen.say([rack.controller({ state: "gone" })]);
    await screen.pass(60_000);
    expect(seen(screen)).toContain("NO ANSWER, no answer within 5 s. Look what is the case");
    expect(seen(screen)).toMatch(/CONTROLLER GONE since .*: cells go on by their own limits/);
    expect(seen(screen)).toContain("on rack-host, goes on from the record.");
  });
});

describe("going about", () => {
  it("finds a cell by position, by barcode and by a part of it", async () => {
    const screen = await running();
    for (const [typed, index] of [
      ["h12", 95],
      ["LNO-REF-B4", 15],
      ["tdi-e1", 48],
    ] as const) {
      await screen.press("/", ...Array.from(typed), "\r");
      expect(screen.session.state().positionIndex, typed).toBe(index);
    }
    await screen.press("/", "z", "z", "\r");
    expect(seen(screen)).toContain('No cell is called "zz"');
  });

  it("jumps to what needs a person, around the rack, and says when nothing does", async () => {
    const screen = await running();
    await screen.press("n");
    expect(seen(screen)).toContain("Nothing needs a person");
    await screen.say([rack.cell(54, { state: "isolated" }), rack.cell(3, { state: "held", held_by: "ada" })]);
    const visited: number[] = [];
    for (let press = 0; press < 3; press += 1) {
      await screen.press("n");
      visited.push(screen.session.state().positionIndex);
    }
    expect(visited).toEqual([3, 54, 3]);
  });

  it("moves the cursor with the arrows and stays on the rack", async () => {
    const screen = await running();
    await screen.press("\u001b[D", "\u001b[A", "\u001b[C", "\u001b[B", "\u001b[B");
    expect(screen.session.state().positionIndex).toBe(25);
  });

  it("goes back from the end of a list with the first key, however often the end was asked for", async () => {
    const screen = await running();
    await screen.press("4", END, END, "\u001b[B");
    expect(seen(screen)).toContain("channel-H12");
    await screen.press("\u001b[A");
    expect(seen(screen)).not.toContain("channel-H12");
    expect(seen(screen)).toContain("channel-H11");
  });

  it("goes back from the end of the help with the first key, too", async () => {
    const screen = await running();
    await screen.press("?", END, END);
    expect(seen(screen)).toContain("Everything else has a name");
    await screen.press("\u001b[A", "\u001b[A");
    expect(seen(screen)).not.toContain("Everything else has a name");
  });

  it("goes back in the log with the arrow up, which stops it; its end lets it run", async () => {
    const screen = await running();
    await screen.press("6", "\u001b[A", "\u001b[A");
    expect(screen.session.state()).toMatchObject({ scroll: { log: 2 } });
    expect(seen(screen)).toContain("stopped");
    await screen.press(END);
    expect(seen(screen)).toContain("running");
    expect(screen.session.state()).toMatchObject({ scroll: { log: 0 }, logStopped: null });
  });

  it("tells each line of the log whole, and of which instrument it is", async () => {
    const text =
      "lost: the link closed while a step ran: the port is gone: it was unplugged, or switched off; the instrument runs on with its own limits";
    const line = { v: 1, seq: 20_500, at: rack.iso(rack.NOW_MS), type: "instrument-lost", where: "channel H12", text };
    const screen = await running({ first: { screen: "log" } }, [rack.said({ kind: "log" }, line)]);
    expect(seen(screen)).toContain("channel H12 ");
    expect(seen(screen).replace(/\s+/g, " ")).toContain(text);
  });

  it("filters the log by words, and stops it where it is", async () => {
    const screen = await running({ first: { screen: "log" } });
    await screen.press("f", ...Array.from("b3 made"), "\r");
    const lines = screen.terminal
      .seen()
      .slice(4, -2)
      .filter((line) => line !== "");
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) expect(line).toContain("X-S0058-B3 made");
    await screen.press("\u001b");
    await screen.pass(300);
    await screen.press(" ");
    await screen.say([
      rack.said(
        { kind: "log" },
        { v: 1, seq: 20_500, at: rack.iso(rack.NOW_MS), type: "step-ended", where: "A1", text: "a new line" },
      ),
    ]);
    expect(seen(screen)).not.toContain("a new line");
    await screen.press(" ");
    expect(seen(screen)).toContain("a new line");
  });

  it("leaves by q and by Ctrl-C, also in the middle of a question", async () => {
    const screen = await running();
    await screen.press("H", "\u0003");
    expect(screen.isQuit()).toBe(true);
    expect(screen.orders).toEqual([]);
  });
});

describe("a terminal", () => {
  it("that is too small gets one line, and the screen again when it is large enough", async () => {
    const screen = await running();
    screen.terminal.resize(60, 15);
    await screen.pass(300);
    expect(seen(screen).trim()).toBe("beamrack needs 80x24, this is 60x15. q leaves.");
    screen.terminal.resize(100, 30);
    await screen.pass(300);
    expect(screen.terminal.seen()[3]).toContain("Rack by state");
  });

  it("that is too small still says what is asked, and all of its line", async () => {
    const screen = await running({}, [ALARM]);
    screen.terminal.resize(40, 12);
    await screen.pass(300);
    expect(seen(screen).replace(/\s+/g, " ").trim()).toBe(
      "beamrack needs 80x24, this is 40x12. 1 alarm open! q leaves.",
    );
    await screen.press("!");
    expect(seen(screen)).toContain("Stop emergency?");
    expect(seen(screen)).toContain("y does it");
    await screen.press("y");
    expect(screen.orders.map(({ order }) => order.title)).toEqual(["stop emergency"]);
    expect(seen(screen)).toContain("stop emergency: done");
  });

  it("is not cleared but once, and gets only the rows that changed", async () => {
    const screen = await running({ first: { measure: "charge" } });
    const before = screen.shown.stats();
    for (let turn = 1; turn <= 20; turn += 1) await screen.say([rack.cell(0, { soc: turn / 40 })]);
    const after = screen.shown.stats();
    expect(after.clearCount).toBe(before.clearCount);
    expect(after.frameCount - before.frameCount).toBeGreaterThan(10);
    expect((after.byteCount - before.byteCount) / (after.frameCount - before.frameCount)).toBeLessThan(1000);
  });

  it("is given back when the screens are closed", async () => {
    const screen = await running();
    expect(screen.terminal.isEntered()).toBe(true);
    screen.close();
    expect(screen.terminal.isEntered()).toBe(false);
  });
});
