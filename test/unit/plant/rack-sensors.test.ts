import { describe, expect, it } from "vitest";
import { createRackSensors } from "../../../simulator/plant/rack-sensors.ts";

function rack() {
  return Array.from({ length: 96 }, () => ({ temperatureC: 25, gasMl: 0 }));
}

describe("sensors over the rack", () => {
  it("show the room and no gas while all cells are in order", () => {
    const sensors = createRackSensors({ cells: rack(), ambientC: 25 }, 0);
    sensors.advance(3_600_000);
    expect([sensors.temperatureC, sensors.gasPpm]).toEqual([25, 0]);
  });

  it("smell a cell that vents, and clear again as the air is renewed", () => {
    const cells = rack();
    const sensors = createRackSensors({ cells, ambientC: 25 }, 0);
    sensors.advance(60_000);
    const [leaking] = cells;
    if (leaking !== undefined) leaking.gasMl = 5;
    sensors.advance(70_000);
    sensors.advance(130_000);
    // 5 mL in 100 L are 50 ppm, of which a minute's air change has taken a tenth.
    expect(sensors.gasPpm).toBeGreaterThan(42);
    expect(sensors.gasPpm).toBeLessThan(50);
    sensors.advance(130_000 + 3_600_000);
    expect(sensors.gasPpm).toBeLessThan(0.5);
  });

  it("show the same whether they are looked at often or seldom, when a leak is steady", () => {
    const often = rack();
    const seldom = rack();
    const first = createRackSensors({ cells: often, ambientC: 25 }, 0);
    const second = createRackSensors({ cells: seldom, ambientC: 25 }, 0);
    for (let atS = 1; atS <= 3600; atS += 1) {
      const [leaking] = often;
      if (leaking !== undefined) leaking.gasMl = atS * 1e-3;
      first.advance(atS * 1000);
    }
    const [leaking] = seldom;
    if (leaking !== undefined) leaking.gasMl = 3.6;
    second.advance(3_600_000);
    expect(second.gasPpm / first.gasPpm).toBeCloseTo(1, 2);
    // 1e-3 mL/s against 100 L renewed every ten minutes: 6 ppm.
    expect(first.gasPpm).toBeCloseTo(6, 1);
  });

  it("are warmed by one hot cell among 96", () => {
    const cells = rack();
    const sensors = createRackSensors({ cells, ambientC: 25 }, 0);
    const [hot] = cells;
    if (hot !== undefined) hot.temperatureC = 75;
    sensors.advance(600_000);
    expect(sensors.temperatureC).toBeCloseTo(26, 6);
  });
});
