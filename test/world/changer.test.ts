import { afterAll, describe, expect, it } from "vitest";
import { replayDecisions } from "../../controller/run/replay-decisions.ts";
import { assert } from "../../protocols/base/assert.ts";
import { parsePosition, positionIndex, type Position } from "../../protocols/base/position.ts";
import type { RobotTrouble, WorldRobot } from "../../simulator/world/robot-truth.ts";
import type { VirtualCampaign } from "../../tui/virtual/virtual-campaign.ts";
import { load, repositoryText } from "../support/campaign-files.ts";
import {
  expectSound,
  field,
  FILES,
  numeric,
  removeFolders,
  runWorld,
  type WorldRun,
  type WorldRunOptions,
} from "../support/world-campaign.ts";

afterAll(removeFolders);

/** Five cells, brought one after the other by a robot with a double gripper, or with a single one. */
function byRobot(gripper: "double" | "single" = "double") {
  let site = repositoryText("protocols/sites/robot-to-beam.yaml");
  if (gripper === "single") site = site.replace("tool: 5", "tool: 2");
  const text = FILES["small.yaml"]
    .replace("  - positions: B1..B5\n    barcode: S-{position}\n", "")
    .replace("[B5]", "[A5]");
  const loaded = load({ ...FILES, "small.yaml": text, "site.yaml": site }, "small.yaml");
  assert(loaded.kind === "loaded", JSON.stringify(loaded.findings, null, 1));
  return { campaign: loaded.campaign, site: loaded.site };
}

function withRobot(options: WorldRunOptions = {}, gripper: "double" | "single" = "double"): Promise<WorldRun> {
  return runWorld({ ...byRobot(gripper), hours: 0.115, ...options });
}

/** Seconds between one exposure's end and the next one's opening, in order. */
function gapsS(run: WorldRun): readonly number[] {
  const ended = run.of("exposure-ended");
  return ended.slice(1).map((event, index) => {
    return (numeric(event, "open_seen_at_ms") - numeric(ended[index], "closed_seen_at_ms")) / 1000;
  });
}

type Acts = NonNullable<WorldRunOptions["at"]>;

function robotOf({ world }: VirtualCampaign): WorldRobot {
  assert(world.robot !== undefined, "the world has no robot");
  return world.robot;
}

/** Something goes wrong with the robot. */
function trouble(atS: number, what: RobotTrouble): Acts[number] {
  return [
    atS,
    (virtual) => {
      robotOf(virtual).cause(virtual.clock.monoMs(), what);
    },
  ];
}

/** A person comes, puts the cells where they belong, frees the robot, and lets it go on. */
function person(atS: number, positions: readonly string[]): Acts[number] {
  return [
    atS,
    (virtual) => {
      const robot = robotOf(virtual);
      robot.free();
      for (const position of positions) {
        const index = positionIndex(parsed(position));
        robot.plant.putByHand(virtual.clock.monoMs(), String(index), trayOf(index));
      }
      virtual.run.actor.send({ type: "RESUME_EXPOSING", author: "a person" });
    },
  ];
}

function parsed(text: string): Position {
  const position = parsePosition(text);
  assert(position !== undefined, text);
  return position;
}

function trayOf(index: number) {
  return { kind: "tray", tray: Math.floor(index / 16) + 1, slot: (index % 16) + 1 } as const;
}

/** Every cell lies in its own place when it is over. */
function expectAllBack(run: WorldRun): void {
  const { clock } = run.virtual;
  expect(run.alarms.filter((alarm) => alarm.startsWith("changer.not-back"))).toEqual([]);
  for (const { position } of run.virtual.run.views.isolated()) expect(position).toBe("");
  for (const { position } of byRobot().campaign.cells) {
    const index = positionIndex(position);
    expect(robotOf(run.virtual).placeOf(clock.monoMs(), index)).toEqual(trayOf(index));
  }
}

/** At the end each cell that the robot has out of its place, and there are some, has an alarm of its own. */
function expectLeftOutTold(run: WorldRun): void {
  const out = byRobot().campaign.cells.flatMap(({ position }) => {
    const index = positionIndex(position);
    const where = robotOf(run.virtual).placeOf(run.virtual.clock.monoMs(), index);
    return where?.kind === "tray" ? [] : [`changer.not-back ${position}`];
  });
  expect(out).not.toEqual([]);
  expect(run.alarms.filter((alarm) => alarm.startsWith("changer.not-back"))).toEqual(out);
}

const exposedAt = (run: WorldRun): readonly string[] =>
  run.of("exposure-ended").map((event) => `${field(event, "position")} ${field(event, "outcome")}`);

describe("cells that a robot brings to the beam", () => {
  it("are all exposed, go on cycling in their places, and are off before they are taken", async () => {
    const run = await withRobot();
    expectSound(run);
    expectAllBack(run);
    expect(run.summary.requests).toMatchObject({ asked: 5, met: 5, late: 0, missed: 0 });
    // The next cell is fetched while the last is exposed: what is left is the exchange.
    for (const gap of gapsS(run)) expect(gap).toBeLessThan(12);
    expect(run.of("transfer-begun").map((event) => field(event, "act"))).toEqual([
      "load",
      ...["fetch", "exchange", "fetch", "exchange", "fetch", "exchange", "fetch", "exchange"],
      "unload",
    ]);
    // Before and after each transfer, in this order.
    const transfers = run.events.filter(({ type }) => type.startsWith("transfer-"));
    transfers.forEach((event, index) => {
      expect([event.type, numeric(event, "transfer")]).toEqual([
        index % 2 === 0 ? "transfer-begun" : "transfer-ended",
        Math.floor(index / 2) + 1,
      ]);
    });
    // Each is off while it is away, says so, and its step goes on where it stood.
    expect(run.of("cell-taken-out").filter(({ dataText }) => dataText.includes('"is_operando":false'))).toHaveLength(5);
    for (const back of run.of("cell-put-back")) {
      const again = run.of("step-started").find((event) => {
        return event.seq > back.seq && field(event, "position") === field(back, "position");
      });
      expect(numeric(again, "elapsed_s")).toBeCloseTo(numeric(back, "elapsed_s"), 3);
    }
  });

  it("are exchanged in two ways of the arm where it has one pair of jaws", async () => {
    const run = await withRobot({ hours: 0.115 }, "single");
    expectSound(run);
    expectAllBack(run);
    const acts = run.of("transfer-begun").map((event) => field(event, "act"));
    expect(acts.slice(0, 4)).toEqual(["load", "unload", "load", "unload"]);
    for (const gap of gapsS(run)) expect(gap).toBeLessThan(20);
    expect(run.summary.requests.met).toBeGreaterThan(4);
  });

  it("that carry another code than they should go back unexposed, and no current flows through either", async () => {
    const run = await withRobot({ at: [trouble(100, { kind: "swap", positions: [1, 3] })] });
    expect(run.summary.violations).toEqual([]);
    expect(run.alarms).toContain("changer.wrong-cell A2");
    expect(run.of("cell-isolated").map((event) => field(event, "position"))).toEqual(
      expect.arrayContaining(["A2", "A4"]),
    );
    expect(exposedAt(run)).not.toContain("A2 made");
    expect(exposedAt(run)).not.toContain("A4 made");
    expect(run.summary.requests.met).toBe(3);
  });

  it("are asked of a person when one falls: nothing moves until it was put back and is measured there", async () => {
    const run = await withRobot({ hours: 0.15, at: [trouble(312, { kind: "drop" }), person(440, ["A2"])] });
    expect(run.summary.violations).toEqual([]);
    expect(run.alarms).toContain("changer.place-unknown A2");
    const held = run.of("exposing-held")[0];
    expect(field(held, "what")).toContain("A2");
    const between = run.of("transfer-begun").filter(({ atMs }) => atMs > (held?.atMs ?? 0) && atMs < 440_000);
    expect(between).toEqual([]);
    expect(
      run.of("cell-place-settled").map((event) => `${field(event, "position")} ${field(event, "place")}`),
    ).toContain("A2 rack");
    expect(run.of("alarm-cleared").map((event) => field(event, "code"))).toContain("changer.place-unknown");
    expect(run.of("exposure-ended").filter(({ atMs }) => atMs > 440_000).length).toBeGreaterThan(2);
    expectAllBack(run);
  });

  it("are put back unexposed when two come along at once, and the one that fell is not driven in its empty place", async () => {
    const run = await withRobot({ at: [trouble(290, { kind: "double-pick" })] });
    expect(run.summary.violations).toEqual([]);
    expect(run.alarms).toContain("changer.no-code A1");
    expect(exposedAt(run)).not.toContain("A1 made");
    expect(run.of("cell-isolated").map((event) => field(event, "position"))).toEqual(["A2"]);
    expect(run.summary.requests.met).toBeGreaterThan(2);
  });

  it("are stopped on their way when the hutch opens, and looked for when a person lets it go on", async () => {
    const run = await withRobot({
      hours: 0.16,
      faults: [{ kind: "interlock", name: "doorClosed", fromMs: 323_000, toMs: 380_000 }],
      at: [
        [
          430,
          (virtual) => {
            virtual.run.actor.send({ type: "RE_ARM", author: "a person" });
          },
        ],
        person(440, ["A1", "A2"]),
      ],
    });
    expect(run.summary.violations).toEqual([]);
    expect(run.alarms).toContain("changer.place-unknown A2");
    expect(run.of("transfer-begun").filter(({ atMs }) => atMs > 323_000 && atMs < 440_000)).toEqual([]);
    expect(run.of("exposure-ended").filter(({ atMs }) => atMs > 440_000).length).toBeGreaterThan(1);
    expectAllBack(run);
  });

  it.each([
    ["a stop of all motion", { stopClass: "motion", author: "a person", reason: "somebody reaches in" }, 330],
    ["a hazard that stops the beam", { stopClass: "exposing", author: "input rack gas", reason: "gas" }, 330],
    // Before the last one would have been put back.
    ["exposing was held", { stopClass: "exposing", author: "a person", reason: "a visit" }, 318.5],
  ] as const)(
    "stay where they are after %s, also with a controller started again, until a person resumes",
    async (_, order, atS) => {
      const run = await withRobot({
        hours: 0.13,
        at: [
          [
            317,
            ({ run }) => {
              run.stops.order(order);
            },
          ],
          [
            400,
            ({ run }) => {
              run.actor.send({ type: "RESUME_EXPOSING", author: "a person" });
            },
          ],
        ],
        kills: [{ atS, downS: 20 }],
      });
      expect(run.summary.violations).toEqual([]);
      expect(run.of("transfer-begun").filter(({ atMs }) => atMs > 317_000 && atMs < 400_000)).toEqual([]);
      expect(run.of("exposure-ended").filter(({ atMs }) => atMs > 400_000).length).toBeGreaterThan(1);
      expectAllBack(run);
    },
  );

  it("stay where they are after the rack's sensors stopped it, also where a person asked to go on meanwhile was refused", async () => {
    const fill = (gasPpm: number) => (virtual: VirtualCampaign) => {
      Object.defineProperty(virtual.world.rackSensors, "gasPpm", { configurable: true, value: gasPpm });
    };
    const run = await withRobot({
      hours: 0.105,
      at: [
        // Two readings in a row, ten seconds apart.
        [303, fill(500)],
        [
          332,
          ({ run }) => {
            run.actor.send({ type: "RESUME_EXPOSING", author: "a person" });
          },
        ],
        [333, fill(0)],
      ],
    });
    expect(run.alarms).toContain("rack.stopped rack gas");
    expect(run.of("exposing-not-resumed")).toHaveLength(1);
    expect(run.summary.violations).toEqual([]);
    const [stopped] = run.of("stop-ordered");
    expect(run.of("transfer-begun").filter(({ atMs }) => atMs > (stopped?.atMs ?? NaN))).toEqual([]);
    expect(run.virtual.run.isDone()).toBe(true);
    expectLeftOutTold(run);
  });

  it("stay where they are to the end of the campaign where nobody resumes what a controller started again found held", async () => {
    const run = await withRobot({
      hours: 0.092,
      at: [
        [
          317,
          ({ run }) => {
            run.stops.order({ stopClass: "exposing", author: "a person", reason: "a visit" });
          },
        ],
      ],
      kills: [{ atS: 318.5, downS: 5 }],
    });
    expect(run.summary.violations).toEqual([]);
    expect(run.virtual.run.isDone()).toBe(true);
    expect(run.of("transfer-begun").filter(({ atMs }) => atMs > 317_000)).toEqual([]);
    expectLeftOutTold(run);
  });

  it.each([
    ["the next one is fetched", 314.5, { A1: "beam", A2: "gripper" }],
    ["one is exchanged for the next", 320, { A1: "tray", A2: "beam" }],
  ])(
    "are told where they lie at the end of a campaign whose time is over, the arm standing after a hazard, while %s",
    async (_, atS, where) => {
      const run = await withRobot({
        hours: (atS + 1) / 3600,
        at: [
          [
            atS,
            ({ run }) => {
              run.stops.order({ stopClass: "exposing", author: "input rack gas", reason: "gas" });
            },
          ],
        ],
      });
      expect(run.summary.violations).toEqual([]);
      expect(run.virtual.run.isDone()).toBe(true);
      const lies = (position: string) =>
        robotOf(run.virtual).placeOf(run.virtual.clock.monoMs(), positionIndex(parsed(position)))?.kind;
      expect({ A1: lies("A1"), A2: lies("A2") }).toEqual(where);
      // What is under way ends before the campaign does, and what is told is where it left them.
      expect(run.events.filter(({ type }) => /^(transfer|campaign)-/.test(type)).at(-1)?.type).toBe(
        "campaign-complete",
      );
      const told = run.of("alarm-raised").filter((event) => field(event, "code") === "changer.not-back");
      expect(told.map((event) => /holder|gripper/.exec(field(event, "what"))?.[0])).toEqual(
        atS < 316 ? ["holder", "gripper"] : ["holder"],
      );
      expectLeftOutTold(run);
    },
  );

  it("wait for a person to re-arm after the door was open, with one of them fetched; what was decided takes that one in", async () => {
    const run = await withRobot({
      hours: 0.13,
      faults: [{ kind: "interlock", name: "doorClosed", fromMs: 307_500, toMs: 330_000 }],
      at: [
        [
          100,
          (virtual) => {
            virtual.run.wishes.ask(
              [0, 1, 2, 3, 4].map((cellIndex) => ({
                ...{ key: `k${cellIndex}`, trigger: "grid", cellIndex, presetName: "pattern", owner: null, weight: 1 },
                ...{ reason: "a mark", earliestMs: 300_000, wantedMs: null, latestMs: 460_000 },
              })),
            );
          },
        ],
        [
          390,
          (virtual) => {
            virtual.run.actor.send({ type: "RE_ARM", author: "a person" });
          },
        ],
      ],
    });
    expect(run.summary.violations).toEqual([]);
    const between = run.events.filter(({ atMs }) => atMs > 307_500 && atMs < 390_000).map(({ type }) => type);
    for (const type of ["transfer-begun", "shutter-opened"]) expect(between).not.toContain(type);
    expect(run.of("shutter-opened").filter(({ atMs }) => atMs > 390_000).length).toBeGreaterThan(1);
    expect(run.of("beam-decided").some((event) => /"fetched":\d/.test(event.dataText))).toBe(true);
    expect(replayDecisions(run.events)).toEqual([]);
    expectAllBack(run);
  });

  it("end no run when exposing is called off just as one is released for the robot", async () => {
    let isAsked = false;
    const stop = ({ run }: VirtualCampaign): void => {
      const { findingOut = 0, away = 0 } = run.views.byState();
      if (isAsked || findingOut + away === 0) return;
      isAsked = true;
      run.actor.send({ type: "STOP_EXPOSING", author: "a person", reason: "a visit" });
    };
    const everyMoment = Array.from({ length: 300 }, (_, index): Acts[number] => [297 + index / 20, stop]);
    const run = await withRobot({ hours: 0.087, at: everyMoment });
    expect(isAsked).toBe(true);
    // In so short a run the robot does too little to be judged by.
    expect(run.summary.violations.filter(({ what }) => !what.includes("never checked"))).toEqual([]);
    expect(run.virtual.run.failure()).toBeNull();
    expect(exposedAt(run)).toEqual(["A1 aborted"]);
    expectAllBack(run);
  });

  it("begin their steps once it is on record that they were given back, so that a controller killed then leaves in doubt what flowed", async () => {
    const run = await withRobot({ hours: 0.13, kills: [{ atS: 379.2, downS: 20 }] });
    expect(run.summary.violations).toEqual([]);
    const ofA4 = (type: string) => run.of(type).filter((event) => field(event, "position") === "A4");
    expect(ofA4("cell-put-back")[0]?.atMs).toBeLessThan(379_200);
    const found = ofA4("cell-found")[0]?.dataText ?? "";
    const doubtAh = Number(/"doubt_Ah":([^,}]*)/.exec(found)?.[1]);
    const chargedA = 1.0225e-3;
    expect(doubtAh).toBeGreaterThan((chargedA * 20) / 3600);
    expect(doubtAh).toBeLessThan((chargedA * 23) / 3600);
  });

  it.each([
    ["between pick and place", 308],
    ["with one fetched and one exposed", 316],
    ["in an exchange", 322],
  ])("are found again by a controller that was killed %s", async (_, atS) => {
    const run = await withRobot({ kills: [{ atS, downS: 20 }] });
    expect(run.summary.violations).toEqual([]);
    expectAllBack(run);
    expect(run.of("cell-place-settled").length).toBeGreaterThan(0);
    expect(run.alarms.filter((alarm) => alarm.startsWith("changer."))).toEqual([]);
    expect(run.summary.requests.met).toBeGreaterThan(2);
    expect(run.virtual.run.isDone()).toBe(true);
  });
});
