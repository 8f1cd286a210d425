import { expect, it } from "vitest";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { createCampaignClock } from "../../../tui/run/campaign-clock.ts";

function machineClock() {
  return createVirtualClock(0, { drain: () => Promise.resolve() });
}

it("counts a campaign's time from its own beginning", async () => {
  const machine = machineClock();
  await machine.run(5000);
  const clock = createCampaignClock(machine);
  const heard: number[] = [];
  clock.setTimeout(() => heard.push(clock.monoMs()), 100);
  const given = clock.setTimeout(() => heard.push(-1), 50);
  clock.clearTimeout(given);
  clock.clearTimeout(undefined);
  await machine.run(6000);
  expect(heard).toEqual([100]);
});

it("lets nothing more happen once the run is over, and keeps no timer of the machine's", async () => {
  const machine = machineClock();
  const clock = createCampaignClock(machine);
  const heard: string[] = [];
  clock.setTimeout(() => heard.push("set before the end"), 100);
  clock.end();
  clock.setTimeout(() => heard.push("set after it"), 100);
  await machine.run(1000);
  expect(heard).toEqual([]);
});
