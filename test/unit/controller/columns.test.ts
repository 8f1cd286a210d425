import { describe, expect, it } from "vitest";
import { createColumn, createTextColumn } from "../../../controller/dose/columns.ts";

describe("columns that only grow", () => {
  it("hold what was put into them, in order, however often they had to find more room", () => {
    const column = createColumn(Float64Array);
    const values = Array.from({ length: 1000 }, (_, index) => Math.sqrt(index) - 10);
    for (const value of values) column.push(value);
    expect(values.map((_, index) => column.at(index))).toEqual(values);
    expect(column.length).toBe(1000);
    expect(column.at(1000)).toBeNaN();
  });

  it("hold texts whatever their letters and length", () => {
    const column = createTextColumn();
    const texts = [
      "X-S0001-A1",
      "",
      "Mößbauer \u{1F9EA}",
      ...Array.from({ length: 50 }, (_, index) => `R${index}-H12`),
    ];
    for (const text of texts) column.push(text);
    expect(column.all()).toEqual(texts);
  });
});
