import { expect, it } from "vitest";
import { chooseFaults } from "../../../tui/virtual/choose-faults.ts";
import type { VirtualRig } from "../../../tui/virtual/virtual-rig.ts";

const rig = {
  roles: {},
  faultTargets: { positions: [0], links: new Map(), positionOfLink: new Map() },
} as unknown as VirtualRig;

function contextOf(entries: readonly object[], lines: string[] = []) {
  return {
    readText: () => JSON.stringify(entries),
    printError: (line: string) => {
      lines.push(line);
    },
  };
}

/** What is said on the way when these faults are chosen for a run of two hours. */
function said(...entries: readonly object[]): readonly string[] {
  const lines: string[] = [];
  const context = contextOf(entries, lines);
  expect(chooseFaults(context, "faults.json")(rig, 2, 1)).toHaveLength(entries.length);
  return lines;
}

it("a fault that begins after the end of the run is named, and no other", () => {
  expect(said({ kind: "open-circuit", position: "A1", at_s: 7199 })).toEqual([]);
  const lines = said({ kind: "leaking", position: "A1" }, { kind: "open-circuit", position: "A1", at_s: 7200 });
  expect(lines).toEqual([
    "note faults.json [1] begins 7200 s after the start, and the run is over then: it does nothing",
  ]);
});

it("a fault of a cell that the campaign does not have is refused", () => {
  expect(() => said({ kind: "open-circuit", position: "H12" })).toThrow("no cell is at H12");
});

it("cells are swapped only where there are cells, and a robot", () => {
  expect(() => said({ kind: "cells-swapped", one: "A1", other: "B1", from_s: 1 })).toThrow(
    "no cell at A1 can be swapped",
  );
});

it("where boxes say when cells come, no fault does", () => {
  const seeds = Array.from({ length: 20 }, (_, seed) => seed);
  const heavy = (hasBoxes: boolean) =>
    seeds.flatMap((seed) => chooseFaults(contextOf([]), "heavy", hasBoxes)(rig, 2, seed));
  const kinds = heavy(false).map(({ kind }) => kind);
  expect(kinds).toContain("cell-comes");
  expect(heavy(true).map(({ kind }) => kind)).toEqual(kinds.filter((kind) => kind !== "cell-comes"));
  const file = contextOf([{ kind: "cell-comes", position: "A1", at_s: 60 }]);
  expect(chooseFaults(file, "faults.json")(rig, 2, 1)).toHaveLength(1);
  expect(() => chooseFaults(file, "faults.json", true)).toThrow(
    "a cell-comes at A1: the campaign's simulated boxes say when",
  );
});
