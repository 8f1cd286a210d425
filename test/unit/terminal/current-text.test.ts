import { expect, it } from "vitest";
import type { BusCell } from "../../../protocols/bus/cell-views.ts";
import { currentText } from "../../../tui/terminal/screens/rack-screen.ts";

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
