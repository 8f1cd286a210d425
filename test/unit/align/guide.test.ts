import { describe, expect, it } from "vitest";
import type { RackFound } from "../../../controller/align/align-rack.ts";
import { parsePositionRange } from "../../../protocols/input/position-range.ts";
import { createGuideSession, type GuideSession } from "../../../tui/align/guided/guide-session.ts";
import { PLAIN_LOOK } from "../../../tui/terminal/text/palette.ts";

const RANGE = parsePositionRange("A1..A4");
const CELLS = RANGE.kind === "refused" ? [] : RANGE.positions;
const [A1, A2] = CELLS;
const MISSED = { position: A2, why: "no-edge", what: "no edge is seen" } as never;
const FOUND = { position: A1, offset: { xMm: 0.3, yMm: 0.4 }, sigmaMm: 0.002 } as never;
const RACK = {
  fit: {
    placement: { shiftXMm: 0.5, shiftYMm: -1, rotationDeg: 0.1, cells: new Map() },
    rotationSigmaDeg: 0.001,
    residualsMm: [{ name: "F1", mm: 0.004 }],
  },
  marks: [{}],
  beam: { xMm: 0.5, yMm: 0.4, xSigmaMm: 0.002, ySigmaMm: 0.002 },
} as unknown as RackFound;

function guide(size = { columns: 80, rows: 24 }) {
  let stops = 0;
  const session = createGuideSession({
    ...{ site: "diode-behind-rack", look: PLAIN_LOOK, size },
    stop() {
      stops += 1;
    },
  });
  const press = (...names: readonly string[]): void => {
    for (const name of names) session.heard({ kind: "keys", names: [name] });
  };
  return { session, press, stops: () => stops, seen: () => session.lines().join("\n") };
}

async function begun(): Promise<
  ReturnType<typeof guide> & { readonly chosen: Awaited<ReturnType<GuideSession["begin"]>> }
> {
  const made = guide();
  const choosing = made.session.begin(["Homes the stage."], CELLS);
  made.press("right", " ", "enter");
  return { ...made, chosen: await choosing };
}

describe("a guided alignment", () => {
  it("fits the screen that it is on, and says what will be done before anything is", () => {
    for (const size of [
      { columns: 80, rows: 24 },
      { columns: 200, rows: 60 },
    ]) {
      const { session, seen } = guide(size);
      void session.begin(["Homes the stage, and exposes a few points."], CELLS);
      expect(session.lines()).toHaveLength(size.rows - 1);
      for (const line of session.lines()) expect(Array.from(line).length).toBeLessThan(size.columns);
      expect(seen()).toMatch(/exposes a few points[\s\S]*\[·\] {3}· {3}· {3}·[\s\S]*enter begin/);
    }
  });

  it("measures the cells that were left in, and none where the person leaves", async () => {
    expect((await begun()).chosen).toEqual([CELLS[0], CELLS[2], CELLS[3]]);
    const { session, press } = guide();
    const choosing = session.begin([], CELLS);
    press("q");
    await expect(choosing).rejects.toMatchObject({ code: "device.unconfirmed" });
  });

  it("shows the rack with how far each opening lies off, and goes on, or measures it again", async () => {
    const { session, press, seen } = await begun();
    const first = session.rackFound(RACK);
    expect(seen()).toMatch(/A1 off by x 0.500, y -1.000 mm[\s\S]*Off the fit: F1 4 um/);
    press("r");
    expect(await first).toBe("again");
    const second = session.rackFound(RACK);
    press("enter");
    expect(await second).toBe("go-on");
    const third = session.rackFound(RACK);
    press("q");
    await expect(third).rejects.toMatchObject({ code: "device.interrupted" });
  });

  it("shows each cell as it is found, and tries those again that were missed", async () => {
    const { session, press, seen } = await begun();
    if (A1 === undefined || A2 === undefined) throw new Error("no cells");
    session.cellBegun(A1);
    expect(seen()).toMatch(/A {4}>/);
    session.cellEnded(A1, FOUND);
    session.cellEnded(A2, MISSED);
    expect(seen()).toMatch(/A {3}50 {3}!/);
    const kept = session.cellsEnded([MISSED]);
    expect(seen()).toContain("Cells: 1 found, 1 not. A2: no edge is seen");
    press("r");
    expect(await kept).toEqual([A2]);
    const now = session.cellsEnded([]);
    press("r", "enter");
    expect(await now).toEqual([]);
  });

  it("waits for no answer of a terminal that is gone: neither what is asked nor what would be is", async () => {
    const { session } = await begun();
    const asked = session.rackFound(RACK);
    session.interrupted("SIGHUP");
    await expect(asked).rejects.toMatchObject({ code: "device.interrupted" });
    await expect(session.cellsEnded([])).rejects.toThrow(/SIGHUP/);
  });

  it("is ended while it measures by q and then y alone, and by no paste", async () => {
    const { session, press, stops } = await begun();
    press("q", "n", "y", "q", "q", "y");
    session.heard({ kind: "pasted", text: "qyqyqy" });
    session.heard({ kind: "keys", names: ["q", "y"] });
    expect(stops()).toBe(0);
    press("y");
    expect(stops()).toBe(1);
  });
});
