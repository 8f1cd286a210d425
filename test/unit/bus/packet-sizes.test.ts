import { describe, expect, it } from "vitest";
import { createPacketSizes } from "../../../tui/bus/packet-sizes.ts";

const MOST_BYTES = 1000;

function packet(length: number): Uint8Array {
  const header = [0x30];
  for (let left = length; ; left = Math.floor(left / 128)) {
    header.push(left < 128 ? left : 0x80 | (left % 128));
    if (left < 128) break;
  }
  // What stands in it looks like a header itself.
  return Uint8Array.from([...header, ...Array.from({ length: Math.min(length, 5000) }, () => 0xff)]);
}

function isTaken(bytes: Uint8Array, step: number): boolean {
  const sizes = createPacketSizes();
  for (let at = 0; at < bytes.length; at += step) {
    if (!sizes.take(bytes.subarray(at, at + step), MOST_BYTES)) return false;
  }
  return true;
}

describe("a packet to the broker", () => {
  it("passes up to its greatest length, however its bytes are cut, and so do those after it", () => {
    const bytes = Buffer.concat([0, 1, 127, 128, 1000, 0, 999].map(packet));
    for (const step of [1, 2, 3, 7, 1000, bytes.length]) expect(isTaken(bytes, step)).toBe(true);
  });

  it("that is longer is known by its header, before any of it has come", () => {
    for (const length of [1001, 100_000, 268_435_455]) {
      const header = packet(length).subarray(0, 5);
      for (const step of [1, 2, 5]) expect(isTaken(Buffer.concat([packet(10), header]), step)).toBe(false);
    }
  });

  it("whose length has no end is none", () => {
    expect(isTaken(Uint8Array.from([0x10, 0x80, 0x80, 0x80, 0x80, 0x01]), 1)).toBe(false);
  });
});
