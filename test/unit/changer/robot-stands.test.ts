import { describe, expect, it } from "vitest";
import { standsAfter } from "../../../controller/changer/robot-stands.ts";

const after = (...events: readonly (readonly [type: string, data: Record<string, string>])[]): string | null =>
  events.reduce<string | null>((before, [type, data]) => standsAfter(before, type, data), null);

const stop = (stopClass: string, author: string) => ["stop-ordered", { class: stopClass, author }] as const;

describe("a robot stands", () => {
  it.each([
    ["motion", "operator"],
    ["emergency", "operator"],
    ["exposing", "input rack gas"],
    ["exposing", "beamrack"],
    ["emergency", "input rack smoke"],
  ])("after a stop %s by %s, until exposing is resumed", (stopClass, author) => {
    expect(after(stop(stopClass, author))).toBe(`stop ${stopClass} by ${author}`);
    expect(after(stop(stopClass, author), ["exposing-resumed", {}])).toBeNull();
    expect(after(["exposing-resumed", {}], stop(stopClass, author), ["exposing-held", {}])).not.toBeNull();
  });

  it.each([
    ["exposing", "operator"],
    ["step", "operator"],
    ["open-circuit", "operator"],
    ["step", "input rack gas"],
  ])("not after a stop %s by %s", (stopClass, author) => {
    expect(after(stop(stopClass, author))).toBeNull();
  });
});
