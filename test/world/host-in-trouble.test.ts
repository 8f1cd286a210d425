import { afterAll, expect, it } from "vitest";
import { createVirtualClock } from "../../simulator/clock/virtual-clock.ts";
import { createMemoryLink } from "../../simulator/links/memory-link.ts";
import { createMortal } from "../../tui/virtual/mortal.ts";
import { expectSound, removeFolders, runWorld } from "../support/world-campaign.ts";

afterAll(removeFolders);

it("a process without a processor hears and does nothing until it has one again, then everything in order", async () => {
  const clock = createVirtualClock(0, { drain: () => new Promise((resolve) => setImmediate(resolve)) });
  const cable = createMemoryLink(clock, { name: "io", latencyMs: 1 });
  const mortal = createMortal(
    clock,
    {
      clock,
      openLinkOf: () => cable.openLink,
      httpPortOf: () => ({ name: "none", request: () => new Promise(() => undefined), abandon: () => undefined }),
      writeFile: () => Promise.resolve(),
    },
    () => 3_600_000,
  );
  expect(mortal.clock.wallMs()).toBe(3_600_000);
  const done: string[] = [];
  const opening = mortal.driverDeps.openLinkOf("io", undefined as never)();
  await clock.run(10);
  const link = await opening;
  link.onData((chunk) => done.push(`heard ${Buffer.from(chunk).toString()} at ${clock.monoMs()}`));
  mortal.clock.setTimeout(() => done.push(`timer at ${clock.monoMs()}`), 20);
  mortal.stall(1000);
  const bytes = Buffer.from("a");
  cable.end.send(bytes);
  await clock.run(50);
  bytes.write("b");
  cable.end.send(bytes);
  await clock.run(900);
  expect(done).toEqual([]);
  await clock.run(1100);
  expect(done).toHaveLength(3);
  expect(done.filter((what) => what.startsWith("heard"))).toEqual(["heard a at 1000", "heard b at 1000"]);
});

it("clock, disk, processor and people in trouble: the cells go on, each is seen to take effect, and the campaign ends", async () => {
  const run = await runWorld({
    hours: 0.125,
    faults: [
      { kind: "clock-step", fromMs: 100_000, byMs: -7_200_000 },
      { kind: "instrument-reboots", fromMs: 150_000, link: "channel A1" },
      { kind: "disk-sync-fails", fromMs: 302_000, toMs: 312_000 },
      { kind: "host-stalls", fromMs: 325_000, toMs: 328_000 },
      { kind: "permit-withdrawn", fromMs: 335_000, toMs: 350_000 },
      { kind: "orders-storm", fromMs: 380_000, toMs: 385_000 },
      { kind: "orders-contradict", fromMs: 390_000, toMs: 395_000 },
      { kind: "orders-stale", fromMs: 400_000, toMs: 405_000 },
    ],
  });
  expectSound(run);
  expect(run.virtual.world.effects.felt).toEqual(run.virtual.world.effects.begun);
  expect(run.alarms.filter((alarm) => alarm.startsWith("store.refused"))).toHaveLength(1);
  expect(run.alarms).toContain("interlock.tripped beamPermitted");
  expect(run.of("exposing-held").length).toBeGreaterThan(0);
});
