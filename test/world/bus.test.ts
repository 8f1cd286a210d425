import { afterAll, describe, expect, it } from "vitest";
import { BENCH_RACK, createBusBench } from "../support/bus-bench.ts";
import { envelope } from "../support/bus-orders.ts";
import { fuzzBus } from "../support/fuzz-bus-run.ts";
import { campaign, expectSound, field, removeFolders, runWorld, site, SIX } from "../support/world-campaign.ts";
import { LAST_LINES } from "../../controller/bus/bus-fold.ts";
import type { BusCommand } from "../../protocols/bus/commands.ts";
import { groupTopicName } from "../../protocols/bus/topics.ts";
import { hearingOf } from "../../tui/bus/run-bus.ts";
import type { VirtualCampaign } from "../../tui/virtual/virtual-campaign.ts";

afterAll(removeFolders);

type Act = readonly [number, (virtual: VirtualCampaign) => void];

/** The bus is shown the run at its first second, and has a second of the day for each thirty of the campaign. */
function seen(bench: ReturnType<typeof createBusBench>, untilS: number): readonly Act[] {
  const begin: Act = [0.001, bench.show];
  const looks = Array.from({ length: Math.floor(untilS / 30) }, (_, index): Act => [
    30 * (index + 1),
    () => {
      bench.advance(1000);
    },
  ]);
  return [begin, ...looks];
}

describe("a campaign seen over the bus", () => {
  it("goes as it goes unseen, and all that is said of it can be read", async () => {
    const bench = createBusBench(SIX, site);
    const run = await runWorld({
      hours: 0.25,
      campaign: SIX,
      hearing: (store) => bench.bus.hearing(store),
      at: seen(bench, 890),
    });
    expectSound(run);
    expect(bench.unread).toEqual([]);
    expect((await runWorld({ hours: 0.25, campaign: SIX, at: [] })).summary.log.digest).toBe(run.summary.log.digest);

    const told = bench.last("campaign");
    expect(told).toMatchObject({ state: "running", world: "virtual", cells: { total: SIX.cells.length } });
    expect(told?.exposures.made).toBe(run.summary.exposures.made);
    const made = run.of("exposure-ended").filter((event) => field(event, "position") === "A1").length;
    expect(made).toBeGreaterThan(0);
    expect(bench.last("cell", "A1")).toMatchObject({ position: "A1", state: "cycling", dose: { exposures: made } });
    const dose = bench.last("dose", "A1");
    expect(dose?.spots.reduce((sum, spot) => sum + spot.exposures, 0)).toBe(made);
    expect(dose?.spots.every(({ booked }) => booked === 0)).toBe(true);
    expect(dose?.limit_fraction).toBeGreaterThan(0);
    expect(bench.last("trace", "A1")?.time_s.length).toBeGreaterThan(10);
    expect(bench.last("beam")).toMatchObject({ is_up: true, shutter: "closed", permit: "watching" });
    expect(bench.last("instrument", "stage")).toMatchObject({ state: "ready", losses: 0 });
    expect(bench.last("exposure")?.last[0]?.outcome).toBe("made");
    expect(bench.countOf("exposed")).toBe(run.of("exposure-ended").length);
    expect(bench.last("recent")?.lines.at(-1)?.seq).toBeGreaterThan(100);
    expect(bench.last("heartbeat")?.beat).toBeGreaterThan(25);
  });
});

describe("orders over the bus", () => {
  it("hold and resume exposing and one cell, ask for an exposure, stop all; each is on record with its author", async () => {
    const bench = createBusBench(campaign, site);
    const said: string[] = [];
    const order = (
      author: string,
      ...command: Parameters<typeof bench.order> extends [string, ...infer Rest] ? Rest : never
    ) => {
      const reply = bench.order(author, ...command);
      said.push(`${command[0].command} ${reply?.outcome ?? "unanswered"}`);
      bench.advance(500);
    };
    const states: (string | undefined)[] = [];
    const look = (): void => {
      bench.advance(1000);
      states.push(`${bench.last("campaign")?.state ?? "?"} A1 ${bench.last("cell", "A1")?.state ?? "?"}`);
    };
    const run = await runWorld({
      hours: 0.25,
      hearing: (store) => bench.bus.hearing(store),
      at: [
        [0.001, bench.show],
        [
          100,
          () => {
            order("anna", { command: "hold", args: {} });
          },
        ],
        [
          101,
          () => {
            order("anna", { command: "take-control", args: {} });
          },
        ],
        [
          102,
          () => {
            order("anna", { command: "hold", args: {} });
          },
        ],
        [
          103,
          () => {
            order("anna", { command: "hold", args: { position: "A1" } });
          },
        ],
        [120, look],
        [
          121,
          () => {
            order("boris", { command: "resume", args: {} });
          },
        ],
        [
          122,
          () => {
            order("anna", { command: "resume", args: {} });
          },
        ],
        [
          123,
          () => {
            order("anna", { command: "resume", args: { position: "A1" } });
          },
        ],
        [
          124,
          () => {
            order("anna", { command: "expose", args: { position: "A1", within_s: 300 } });
          },
        ],
        [
          125,
          () => {
            order("boris", { command: "note", args: { position: "A1", text: "crimp looks uneven" } });
          },
        ],
        [140, look],
        [
          800,
          () => {
            order("boris", { command: "stop", args: { class: "emergency" } }, "");
          },
        ],
        [840, look],
      ],
    });
    expect(bench.unread).toEqual([]);
    expect(said).toEqual([
      "hold refused",
      "take-control done",
      "hold done",
      "hold done",
      "resume refused",
      "resume done",
      "resume done",
      "expose done",
      "note done",
      // Once every device has confirmed it.
      "stop unanswered",
    ]);
    expect(bench.last("reply", "boris")).toMatchObject({ outcome: "done", refusal: null, not_confirmed: [] });
    expect(bench.last("reply", "boris")?.what).toMatch(/^12 of 12 devices confirmed within \d+ ms, slowest /);
    expect(states).toEqual(["held A1 held", "running A1 cycling", "held A1 stopped"]);
    expect(bench.last("cell", "A1")?.notes).toMatchObject([{ by: "boris", text: "crimp looks uneven" }]);
    expect(run.of("cell-noted").map((event) => field(event, "author"))).toEqual(["boris"]);
    expect(run.summary.violations).toEqual([]);
    expect(run.of("command-given").map((event) => `${field(event, "author")} ${field(event, "command")}`)).toEqual([
      "anna take-control",
      "anna hold",
      "anna hold A1",
      "anna resume",
      "anna resume A1",
      "anna expose A1 300",
      "boris note A1 crimp looks uneven",
      "boris stop emergency",
    ]);
    expect(run.of("command-refused").map((event) => field(event, "refusal"))).toEqual([
      "not-in-control",
      "not-in-control",
    ]);
    expect(run.of("exposure-wanted").map((event) => field(event, "reason"))).toEqual(["anna asks for it: a test"]);
    expect(run.of("request-answered").length + run.of("exposure-wanted").length).toBeGreaterThan(0);
    expect(run.of("cell-stopped")).toHaveLength(campaign.cells.length);
  });
});

describe("alarms over the bus", () => {
  it("are as they were before a restart, in order of cause, each group's for itself; programs beside the run add their own", async () => {
    const bench = createBusBench(campaign, site);
    const silent = { code: "channel.silent", what: "no sample for 10 s", advice: "Look at the cable." };
    const raise: Act = [
      0.0005,
      ({ run }) => {
        for (const cell of campaign.cells.slice(0, 3)) run.alarms.raise({ ...silent, where: cell.position });
        run.alarms.raise({ ...silent, code: "interlock.tripped", where: "crane" });
      },
    ];
    // On record from before the restart.
    bench.bus.recall({ seq: 1, atMs: -5000, type: "alarm-acknowledged", data: { alarm: 1, author: "anna" } });
    bench.bus.recall({ seq: 2, atMs: -5000, type: "alarm-shelved", data: { alarm: 2, for_s: 3600, author: "boris" } });
    const said: (string | undefined)[] = [];
    const trouble = (what: string | null): void => {
      const reply = bench.order("clara", { command: "trouble", args: { of: "notify-mail", what } });
      bench.advance(1000);
      const codes = bench.last("alarm")?.open.map(({ code, where }) => `${code} ${where}`);
      said.push(
        reply?.outcome,
        codes?.find((code) => code.startsWith("notify.")),
      );
    };
    const run = await runWorld({
      hours: 0.03,
      hearing: (store) => bench.bus.hearing(store),
      at: [
        raise,
        [0.001, bench.show],
        [
          60,
          () => {
            bench.advance(2000);
            const seen = bench.last("alarm");
            expect(seen?.open.map(({ id, acknowledged, shelved }) => [id, acknowledged?.by, shelved?.by])).toEqual([
              [4, undefined, undefined],
              [3, undefined, undefined],
              [2, undefined, "boris"],
              [1, "anna", undefined],
            ]);
            expect(seen?.equal?.map(({ text, alarms }) => `${text} ${alarms.join(" ")}`)).toEqual([
              "3 cells: no sample for 10 s 1 2 3",
            ]);
            expect(bench.last("campaign")?.alarms).toMatchObject({ open: 4, unacknowledged: 3 });
            const groups = [...new Set(campaign.cells.map(({ group }) => group))];
            const ofGroups = groups.map((group) => bench.last("group-alarm", groupTopicName(group))?.open ?? []);
            for (const [index, open] of ofGroups.entries()) {
              expect(open.every(({ group }) => group === null || group === groups[index])).toBe(true);
              expect(open.map(({ where }) => where)).toContain("crane");
            }
            expect(ofGroups.flat().filter(({ code }) => code === silent.code)).toHaveLength(3);
            // An agent needs a trigger of its own in the campaign, which has none here.
            const asked = bench.order("planner", { command: "expose", args: { position: "A1" } });
            expect(asked).toMatchObject({ refusal: "not-now", what: "the campaign lets no agent ask" });
            trouble("no connection");
            trouble(null);
          },
        ],
      ],
    });
    expect(run.summary.violations).toEqual([]);
    expect(bench.unread).toEqual([]);
    expect(said).toEqual(["done", "notify.failed notify-mail", "done", undefined]);
  });
});

it("a controller that was killed is gone on the bus; the one after it is shown with all that is on record, and obeyed", async () => {
  const bench = createBusBench(SIX, site);
  const seen: unknown[] = [];
  const order = (command: BusCommand): string => bench.order("anna", command)?.outcome ?? "unanswered";
  const hold: BusCommand = { command: "hold", args: { position: "A1" } };
  const run = await runWorld({
    ...{ hours: 0.25, campaign: SIX, hearing: hearingOf(bench), kills: [{ atS: 300, downS: 60 }] },
    at: [
      [0.001, bench.show],
      [
        250,
        () => {
          bench.advance(1000);
          seen.push(order({ command: "take-control", args: {} }), bench.last("controller")?.state);
        },
      ],
      [
        330,
        () => {
          const beats = bench.countOf("heartbeat");
          bench.advance(5000);
          seen.push(order(hold), bench.last("controller")?.state, bench.countOf("heartbeat") - beats);
        },
      ],
      [360.001, bench.show],
      [
        400,
        () => {
          bench.advance(1000);
          const { state, instance } = bench.last("controller") ?? {};
          seen.push(state, instance === "1", bench.last("control")?.holder?.author ?? "nobody");
          seen.push(order({ command: "take-control", args: {} }), order({ command: "hold", args: {} }));
        },
      ],
      [
        420,
        () => {
          seen.push(order(hold));
        },
      ],
      [
        890,
        () => {
          bench.advance(1000);
        },
      ],
    ],
  });
  expect(seen).toEqual([
    ...["done", "present"],
    ...["unanswered", "gone", 0],
    ...["present", false, "nobody", "done", "done", "done"],
  ]);
  expect(run.summary.violations).toEqual([]);
  expect(bench.unread).toEqual([]);
  expect(bench.last("cell", "A1")?.state).toBe("held");
  expect(run.of("cell-held").map((event) => field(event, "author"))).toEqual(["anna"]);
  // What died with the controller is not told of, and what is on record is once.
  const { events } = run;
  expect(bench.last("heartbeat")?.log_seq).toBe(events.findLast(({ atMs }) => atMs <= 890_000)?.seq);
  expect(bench.last("recent")?.lines.map(({ seq, type }) => `${seq} ${type}`)).toEqual(
    events
      .filter(({ atMs }) => atMs <= 890_000)
      .slice(-LAST_LINES)
      .map(({ seq, type }) => `${seq} ${type}`),
  );
  for (const { position } of SIX.cells) {
    const settled = run.of("exposure-settled").filter((event) => field(event, "position") === position);
    const spots = bench.last("dose", position)?.spots ?? [];
    expect(spots.reduce((sum, { exposures }) => sum + exposures, 0)).toBe(settled.length);
  }
});

it("an order is held against the state as it is, and not as it was told last", async () => {
  const bench = createBusBench(campaign, site);
  const refusals: (string | null | undefined)[] = [];
  const skip = (version: number): void => {
    const more = { args: { position: "A1" }, precondition: { topic: "cell/A1", version } };
    const sent = envelope("anna", "skip-step", more, bench.dayMs());
    bench.take(`beamrack/${BENCH_RACK}/command/anna`, Buffer.from(JSON.stringify(sent)));
    refusals.push(bench.last("reply", "anna")?.refusal);
  };
  let version = 0;
  const run = await runWorld({
    hours: 0.1,
    hearing: (store) => bench.bus.hearing(store),
    at: [
      [0.001, bench.show],
      [
        100,
        () => {
          bench.advance(1000);
          version = bench.last("cell", "A1")?.version ?? 0;
          bench.order("anna", { command: "take-control", args: {} });
          bench.order("anna", { command: "hold", args: { position: "A1" } });
        },
      ],
      // Held by now, of which nobody was told.
      [
        110,
        () => {
          skip(version);
        },
      ],
    ],
  });
  expect(run.summary.violations).toEqual([]);
  expect(refusals[0]).toBe("precondition");
});

it("an emergency stop that comes while the instruments are still asked who they are is carried out once they have answered", async () => {
  const bench = createBusBench(campaign, site);
  const replies: (string | undefined)[] = [];
  const run = await runWorld({
    hours: 0.1,
    hearing: (store) => bench.bus.hearing(store),
    at: [
      [0.001, bench.show],
      [
        0.002,
        () => {
          bench.advance(500);
          replies.push(bench.last("campaign")?.state);
          replies.push(bench.order("boris", { command: "stop", args: { class: "motion" } })?.refusal ?? "none");
          bench.order("boris", { command: "stop", args: { class: "emergency" } }, "");
        },
      ],
      // Who is not connected yet cannot confirm: the answer does not wait for that.
      [
        2.5,
        () => {
          bench.advance(2000);
          replies.push(bench.last("reply", "boris")?.what);
        },
      ],
      [
        300,
        () => {
          bench.advance(1000);
        },
      ],
    ],
  });
  expect(replies.slice(0, 2)).toEqual(["connecting", "not-in-control"]);
  expect(replies[2]).toMatch(/^NOT CONFIRMED(?: yet)?: stage: .*devices confirmed/);
  expect(run.summary.violations).toEqual([]);
  expect(bench.last("cell", "A1")?.state).toBe("stopped");
  expect(run.of("exposure-booked")).toEqual([]);
});

it("what nobody should send changes nothing, and is counted: wrong types, sizes, authors, topics, replays", async () => {
  const outcome = await fuzzBus(100, 7);
  expect(outcome.sent).toBeGreaterThan(2000);
  expect(outcome).toMatchObject({ refused: outcome.sentAsCommands, obeyed: 1, holder: "anna", unread: [] });
  // Anna took control.
  expect(outcome.newEvents).toEqual({ "command-given": 1, "control-changed": 1 });
});
