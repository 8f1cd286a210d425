import { describe, expect, it } from "vitest";
import { createAccess, type AccessDesk, type AccessDeskDeps } from "../../../controller/access/access-desk.ts";
import type { InputLevels } from "../../../protocols/roles/beam-io.ts";

/** One cell at A1, off as soon as it is told to; time passes as it is waited for. */
function bench(reads: { shutterClosed?: boolean; safetyClosed?: boolean; atRest?: () => boolean; cellIs?: string }) {
  const told: (readonly [string, object])[] = [];
  const moved: string[] = [];
  const ordered: string[] = [];
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
        measureOpenCircuitV: () => Promise.resolve(3.7),
        abort: () => Promise.resolve((aborted += 1)),
      },
    ],
  };
  const desk: AccessDesk = createAccess({
    ...{ roles, campaign: { cells: [{ position: "A1" }] }, left: undefined },
    clock: {
      ...{ wallMs: () => nowMs, monoMs: () => nowMs, clearTimeout: () => undefined },
      setTimeout(act: () => void, ms: number) {
        nowMs += ms;
        setImmediate(act);
      },
    },
    recorder: () => ({ record: (type: string, data: object) => told.push([type, data]) }),
    views: () => ({ stateOf: () => cell, cell: () => ({ heldBy: null }) }),
    actor: () => ({ getSnapshot: () => ({ status: "active", value: "running", matches: () => false }) }),
    send(event: { readonly type: string; readonly event?: { readonly type: string } }) {
      if (event.event !== undefined) ordered.push(event.event.type);
      if (event.event?.type === "TAKE_OUT" && cell === "cycling") cell = "away";
    },
    commit: () => Promise.resolve(told.push(["commit", {}])),
    fail(error: unknown) {
      throw error;
    },
  } as unknown as AccessDeskDeps);
  const types = (): readonly string[] => told.flatMap(([type]) => (type === "commit" ? [] : [type]));
  async function begun(): Promise<void> {
    desk.begin("A1", { author: "anna", reason: "a contact" });
    for (let turn = 0; turn < 2000 && !types().some((type) => /opened|refused/.test(type)); turn += 1)
      await new Promise((go) => setImmediate(go));
  }
  return { desk, told, types, moved, ordered, begun, abortedCount: () => aborted };
}

describe("a person's access to a cell", () => {
  it("is opened where shutter and stage read at rest, and no order to move leaves from then on", async () => {
    const { desk, told, begun, moved } = bench({});
    await begun();
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
    const { desk, begun, types, ordered } = bench({});
    await begun();
    desk.end("A1", { author: "anna", reason: "" });
    for (let turn = 0; turn < 2000 && types().length < 3; turn += 1) await new Promise((go) => setImmediate(go));
    expect([types()[2], ...desk.open.keys()]).toEqual(["access-refused", "A1"]);
    expect(ordered).toEqual(["TAKE_OUT", "PUT_BACK", "TAKE_OUT"]);
    expect(desk.refusal("end", "A1")).toBe(null);
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
