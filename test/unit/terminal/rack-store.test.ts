import { describe, expect, it } from "vitest";
import { createRackStore, type RackStore } from "../../../tui/terminal/model/rack-store.ts";
import * as rack from "../../support/terminal-rack.ts";

const START_MS = rack.WALL_MS;

function opened(): RackStore {
  const store = createRackStore(START_MS);
  store.session({ kind: "open", sinceMs: START_MS });
  return store;
}

function hear(store: RackStore, messages: readonly rack.Said[], isRetained: boolean, atMs = START_MS): void {
  for (const { topic, payload } of messages) store.hear(topic, payload, isRetained, atMs);
}

describe("what a rack said last", () => {
  it("is not live while it is only what the broker remembers", () => {
    const store = opened();
    hear(store, rack.runningRack(), true);
    expect(store.look(START_MS + 500).liveness).toMatchObject({ kind: "attaching", isAnyoneThere: true });
    expect(store.look(START_MS + 3500).liveness).toMatchObject({ kind: "silent", sinceMs: rack.WALL_MS });
  });

  it("is live from the first word of the controller itself, whole", () => {
    const store = opened();
    hear(store, rack.runningRack(), true);
    hear(store, [rack.heartbeat()], false);
    const view = store.look(START_MS + 200);
    expect(view.liveness).toEqual({ kind: "live" });
    expect(view.cells.filter((cell) => cell !== null).length).toBe(96);
    expect(view.instruments.length).toBe(100);
  });

  it("is not live any more after three missed heartbeats, since the last word", () => {
    const store = opened();
    hear(store, rack.runningRack(), false);
    expect(store.look(START_MS + 2900).liveness.kind).toBe("live");
    expect(store.look(START_MS + 3100).liveness).toEqual({ kind: "silent", sinceMs: START_MS });
  });

  it("is of a controller that is gone since its last heartbeat, when the broker says so in its stead", () => {
    const store = opened();
    hear(store, rack.runningRack(), false);
    hear(store, [rack.controller({ state: "gone" })], false, START_MS + 1000);
    expect(store.look(START_MS + 1000).liveness).toMatchObject({ kind: "controller-gone", sinceMs: rack.WALL_MS });
  });

  it("is of a controller that ended, also when its broker ends with it", () => {
    const store = opened();
    hear(store, rack.runningRack(), false);
    const ended = rack.controller({
      state: "ended",
      said_at: rack.iso(START_MS + 1000),
      how: "the campaign is complete",
    });
    hear(store, [ended], false, START_MS + 1000);
    store.look(START_MS + 1100);
    store.session({ kind: "lost", sinceMs: START_MS + 1200, trouble: null });
    expect(store.look(START_MS + 9000).liveness).toEqual({
      kind: "controller-ended",
      sinceMs: START_MS + 1000,
      why: "the campaign is complete",
    });
  });

  it("is kept, and known to be old, while the broker is gone", () => {
    const store = opened();
    hear(store, rack.runningRack(), false);
    store.look(START_MS + 100);
    store.session({ kind: "lost", sinceMs: START_MS + 200, trouble: "ECONNREFUSED" });
    const view = store.look(START_MS + 300);
    expect(view.liveness).toEqual({ kind: "broker-gone", sinceMs: START_MS + 200, trouble: "ECONNREFUSED" });
    expect(view.cells[0]?.cell).toBe("LNO-REF-A1");
    store.session({ kind: "open", sinceMs: START_MS + 900 });
    expect(store.look(START_MS + 950).liveness.kind).toBe("attaching");
  });

  it("is the same object while nothing is new: nothing is drawn for nothing", () => {
    const store = opened();
    hear(store, rack.runningRack(), false);
    const view = store.look(START_MS + 100);
    expect(store.look(START_MS + 200)).toBe(view);
  });

  it("takes no harm from what cannot be read, and counts it", () => {
    const store = opened();
    hear(store, rack.runningRack(), false);
    store.look(START_MS);
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    for (const text of ["", "{", "[]", "null", '{"v":2}', "\u0000\u0001", '{"v":1,"at":"yesterday"}']) {
      store.hear(`beamrack/${rack.RACK}/campaign`, bytes(text), false, START_MS);
      store.look(START_MS);
    }
    store.hear("beamrack/reference/cell/Z99", bytes("{}"), false, START_MS);
    store.hear("something/else", bytes("{}"), false, START_MS);
    const view = store.look(START_MS);
    expect(view.campaign?.campaign).toBe("formation-day");
    expect(view.unreadableCount).toBeGreaterThan(5);
  });

  it("has each line of the log once and in order, though it is told twice", () => {
    const store = opened();
    hear(store, [rack.recent(60)], false);
    store.look(START_MS);
    hear(store, [rack.recent(50)], false);
    const { log } = store.look(START_MS);
    expect(log.map(({ seq }) => seq)).toEqual(Array.from({ length: 60 }, (_, index) => 20_371 + index));
  });

  it("says when a retained topic was emptied: the cell is no more", () => {
    const store = opened();
    hear(store, rack.runningRack(), false);
    store.look(START_MS);
    store.hear("beamrack/reference/cell/A1", new Uint8Array(), false, START_MS);
    expect(store.look(START_MS).cells[0]).toBeNull();
  });
});
