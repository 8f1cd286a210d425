import { describe, expect, it } from "vitest";
import { createAccess, type AccessDesk, type AccessDeskDeps } from "../../../controller/access/access-desk.ts";
import type { GivenBack } from "../../../controller/access/whose-access.ts";
import type { InputLevels } from "../../../protocols/roles/beam-io.ts";

/** One cell at A1, off as soon as it is told to; time passes as it is waited for. */
function bench(reads: {
  shutterClosed?: boolean;
  safetyClosed?: boolean;
  atRest?: () => boolean;
  cellIs?: string;
  /** What becomes of one that is put back; by default its channel does not answer. */
  backAs?: string;
  /** Volts at rest, look by look. */
  restV?: number[];
  left?: NonNullable<AccessDeskDeps["left"]>["access"];
  isToCome?: boolean;
  /** A2, whatever it is told. */
  otherIs?: string;
}) {
  const told: (readonly [string, object])[] = [];
  const moved: string[] = [];
  const ordered: string[] = [];
  const raised: string[] = [];
  /** As often as it is planned anew. */
  const mayHome: boolean[] = [];
  const given = new Map<number, number>();
  let nowMs = 0;
  let cell = reads.cellIs ?? "cycling";
  let aborted = 0;
  const levels = {
    shutterOpenSwitch: reads.shutterClosed === false,
    shutterClosedSwitch: reads.shutterClosed !== false,
    safetyShutterOpenSwitch: reads.safetyClosed !== true,
    safetyShutterClosedSwitch: reads.safetyClosed === true,
  } as InputLevels;
  const roles = {
    io: { name: "io", readInputs: () => Promise.resolve(levels) },
    stage: {
      ...{ name: "stage", driver: "grbl" },
      read: () => Promise.resolve({ xMm: 0, yMm: 0, atRest: reads.atRest?.() ?? true }),
      moveTo: () => Promise.resolve(moved.push("move")),
      home: () => Promise.resolve(moved.push("home")),
    },
    channels: [
      {
        measureOpenCircuitV: () => Promise.resolve(reads.restV?.shift() ?? 3.7),
        abort: () => Promise.resolve((aborted += 1)),
      },
      { measureOpenCircuitV: () => Promise.resolve(3.7), abort: () => Promise.resolve() },
    ],
  };
  const desk: AccessDesk = createAccess({
    ...{
      roles,
      proofMaxMs: () => 30_000,
      site: { rack: {} },
      ledger: () => ({ moved: (_: number, mm: number) => mm }),
    },
    left: reads.left === undefined ? undefined : { access: reads.left, aim: null },
    campaign: { startMs: 0, cells: ["A1", "A2"].map((position) => ({ position, barcode: `R-${position}` })) },
    clock: {
      ...{ wallMs: () => nowMs, monoMs: () => nowMs, clearTimeout: () => undefined },
      setTimeout(act: () => void, ms: number) {
        nowMs += ms;
        setImmediate(act);
      },
    },
    recorder: () => ({ record: (type: string, data: object) => told.push([type, data]) }),
    views: () => ({
      stateOf: (cellIndex: number) => (cellIndex === 0 ? cell : (reads.otherIs ?? "complete")),
      cell: () => ({ heldBy: null }),
      isToCome: () => reads.isToCome === true,
      fault: () => ({ code: "cell.unproven", where: "A1", what: "leads are exchanged", advice: "Look." }),
    }),
    alarms: () => ({
      raise: ({ code, what }: { code: string; what: string }) => raised.push(`${code} ${what}`),
      clear: (code: string) => raised.splice(0, raised.length, ...raised.filter((one) => !one.startsWith(code))),
      clearAll: () => raised.splice(0),
    }),
    actor: () => ({ getSnapshot: () => ({ status: "active", value: "running", matches: () => false }) }),
    send(event: { readonly type: string; readonly event?: { readonly type: string } }) {
      if (event.type === "HUTCH_CHANGED") mayHome.push(desk.guard({ mayHome: () => true }).mayHome());
      if (event.event !== undefined) ordered.push(event.event.type);
      if (event.event?.type === "TAKE_OUT" && ["cycling", "returning"].includes(cell)) cell = "away";
      else if (event.event?.type === "PUT_BACK" && cell === "away") cell = reads.backAs ?? "returning";
      else if (event.event?.type === "LEFT_OUT") cell = "stopped";
    },
    samples: () => ({
      releasedAt: (cellIndex: number, voltageV: number) => given.set(cellIndex, voltageV),
      totals: () => ({ chargedAh: 0.002, dischargedAh: 0, doubtAh: 0 }),
    }),
    commit: () => Promise.resolve(told.push(["commit", {}])),
    fail(error: unknown) {
      throw error;
    },
  } as unknown as AccessDeskDeps);
  const types = (): readonly string[] => told.flatMap(([type]) => (type === "commit" ? [] : [type]));
  async function until(isSo: () => boolean): Promise<void> {
    for (let turn = 0; turn < 2000 && !isSo(); turn += 1) await new Promise((go) => setImmediate(go));
  }
  async function begun(position = "A1"): Promise<void> {
    const before = types().length;
    desk.begin(position, { author: "anna", reason: "a contact" });
    await until(() =>
      types()
        .slice(before)
        .some((type) => /opened|refused/.test(type)),
    );
  }
  /** What became of giving it back. */
  async function ended(given?: GivenBack): Promise<unknown> {
    const before = told.length;
    desk.end("A1", { author: "anna", reason: "" }, given);
    await until(() => told.length > before);
    return told.at(-1);
  }
  return {
    desk,
    told,
    types,
    moved,
    ordered,
    given,
    begun,
    ended,
    until,
    raised,
    mayHome,
    abortedCount: () => aborted,
  };
}

describe("a person's access to a cell", () => {
  it("is opened where shutter and stage read at rest, and no order to move leaves from then on", async () => {
    const { desk, told, begun, moved, given } = bench({});
    await begun();
    expect([...given]).toEqual([[0, 3.7]]);
    expect(told.map(([type]) => type)).toEqual(["access-asked", "access-opened", "commit"]);
    expect([...desk.open.keys()]).toEqual(["A1"]);
    await expect(desk.roles.stage.moveTo({ xMm: 1, yMm: 1 })).rejects.toThrow(/anna has access to A1/);
    await expect(desk.roles.stage.home()).rejects.toThrow(/anna has access to A1/);
    expect(desk.guard({ mayHome: () => true }).mayHome()).toBe(false);
    expect(moved).toEqual([]);
  });

  it("is given back by whoever has it, and by another only with a reason", async () => {
    const { desk, begun } = bench({});
    await begun();
    expect(desk.refusal("end", "A1", { author: "anna", reason: "" })).toBe(null);
    expect(desk.refusal("end", "A1", { author: "bert", reason: " " })).toMatch(/anna has the access to A1/);
    expect(desk.refusal("end", "A1", { author: "bert", reason: "anna is out, and called" })).toBe(null);
  });

  it("stays open where the channel does not answer, and the cell off until it is given back again", async () => {
    const { desk, begun, ended, types, ordered } = bench({});
    await begun();
    await ended();
    expect([types()[2], ...desk.open.keys()]).toEqual(["access-refused", "A1"]);
    expect(ordered).toEqual(["TAKE_OUT", "PUT_BACK", "TAKE_OUT"]);
    expect(desk.refusal("end", "A1")).toBe(null);
  });

  it("is not given back by a cell whose code is another's, nor without one where two cells were out together", async () => {
    const { desk, begun, types, until } = bench({});
    await begun();
    expect(desk.refusal("end", "A1", undefined, { code: "R-A2" })).toMatch(/is R-A2, whose place is A2: R-A1 belongs/);
    expect(desk.refusal("end", "A1", undefined, { code: "X-9" })).toMatch(/is X-9, which no cell of the campaign has/);
    expect(desk.refusal("end", "A1", undefined, { code: "R-A1" })).toBe(null);
    expect(desk.refusal("end", "A1")).toBe(null);
    desk.begin("A2", { author: "bert", reason: "a look" });
    expect(desk.obstacle()?.reason).toBe("anna to give back the access to A1: a contact; no access yet to A2");
    await until(() => desk.open.size === 2);
    expect(desk.obstacle()?.reason).toBe("anna to give back the access to A1, A2: a contact");
    expect(desk.refusal("end", "A1")).toMatch(/A2 was out at the same time: say by --cell/);
    expect(desk.refusal("end", "A2")).toMatch(/A1 was out at the same time/);
    expect(desk.refusal("end", "A2", undefined, { code: "R-A2" })).toBe(null);
    expect(desk.refusal("end", "A1", undefined, { isLeftOut: true })).toBe(null);
    expect(types()).toHaveLength(4);
  });

  it("is opened to a place to which a cell is to come, whatever that reads; and closed only by the code of that cell", async () => {
    const { desk, begun, told, abortedCount } = bench({ cellIs: "away", isToCome: true, restV: [NaN] });
    await begun();
    expect(told.find(([type]) => type === "access-opened")?.[1]).toMatchObject({ is_off: true, open_circuit_V: null });
    expect(abortedCount()).toBe(1);
    expect(desk.refusal("end", "A1")).toMatch(/R-A1 is to come to A1: say by --cell/);
    expect(desk.refusal("end", "A1", undefined, { code: "X-9" })).toMatch(/Bring R-A1/);
    expect(desk.refusal("end", "A1", undefined, { code: "R-A1" })).toBe(null);
  });

  it("stays open, with an alarm, where what lies there is not proven; and is given back once it is", async () => {
    const reads = { backAs: "away" };
    const { desk, begun, ended, raised } = bench(reads);
    await begun();
    // What flowed in a proof that was broken off is on record.
    const totals = { charged_Ah: 0.002, discharged_Ah: 0, doubt_Ah: 0 };
    expect(await ended()).toEqual([
      "access-refused",
      { position: "A1", author: "anna", what: "leads are exchanged; the access stays open", is_open: true, totals },
    ]);
    expect(raised).toEqual(["cell.unproven leads are exchanged; the access stays open"]);
    reads.backAs = "choosing";
    expect(await ended({ code: "R-A1" })).toMatchObject(["access-closed", { cell_is: "choosing", code_read: "own" }]);
    expect([desk.open.size, raised.length]).toEqual([0, 0]);
  });

  it("is given back without the cell, and nothing more is done there", async () => {
    const { desk, begun, ended, ordered } = bench({});
    await begun();
    expect(await ended({ isLeftOut: true })).toMatchObject([
      "access-closed",
      { cell_is: "stopped", is_left_out: true },
    ]);
    expect([desk.open.size, ordered.at(-1)]).toEqual([0, "LEFT_OUT"]);
  });

  it("looks at the voltage of a cell whose part is over: what is exposed must be the cell that was there", async () => {
    const { begun, ended } = bench({ cellIs: "complete", restV: [3.7, 0.02, 3.68] });
    await begun();
    expect(await ended()).toMatchObject([
      "access-refused",
      { what: expect.stringMatching(/0\.0200 V where it had 3\.7000/) as string },
    ]);
    expect(await ended()).toMatchObject(["access-closed", { cell_is: "complete" }]);
    const left = { author: "anna", reason: "", isOpen: true, openCircuitV: null, company: [] };
    const unknown = bench({ cellIs: "complete", left: new Map([["A1", left]]) });
    expect(await unknown.ended()).toMatchObject(["access-refused", { is_open: true }]);
  });

  it("is refused while the shutter does not read closed, nor the safety shutter: what was commanded is no proof", async () => {
    const open = bench({ shutterClosed: false });
    await open.begun();
    expect(open.types()).toEqual(["access-asked", "access-refused"]);
    expect(open.told[1]?.[1]).toMatchObject({
      what: expect.stringMatching(/shutter reads open/) as string,
      is_open: false,
    });
    expect(open.desk.obstacle()).toBe(null);
    await open.desk.roles.stage.home();
    expect(open.moved).toEqual(["home"]);
    const shut = bench({ shutterClosed: false, safetyClosed: true });
    await shut.begun();
    expect(shut.types()).toEqual(["access-asked", "access-opened"]);
  });

  it("to the whole rack is nobody's before the last cell is off; one that is not is told, in alarm and status, until it is off too", async () => {
    const reads = { otherIs: "cycling", backAs: "choosing" };
    const { desk, raised, types, until } = bench(reads);
    const by = { author: "anna", reason: "the holder" };
    desk.rack.begin(by);
    await until(() => desk.open.has("A1"));
    expect(desk.obstacle()?.reason).toBe("A2 to be proven off, for anna, who has no access yet: the holder");
    await until(() => types().includes("access-refused"));
    const now = "NOT OFF: A2, do not lift the rack; anna to give back the access to A1: the holder";
    expect(desk.obstacle()?.reason).toBe(now);
    expect(raised).toEqual(["rack.not-off not proven off, and not given: A2"]);
    reads.otherIs = "complete";
    desk.rack.begin(by);
    await until(() => desk.open.size === 2);
    expect(raised).toEqual([]);
    expect(desk.obstacle()?.reason).toBe("anna to give back the access to A1, A2: the holder");
  });

  it("to the whole rack that is given back cell by cell says which are driven again, and that nobody lifts it, and not that they could not be proven off", async () => {
    const reads = { otherIs: "complete", backAs: "choosing" };
    const { desk, raised, until } = bench(reads);
    const by = { author: "anna", reason: "the holder" };
    desk.rack.begin(by);
    await until(() => desk.open.size === 2);
    desk.end("A2", by, { code: "cell-2" });
    await until(() => desk.open.size === 1);
    reads.otherIs = "cycling";
    expect(desk.obstacle()?.reason).toBe(
      "given back, and driven again: A2, do not lift the rack; anna to give back the access to A1: the holder",
    );
    expect(raised).toEqual([]);
    // It is asked for again, and is not off this time.
    desk.begin("A2", by);
    await until(() => raised.length > 0);
    expect(raised).toEqual(["rack.not-off not proven off, and not given: A2"]);
    expect(desk.obstacle()?.reason).toMatch(/^NOT OFF: A2, do not lift the rack; anna/);
  });

  it("that was given back as the controller was lost is over when it is back: nobody is told that a cell is off which is driven", () => {
    const whole = { author: "anna", reason: "the holder", isOpen: true, isWhole: true, openCircuitV: 3.7 } as const;
    const left = new Map([
      ["A1", { ...whole, company: ["A2"], isBack: "again" as const }],
      ["A2", { ...whole, company: ["A1"] }],
    ]);
    const { desk, told, raised } = bench({ left });
    expect([...desk.open.keys()]).toEqual(["A2"]);
    expect(desk.obstacle()?.reason).toMatch(
      /^given back, and driven again: A1, do not lift the rack; anna to give back the access to A2/,
    );
    desk.goOn();
    const closed = { position: "A1", author: "anna", reason: "the holder", spots_moved_within_mm: 0.5 };
    expect(told).toEqual([["access-closed", { ...closed, cell_is: "cycling", code_read: "unknown" }]]);
    expect(raised).toEqual([]);
    const first = bench({ left: new Map([["A1", { ...whole, company: [], isBack: "first" as const }]]) });
    first.desk.goOn();
    expect(first.told[0]?.[1]).not.toHaveProperty("spots_moved_within_mm");
  });

  it("that was refused lets the stage look for its reference at once", async () => {
    const { begun, mayHome } = bench({ shutterClosed: false });
    await begun();
    expect(mayHome).toEqual([true, true]);
  });

  it("waits for a stage that still moves, and is refused where it does not come to rest", async () => {
    let looks = 0;
    const coming = bench({ atRest: () => (looks += 1) > 3 });
    await coming.begun();
    expect(coming.types()).toEqual(["access-asked", "access-opened"]);
    expect(looks).toBe(4);
    const never = bench({ atRest: () => false });
    await never.begun();
    expect(never.types()).toEqual(["access-asked", "access-refused"]);
  });

  it("asks the channel of a cell that was given up once more whether it is off", async () => {
    const { types, begun, abortedCount } = bench({ cellIs: "isolated" });
    await begun();
    expect([types()[1], abortedCount()]).toEqual(["access-opened", 1]);
  });
});
