import { describe, expect, it } from "vitest";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import type { LinkAilment } from "../../../simulator/links/link-ailment.ts";
import { createMemoryLink, type MemoryLink } from "../../../simulator/links/memory-link.ts";
import type { Felt } from "../../../simulator/plant/felt.ts";
import { createGateLine } from "../../../simulator/plant/gate-line.ts";
import { createBeamlineTrouble } from "../../../simulator/world/beamline-trouble.ts";
import { createFaultEffects } from "../../../simulator/world/fault-effects.ts";

describe("the effects of faults", () => {
  it("are counted by kind, once for each fault, and apart from those that only began", () => {
    const effects = createFaultEffects();
    const cut = { kind: "link-cut", link: "io", fromMs: 0 } as const;
    const other = { ...cut, fromMs: 1 };
    const short = { kind: "cell", positionIndex: 0, fromMs: 0, fault: { kind: "reversed" } } as const;
    for (const fault of [cut, other, short]) effects.begins(fault);
    effects.feltOf(cut)();
    effects.feltOf(cut)();
    effects.feltOf(short)();
    expect(effects.begun).toEqual({ "link-cut": 2, reversed: 1 });
    expect(effects.felt).toEqual({ "link-cut": 1, reversed: 1 });
  });
});

describe("a cable's fault takes effect", () => {
  type Way = (link: MemoryLink, felt: Felt) => void;
  const ailing =
    (ailment: LinkAilment): Way =>
    (link, felt) => {
      link.ail(ailment, felt);
    };
  const WAYS: readonly (readonly [string, Way])[] = [
    ...(["drops", "doubles", "repeats", "deaf", "mute"] as const).map((how) => [how, ailing({ how })] as const),
    ["late", ailing({ how: "late", lateMs: 5 })],
    [
      "hung",
      (link, felt) => {
        link.hang(true, felt);
      },
    ],
    [
      "garbled",
      (link, felt) => {
        link.garble(true, felt);
      },
    ],
  ];

  it.each(WAYS)("(%s) with what passes on it, and not before", async (_, begin) => {
    const clock = createVirtualClock(0, { drain: () => new Promise((done) => setImmediate(done)) });
    const link = createMemoryLink(clock, { name: "io", latencyMs: 1 });
    link.end.onData((chunk) => {
      link.end.send(Uint8Array.from(chunk));
    });
    const opening = link.openLink();
    await clock.run(10);
    const host = await opening;
    let count = 0;
    begin(link, () => {
      count += 1;
    });
    await clock.run(100);
    expect(count).toBe(0);
    for (let sent = 0; sent < 8; sent += 1) host.write(Uint8Array.of(65));
    await clock.run(200);
    expect(count).toBeGreaterThan(0);
  });

  it("(cut, unplugged) where it was open, and at every vain opening", async () => {
    const clock = createVirtualClock(0, { drain: () => new Promise((done) => setImmediate(done)) });
    const link = createMemoryLink(clock, { name: "io", latencyMs: 1 });
    const told: string[] = [];
    link.cut("nobody had opened it", () => told.push("cut too early"));
    link.plug(false, () => told.push("unplugged"));
    expect(told).toEqual([]);
    const vain = link.openLink().catch(() => told.push("in vain"));
    await clock.run(10);
    await vain;
    expect(told).toEqual(["unplugged", "in vain"]);
    link.plug(true);
    const opening = link.openLink();
    await clock.run(20);
    await opening;
    link.cut("the cable was pulled", () => told.push("cut"));
    expect(told.at(-1)).toBe("cut");
  });
});

describe("a fault of the beamline takes effect", () => {
  it("where a feed says something else than the truth", () => {
    const trouble = createBeamlineTrouble();
    let count = 0;
    trouble.setReading("flux", { how: "sticks" }, () => {
      count += 1;
    });
    expect([trouble.said("ring-current", 5), trouble.said("flux", 7)]).toEqual([5, 7]);
    expect(count).toBe(0);
    expect(trouble.said("flux", 8)).toBe(7);
    expect(count).toBe(1);
  });

  it("where a gate is held, withheld or repeated, and not while there is none", () => {
    const clock = createVirtualClock(0, { drain: () => Promise.resolve() });
    for (const how of ["holds", "withheld", "repeats"] as const) {
      const gate = createGateLine(clock);
      let count = 0;
      gate.setTrouble(0, how === "repeats" ? { how, afterMs: 100 } : { how }, () => {
        count += 1;
      });
      expect(count).toBe(0);
      gate.drive(0, true);
      gate.drive(5, false);
      expect(count).toBe(1);
    }
  });
});
