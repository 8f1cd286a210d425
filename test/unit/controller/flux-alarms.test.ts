import { expect, it } from "vitest";
import { Fault } from "../../../protocols/base/fault.ts";
import { createFluxAlarms } from "../../../controller/run/flux-alarms.ts";

const REFERENCE = {
  ...{ fluxPhS: 1e11, ringCurrentMa: 200, highestPhS: 1.1e11 },
  uncertainty: { monitor: 0.05, ringCurrent: 0.1 },
};

function bench(uncertainty = 0.05) {
  const told: string[] = [];
  const alarms = createFluxAlarms(
    {
      raise: ({ code, where, what }) => void told.push(`${code}: ${where === "beam" ? what : where}`),
      clearAll: (_, codes) => void told.push(`cleared ${codes.join(" ")}`),
    },
    { ...REFERENCE, uncertainty: { monitor: uncertainty, ringCurrent: 0.1 } },
  );
  /** So many exposures at that share of the site's flux for each mA, while the current falls. */
  const expose = (count: number, share: number): void => {
    for (let at = 0; at < count; at += 1) alarms.compared(share * 1e11 * ((200 - at) / 200), 200 - at);
  };
  return { alarms, told, expose };
}

it("a flux that has gone further from the ring current's word than its uncertainty is told once, and again when it is back", () => {
  const { told, expose } = bench();
  expose(20, 0.96);
  expect(told).toEqual([]);
  expose(20, 0.93);
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(
    /^calibration.flux-drift: over the last 8 exposures .* was 9[34]\.\d % of the site's, which is good to 5.0 %/,
  );
  expose(20, 0.999);
  expect(told.slice(1)).toEqual(["cleared calibration.flux-drift"]);
  expose(20, 1.07);
  expect(told).toHaveLength(3);
});

it("one reading that is far off is no drift, nor is one without a ring current", () => {
  const { told, expose } = bench();
  expose(8, 1);
  expose(1, 0.7);
  expose(8, 1);
  expect(told).toEqual([]);
});

it("eight exposures are judged, no fewer, and by their own mean, not by what was not a number", () => {
  const { alarms, told, expose } = bench();
  for (const [monitor, ring] of [
    [NaN, 200],
    [1e11, 0],
  ] as const)
    for (let at = 0; at < 9; at += 1) alarms.compared(monitor, ring);
  expose(7, 0.9);
  expect(told).toEqual([]);
  expose(1, 0.9);
  expect(told).toHaveLength(1);
});

it("what is off by no more than the uncertainty is none, and is over only well within it", () => {
  // Numbers that binary fractions hold exactly.
  const { told, expose } = bench(0.3125);
  const at = (share: number): void => {
    for (let times = 0; times < 8; times += 1) expose(1, share);
  };
  at(1.3125);
  expect(told).toEqual([]);
  at(1.5);
  expect(told).toHaveLength(1);
  at(1.25);
  expect(told).toHaveLength(1);
  at(1.2421875);
  expect(told).toHaveLength(2);
});

it("a source of the flux that contradicts the site is told at the beam, and is over when all are believed", () => {
  const { alarms, told } = bench();
  alarms.doubted(new Fault("dose.flux-doubtful", "cell B7", "the monitor reads twice the site's flux"));
  expect(told).toEqual(["dose.flux-doubtful: the monitor reads twice the site's flux"]);
  alarms.doubted(null);
  expect(told[1]).toBe("cleared dose.flux-doubtful");
});
