import { expect, it } from "vitest";
import { createFluxAlarms } from "../../../controller/run/flux-alarms.ts";

const REFERENCE = {
  ...{ fluxPhS: 1e11, ringCurrentMa: 200, highestPhS: 1.1e11 },
  uncertainty: { monitor: 0.05, ringCurrent: 0.1 },
};

function bench() {
  const told: string[] = [];
  const alarms = createFluxAlarms(
    {
      raise: ({ code, what }) => void told.push(`${code}: ${what}`),
      clearAll: (_, codes) => void told.push(`cleared ${codes.join(" ")}`),
    },
    REFERENCE,
  );
  /** So many exposures at that share of the site's flux for each mA, while the current falls. */
  const expose = (count: number, share: number): void => {
    for (let at = 0; at < count; at += 1) alarms.compared(share * 1e11 * ((200 - at) / 200), 200 - at);
  };
  return { told, expose };
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
