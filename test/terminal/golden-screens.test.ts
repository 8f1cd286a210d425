import { afterEach, describe, expect, it } from "vitest";
import { ALL_POSITIONS } from "../../protocols/base/position.ts";
import { digitHeights, FRAME_STEPS_MAX, heightDigits } from "../../protocols/bus/cell-views.ts";
import { showScreen, type ShowOptions, type ShownScreen } from "../support/shown-screen.ts";
import { handover } from "../support/terminal-handover.ts";
import * as rack from "../support/terminal-rack.ts";

/** Screens as people see them: what ink wrote to a terminal, put together again. `vitest -u` draws them anew. */

interface Scene extends ShowOptions {
  readonly told: readonly rack.Said[];
  /** Milliseconds of silence after that. */
  readonly silentMs?: number;
}

const B4 = 15;
const E7 = 54;

const BEAM_LOST = [
  ...rack.runningRack(),
  rack.beam({
    is_up: false,
    ring_current_mA: 0.2,
    flux: { quantity: "flux", value: null, unit: "ph/s" },
    shutter: "closed",
    permit: "withheld",
  }),
  rack.exposure(false),
  rack.campaign({
    beam_state: "waitingForBeam",
    note: "the machine to give beam again",
    waiting_for: {
      reason: "the machine to give beam again",
      who: "machine",
      since: rack.iso(rack.NOW_MS - 754_000),
      until: rack.iso(rack.NOW_MS + 2_846_000),
    },
  }),
  rack.schedule({
    queue: [],
    next_sweep_at: null,
    misses: ["B4", "B5", "B6"].map((position, index) => ({
      at: rack.iso(rack.NOW_MS - 60_000 * index),
      position,
      reason: "beam",
      text: "the machine gave no beam until the window was over",
    })),
  }),
  rack.alarms([
    rack.alarm(4, {
      code: "beam.lost",
      where: "beam",
      what: "the ring current fell from 199.8 to 0.2 mA; nothing is exposed",
      advice: "Nothing to do: exposing goes on by itself when the machine gives beam again. The cells keep cycling.",
      raised_at: rack.iso(rack.NOW_MS - 754_000),
    }),
  ]),
];

const ISOLATED_CELL = rack.cell(E7, {
  state: "isolated",
  belief: "unknown",
  step: 2,
  current_A: 0,
  fault: {
    code: "cell.limit",
    where: "E7",
    what: "4.262 V passed the limit of 4.25 V",
    advice: "Inspect the cell before it is cycled again.",
  },
  waiting_for: {
    reason: "a person to inspect the cell",
    who: "operator",
    since: rack.iso(rack.NOW_MS - 540_000),
    until: null,
  },
});
const ISOLATED = [
  ...rack.runningRack(),
  ISOLATED_CELL,
  rack.campaign({ cells: { total: 96, by_state: { cycling: 95, isolated: 1 } } }),
  rack.alarms([
    rack.alarm(7, {
      code: "cell.limit",
      what: "4.262 V passed the limit of 4.25 V; the channel is off",
      advice: "Inspect the cell before it is cycled again.",
      raised_at: rack.iso(rack.NOW_MS - 540_000),
    }),
  ]),
];

const FLOOD = [
  ...rack.runningRack(),
  rack.alarms(
    [
      ...ALL_POSITIONS.slice(0, 60).map((position, index) =>
        rack.alarm(200 - index, {
          code: "link.timeout",
          where: `channel ${position}`,
          what: "no answer within 2 s; the instrument's own limits hold the cell",
          advice: "Check power and cable of the device. It is tried again by itself.",
          severity: "retry",
          raised_at: rack.iso(rack.NOW_MS - 4000 - index * 150),
          acknowledged: index > 40 ? { by: "ada", at: rack.iso(rack.NOW_MS - 2000) } : null,
        }),
      ),
      rack.alarm(3, { shelved: { by: "ada", until: rack.iso(rack.NOW_MS + 1_800_000) } }),
    ],
    36,
  ),
];

/** Lines of a powder, one of them wandering from frame to frame. */
const PATTERNS = Array.from({ length: 8 }, (_, frame) => {
  const lines = [12, 30, 31 + frame, 50, 70 - frame, 80];
  const heights = Array.from({ length: FRAME_STEPS_MAX }, (_step, at) =>
    Math.max(0.1, ...lines.map((line) => (line === 50 ? 1 : 0.6) * Math.exp(-0.6 * (at - line) ** 2))),
  );
  return { exposure_id: `X-S005${String(frame)}-B4`, finding: "good", heights: heightDigits(heights) };
});
const PATTERNED = [
  ...rack.runningRack(),
  rack.trace(B4, { patterns: PATTERNS }),
  rack.cell(B4, {
    last_frame: {
      ...{ exposure_id: "X-S0057-B4", finding: "good", what: "lines of the positive and of the casing" },
      ...{ counts: 48_211_000, most_in_one_bin: 210_400, from_deg: 1.3, to_deg: 8.9 },
      pattern: [...digitHeights(PATTERNS[7]?.heights ?? "")],
    },
  }),
];

const GONE = [...rack.runningRack(), rack.controller({ state: "gone", said_at: rack.iso(rack.WALL_MS) })];

const SCENES: Readonly<Record<string, Scene>> = {
  start: { told: [], isUnconnected: true, silentMs: 4000 },
  running: { told: rack.runningRack(), first: { positionIndex: B4, measure: "charge" } },
  "beam-loss": { told: BEAM_LOST, first: { screen: "beam" } },
  "alarm-flood": { told: FLOOD, first: { screen: "alarms" } },
  "isolated-cell": { told: ISOLATED, first: { screen: "cell", positionIndex: E7 } },
  "controller-gone": { told: GONE, silentMs: 190_000, first: { positionIndex: B4, measure: "charge" } },
  "cell-with-frames": { told: PATTERNED, first: { screen: "cell", positionIndex: B4 } },
  shift: { told: [...rack.runningRack(), handover()], first: { screen: "shift" } },
  "no-colour": { told: ISOLATED, colour: false, first: { positionIndex: E7 - 1 } },
};

const SIZES = [
  { columns: 80, rows: 24 },
  { columns: 200, rows: 60 },
] as const;

let open: ShownScreen | undefined;
afterEach(() => {
  open?.close();
  open = undefined;
});

async function play({ told, silentMs = 0, ...options }: Scene): Promise<ShownScreen> {
  const screen = await showScreen(options);
  open = screen;
  await screen.say(told);
  await screen.pass(silentMs);
  return screen;
}

describe.each(SIZES)("at $columns x $rows", (size) => {
  it.each(Object.entries(SCENES))("the screen of %s is as it was approved", async (name, scene) => {
    const { terminal } = await play({ ...scene, ...size });
    const lines = terminal.seen();
    expect(lines.length).toBe(size.rows - 1);
    for (const line of lines) expect(Array.from(line).length).toBeLessThan(size.columns);
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(
      `../fixtures/screens/${name}-${String(size.columns)}x${String(size.rows)}.txt`,
    );
  });

  it("nothing that a controller said before it went is drawn in the colours of what is true", async () => {
    const { terminal } = await play({ ...GONE_SCENE, ...size });
    const title = terminal.seen().findIndex((line) => line.includes("LAST KNOWN"));
    const body = terminal
      .raw()
      .slice(title + 1, -2)
      .join("");
    expect(body).toMatch(/\d/);
    const codes = new Set([...body.matchAll(/\u001b\[([\d;]+)m/g)].map(([, code]) => code));
    expect([...codes].sort()).toEqual(["0", "38;5;245"]);
  });

  it("without colour nothing but text is written", async () => {
    const { terminal } = await play({ ...NO_COLOUR, ...size });
    expect(terminal.written()).not.toMatch(/\u001b\[[\d;]*m/);
  });
});

/** What the bus tells a group user: its cells, the beam's levels, who is in control. */
const OF_GROUPS = rack
  .runningRack()
  .filter(({ topic }) => /\/(controller|heartbeat|beam|control|cell\/\w+|dose\/\w+|trace\/\w+)$/.test(topic));

describe("what a group user is not told", () => {
  it.each([
    ["beam", ["exposure       not told", "Ahead", "Missed"], /none under way|^none|none *$/m],
    ["instruments", ["not told to group users"], /0 of 0/],
    ["campaign", ["not told to group users"], /nothing said/],
    ["shift", ["not told to group users"], /nothing waits/],
    ["log", ["not told to group users"], /nothing said/],
  ] as const)("is not made up on the screen %s", async (screen, words, lies) => {
    const { terminal } = await play({ told: OF_GROUPS, first: { screen } });
    const text = terminal.seen().join("\n");
    for (const word of words) expect(text).toContain(word);
    expect(text).not.toMatch(lies);
  });
});

it("the hand-over page says how many places and matters it has no room for", async () => {
  const where = ["A1", "A2", "A3", "A4", "A5", "A6"];
  const page = handover({
    waiting: [{ who: "operator", what: "no answer", where, where_more: 90, since: null }],
    waiting_more: 23,
  });
  const { terminal } = await play({
    ...{ told: [...rack.runningRack(), page], first: { screen: "shift" } },
    ...{ columns: 200, rows: 60 },
  });
  const text = terminal.seen().join("\n");
  expect(text).toContain("operator: A1, A2, A3, A4, A5, A6 and 90 more: no answer");
  expect(text).toContain("and 23 more; beamrack handover has them");
});

it("a cell that waits for a person is told where no alarm is open", async () => {
  const held = rack.cell(B4, { held_by: "ada", state: "held" });
  const { terminal } = await play({
    told: [...rack.runningRack(), held, rack.alarms([])],
    first: { screen: "alarms" },
  });
  expect(terminal.seen().join("\n")).toContain("None. One cell needs a person: n goes there.");
});

const GONE_SCENE: Scene = { told: GONE, silentMs: 5000, first: { measure: "charge" } };
const NO_COLOUR: Scene = { told: ISOLATED, colour: false };

it.each([
  [80, "22:38:25 at 600x (23:38)"],
  [200, "22:38:25 at 600x (23:38 Europe/Paris)"],
] as const)("the clock on the wall stands beside UTC, at %i columns", async (columns, words) => {
  const told = [...rack.runningRack(), rack.campaign({ timezone: "Europe/Paris" })];
  const { terminal } = await play({ told, columns, rows: 40 });
  expect(terminal.seen()[0]).toContain(words);
});
