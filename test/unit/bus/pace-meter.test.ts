import { expect, it } from "vitest";
import { createPaceMeter } from "../../../controller/bus/pace-meter.ts";

function after(seconds: number, campaignSPerS: number, asked: number): number {
  const meter = createPaceMeter(() => asked);
  for (let second = 0; second <= seconds; second += 1) meter.note(1000 * second, 1000 * campaignSPerS * second);
  return meter.pace;
}

it("a campaign's clock that keeps up is said to run as fast as was asked for", () => {
  expect(after(60, 600, 600)).toBe(600);
  expect(after(60, 570, 600)).toBe(600);
  expect(after(60, 1, 1)).toBe(1);
});

it("a machine that cannot keep up says how fast it is, once it knows", () => {
  expect(after(2, 9, 600)).toBe(600);
  expect(after(60, 153.4, 600)).toBe(150);
  expect(after(60, 0, 600)).toBe(0);
});

it("what was more than ten seconds ago counts no longer", () => {
  const meter = createPaceMeter(() => 600);
  for (let second = 0; second <= 20; second += 1) meter.note(1000 * second, 9000 * second);
  expect(meter.pace).toBe(9);
  for (let second = 1; second <= 11; second += 1) meter.note(20_000 + 1000 * second, 180_000 + 600_000 * second);
  expect(meter.pace).toBe(600);
});
