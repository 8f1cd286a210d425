import { expect, it } from "vitest";
import { Fault } from "../../../protocols/base/fault.ts";
import { openOneCellDesk, SLOT } from "./one-cell-desk.ts";

/** One cell whose code is read or not, load after load; the robot refuses to take it back as often as it is said. */
function openDesk(codes: (string | null)[], refusals: number, readsCodes = true) {
  const acts: string[] = [];
  let refusalsLeft = refusals;
  let isPresent = false;
  const desk = openOneCellDesk({
    capabilities: { readsCodes },
    read: () =>
      Promise.resolve({
        ...{ held: null, isArmAtRack: false, code: null, path: null, isPowered: true },
        ...{ isPresent, delivered: isPresent ? SLOT : null },
      }),
    load() {
      acts.push("load");
      isPresent = true;
      return Promise.resolve({ slot: SLOT, code: codes.shift() ?? null });
    },
    unload() {
      acts.push(refusalsLeft > 0 ? "unload refused" : "unload");
      refusalsLeft -= 1;
      if (refusalsLeft >= 0) return Promise.reject(new Fault("device.refused", "robot", "it is stopped"));
      isPresent = false;
      return Promise.resolve({ slot: SLOT, code: null });
    },
  });
  return { desk, acts, bring: () => desk.bring(0, new AbortController().signal) };
}

it("a cell whose code was not read is not exposed from where it lies unread: it is taken back and brought anew, past the reader", async () => {
  const { desk, acts, bring } = openDesk([null, "R-A1"], 1);
  await expect(bring()).rejects.toMatchObject({ code: "device.refused" });
  expect(desk.inBeam).toBe(0);
  await bring();
  expect(acts).toEqual(["load", "unload refused", "unload", "load"]);
  expect(desk.belief(0, "believed")).toBe("confirmed");
  // Read once, it is not carried about for the next exposure.
  await bring();
  expect(acts).toHaveLength(4);
});

it("a cell whose code was not read is refused the beam as often as it cannot be taken back, or is not read again", async () => {
  const { desk, acts, bring } = openDesk([null, null], 2);
  await expect(bring()).rejects.toMatchObject({ code: "device.refused" });
  await expect(bring()).rejects.toMatchObject({ code: "device.refused" });
  await expect(bring()).rejects.toMatchObject({ code: "changer.no-code" });
  expect(acts).toEqual(["load", "unload refused", "unload refused", "unload", "load", "unload"]);
  expect(desk.inBeam).toBe(null);
});

it("a cell stays where it lies with a robot that reads no codes", async () => {
  const { desk, acts, bring } = openDesk([], 0, false);
  await bring();
  await bring();
  expect(acts).toEqual(["load"]);
  expect(desk.belief(0, "believed")).toBe("believed");
});
