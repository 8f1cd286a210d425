import { describe, expect, it } from "vitest";
import { createChance } from "../../../simulator/chance/chance.ts";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { createMemoryLink } from "../../../simulator/links/memory-link.ts";
import { EQUIPMENT_FAULT_SHAPES } from "../../../simulator/world/equipment-faults.ts";
import { needsPerson } from "../../../simulator/world/equipment-schedule.ts";
import { heavyFaults } from "../../../simulator/world/heavy-faults.ts";
import { parseWorldFaults, type WorldFault } from "../../../simulator/world/world-faults.ts";

const targets = {
  beamlineLinks: ["io", "stage", "detector", "broker"],
  channelLinks: ["channel-A1", "channel-A2"],
  hasGate: true,
};

function draw(seed: number, hours = 2): readonly WorldFault[] {
  return heavyFaults(createChance(seed).stream("heavy faults"), hours, targets);
}

const endOf = (fault: WorldFault): number => ("toMs" in fault ? (fault.toMs ?? Infinity) : fault.fromMs);

describe("heavy faults", () => {
  it("are the same for the same seed, others for another, and begin within the run", () => {
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw(1).every(({ fromMs }) => fromMs >= 45_000)).toBe(true);
    // People may come after its end.
    expect(draw(1).every((fault) => fault.kind === "person" || fault.fromMs < 2 * 3_600_000)).toBe(true);
  });

  it("bring every kind of trouble with equipment", () => {
    const drawn = new Set<string>(
      Array.from({ length: 20 }, (_, seed) => draw(seed)).flatMap((faults) => faults.map((f) => f.kind)),
    );
    // Inputs at the rack are told of by fault files: the reference site has none that could be drawn.
    const known = EQUIPMENT_FAULT_SHAPES.map(({ shape }) => shape.kind.value).filter((kind) => kind !== "safety-input");
    expect(
      [...known, "shutter-stuck", "beam-dump", "interlock", "stage-lost-steps", "link-hang", "link-cut"].filter(
        (kind) => !drawn.has(kind),
      ),
    ).toEqual([]);
  });

  it("let no two failures of shutter or hutch meet, and send a person after each", () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const faults = draw(seed);
      const failures = faults.filter(({ kind }) => needsPerson(kind));
      const people = faults.filter(({ kind }) => kind === "person").map(({ fromMs }) => fromMs);
      failures.forEach((fault, index) => {
        const comesMs = people[index] ?? NaN;
        expect(comesMs).toBeGreaterThan(endOf(fault));
        expect(comesMs).toBeLessThanOrEqual(failures[index + 1]?.fromMs ?? Infinity);
      });
    }
  });
});

describe("faults of equipment in a file", () => {
  it.each<readonly [object, WorldFault]>([
    [
      { kind: "shutter-slow", from_s: 1, to_s: 2 },
      { kind: "shutter-slow", travelMs: 500, fromMs: 1000, toMs: 2000 },
    ],
    [
      { kind: "shutter-switch", which: "open", reads: true, from_s: 1 },
      { kind: "shutter-switch", which: "open", reads: true, fromMs: 1000 },
    ],
    [
      { kind: "detector-late", from_s: 1, late_s: 3 },
      { kind: "detector-late", lateMs: 3000, fromMs: 1000 },
    ],
    [
      { kind: "feed-jumps", feed: "flux", factor: 0, from_s: 1 },
      { kind: "feed-jumps", feed: "flux", factor: 0, fromMs: 1000 },
    ],
    [
      { kind: "controller-kill", from_s: 1, to_s: 2 },
      { kind: "controller-kill", fromMs: 1000, toMs: 2000 },
    ],
    [
      { kind: "person", act: "re-arm", from_s: 1 },
      { kind: "person", act: "re-arm", fromMs: 1000 },
    ],
    [
      { kind: "link-garbled", link: "io", from_s: 1 },
      { kind: "link-garbled", link: "io", fromMs: 1000 },
    ],
  ])("%j is read", (entry, fault) => {
    expect(parseWorldFaults([entry], "faults.json")).toEqual([fault]);
  });

  it.each([
    [{ kind: "controller-kill", from_s: 2, to_s: 2 }, /\[0\]\.to_s: is 2, not after from_s, 2/],
    [{ kind: "feed-stops", feed: "vacuum", from_s: 0 }, /feed/],
    [{ kind: "beam-dim", share: 2, from_s: 0 }, /share/],
  ])("%j is refused", (entry, what) => {
    expect(() => parseWorldFaults([entry], "faults.json")).toThrow(what);
  });
});

it("a garbled cable brings one chunk in four with one bit wrong, and is whole again afterwards", async () => {
  const clock = createVirtualClock(0, { drain: () => Promise.resolve() });
  const link = createMemoryLink(clock, { name: "stage", latencyMs: 1 });
  const heard: string[] = [];
  const opening = link.openLink();
  await clock.run(10);
  (await opening).onData((chunk) => heard.push(Buffer.from(chunk).toString("latin1")));
  const say = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1) link.end.send(Buffer.from("ok\r\n", "latin1"));
    await clock.run(clock.monoMs() + 10);
  };
  link.garble(true);
  await say(8);
  expect(heard.filter((text) => text !== "ok\r\n")).toHaveLength(2);
  link.garble(false);
  await say(8);
  expect(heard.slice(8)).toEqual(Array.from({ length: 8 }, () => "ok\r\n"));
});
