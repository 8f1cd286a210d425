import { describe, expect, it } from "vitest";
import { forgetCode } from "../../../drivers/irelec-cats/cats-code.ts";
import type { CatsReading } from "../../../drivers/irelec-cats/cats-reader.ts";
import { Fault } from "../../../protocols/base/fault.ts";

const reading: CatsReading = {
  readAtMs: 0,
  isPowered: true,
  isRemote: true,
  hasFault: false,
  path: null,
  held: null,
  delivered: null,
  isPresent: false,
  isArmAtRack: false,
  isAtHome: true,
  traysPresent: [true],
  code: "R-0001",
  message: "",
  tool: "Double",
  isInArea1: false,
  isIdle: true,
  isCollisionOk: true,
  isEmergencyAndAirOk: true,
};

describe("the code of the cell before", () => {
  it("is forgotten before the next is read, and the same cell's is believed again", async () => {
    const orders: string[] = [];
    const codeOf = await forgetCode(
      {
        readsCodes: true,
        look: () => Promise.resolve({ ...reading, code: null }),
        order: (line) => Promise.resolve(orders.push(line)),
      },
      reading,
    );
    expect(orders).toEqual(["clearbcrd\r"]);
    expect(codeOf(reading)).toBe("R-0001");
    expect(codeOf({ ...reading, code: null })).toBeNull();
  });

  it("is not taken for the next cell's where the robot does not know the order to forget it", async () => {
    const codeOf = await forgetCode(
      {
        readsCodes: true,
        look: () => Promise.resolve(reading),
        order: () => Promise.reject(new Fault("device.refused", "changer", "Bad command")),
      },
      reading,
    );
    expect(codeOf(reading)).toBeNull();
    expect(codeOf({ ...reading, code: "R-0002" })).toBe("R-0002");
  });

  it("is nobody's where none is read on the way", async () => {
    const none = { readsCodes: false, look: () => Promise.resolve(reading), order: () => Promise.resolve() };
    expect((await forgetCode(none, reading))(reading)).toBeNull();
  });
});
