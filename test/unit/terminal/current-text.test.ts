import { expect, it } from "vitest";
import type { BusCell } from "../../../protocols/bus/cell-views.ts";
import type { BusHeartbeat } from "../../../protocols/bus/controller-views.ts";
import { emptyRack } from "../../../tui/terminal/model/rack-view.ts";
import { currentText, voltageText } from "../../../tui/terminal/screens/rack-screen.ts";

it.each([
  ["cycling", -0.000409, "-0.409 mA"],
  ["stopped", -0.000409, "off; last -0.409 mA"],
  ["held", 0.000409, "off; last 0.409 mA"],
  ["isolated", 0.000409, "last 0.409 mA"],
  ["awaitingReturn", 0.000409, "last 0.409 mA"],
  ["stopped", null, "-"],
])("the current of a cell that is %s, last read at %s A, is told as %s", (state, currentA, told) => {
  expect(currentText({ state, current_A: currentA } as BusCell)).toBe(told);
});

it.each([
  ["cycling", 60, 1, "3.219 V"],
  ["held", 4, 1, "3.219 V"],
  ["held", 60, 1, "last 3.219 V"],
  ["held", 60, 600, "3.219 V"],
  ["awaitingReturn", 60, 1, "last 3.219 V"],
  ["isolated", 3600, 1, "last 3.219 V"],
])("the voltage of a cell that is %s, read %i s ago at %i times the pace, is told as %s", (state, agoS, pace, told) => {
  const nowMs = Date.UTC(2026, 2, 2, 3);
  const cell = { state, voltage_V: 3.219, sampled_at: new Date(nowMs - agoS * 1000).toISOString() } as BusCell;
  const rack = { ...emptyRack(nowMs), nowMs, heartbeat: { pace } as BusHeartbeat };
  expect(voltageText(cell, rack)).toBe(told);
});
