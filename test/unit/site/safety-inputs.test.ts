import { describe, expect, it } from "vitest";
import { createSafetyInputs, judgeInput } from "../../../controller/safety/safety-inputs.ts";
import type { StopOrder } from "../../../controller/stops/stop-desk.ts";
import type { InputLevels } from "../../../protocols/roles/beam-io.ts";
import {
  HAZARD_KINDS,
  HAZARD_RESPONSES,
  safetyInputOf,
  safetyInputSchema,
} from "../../../protocols/site/safety-inputs.ts";
import { FILES } from "../../support/world-campaign.ts";
import { load } from "../../support/campaign-files.ts";

const smoke = safetyInputOf(safetyInputSchema.parse({ name: "smoke", kind: "smoke", io_input: 12 }));
const button = safetyInputOf(
  safetyInputSchema.parse({
    name: "button",
    kind: "emergency_button",
    interlock: "emergency_ok",
    response: ["exposing"],
  }),
);

function levels(isEmergencyOk: boolean, safetyInputs?: Readonly<Record<string, boolean>>): InputLevels {
  return {
    readAtMs: 0,
    shutterOpenSwitch: false,
    shutterClosedSwitch: true,
    safetyShutterOpenSwitch: true,
    safetyShutterClosedSwitch: false,
    interlocks: {
      searched: true,
      doorClosed: true,
      emergencyOk: isEmergencyOk,
      motionEnabled: true,
      beamPermitted: true,
    },
    filtersIn: [],
    ...(safetyInputs === undefined ? {} : { safetyInputs }),
    watchdogTripped: false,
  };
}

describe("an input of the site", () => {
  it("has a response for each kind of trouble, and its own where it names one", () => {
    for (const kind of HAZARD_KINDS) expect(HAZARD_RESPONSES[kind].length).toBeGreaterThan(0);
    expect(smoke).toMatchObject({ response: ["emergency"], maximumAgeMs: 10_000 });
    expect(button.response).toEqual(["exposing"]);
  });

  it("is refused with neither source, with both, and on a bit that means something else", () => {
    for (const wrong of [{}, { io_input: 1, interlock: "searched" }, { interlock: "searched", trouble_when: "open" }]) {
      expect(safetyInputSchema.safeParse({ name: "x", kind: "gas", ...wrong }).success).toBe(false);
    }
    const text = `${FILES["site.yaml"]}\nsafety_inputs:\n  - { name: gas, kind: gas, io_input: 4 }\n`;
    const read = load({ ...FILES, "site.yaml": text }, "small.yaml");
    expect(read.findings.map(({ code }) => code)).toContain("site.bit-shared");
  });

  it("is refused under the name of another input, which it would hide", () => {
    const smoke = (bit: number): string => `  - { name: smoke, kind: smoke, io_input: ${String(bit)} }\n`;
    const text = `${FILES["site.yaml"]}\nsafety_inputs:\n${smoke(12)}${smoke(13)}`;
    const { kind, findings } = load({ ...FILES, "site.yaml": text }, "small.yaml");
    expect(kind).toBe("refused");
    const told = findings.find(({ code }) => code === "site.duplicate-name");
    expect(told?.where).toMatch(/safety_inputs\[1\]\.name$/);
  });

  it("tells of trouble by its level, by a level that is not given, and by silence", () => {
    expect(judgeInput(smoke, levels(true, { smoke: true }), 0)).toBe("well");
    expect(judgeInput(smoke, levels(true, { smoke: false }), 0)).toBe("trouble");
    expect(judgeInput(smoke, levels(true), 0)).toBe("trouble");
    expect(judgeInput(smoke, levels(true, { smoke: true }), 10_001)).toBe("silent");
    expect(judgeInput(smoke, null, NaN)).toBe("silent");
    expect(judgeInput(button, levels(true), 0)).toBe("well");
    expect(judgeInput(button, levels(false), 0)).toBe("trouble");
  });

  it("is answered once as long as it tells of trouble, and again when it does so anew", () => {
    const orders: StopOrder[] = [];
    const open = new Set<string>();
    const desk = createSafetyInputs({
      inputs: [smoke],
      clock: { wallMs: () => 0, monoMs: () => 0, setTimeout: () => undefined, clearTimeout: () => undefined },
      recorder: { record: () => undefined },
      alarms: { raise: ({ where }) => open.add(where), clear: (_code, where) => open.delete(where) },
      stops: {
        order(order) {
          orders.push(order);
          const { stopClass, author } = order;
          const report = { number: 1, stopClass, author, boundMs: 0, isOver: true, devices: [] };
          return { report: () => report, over: Promise.resolve() };
        },
      },
      isOver: () => false,
    });
    const show = (isWell: boolean): void => {
      desk.showLevels(levels(true, { smoke: isWell }));
    };
    // Before its first read nothing is known, and its alarm of before a restart stands until then.
    open.add("smoke");
    expect(desk.troubles()).toEqual(["smoke: it is not read"]);
    show(true);
    expect(desk.troubles()).toEqual([]);
    expect([...open]).toEqual([]);
    [true, false, false, true, false].forEach(show);
    expect(orders.map(({ stopClass, author }) => `${stopClass} by ${author}`)).toEqual([
      "emergency by input smoke",
      "emergency by input smoke",
    ]);
    expect([...open]).toEqual(["smoke"]);
    expect(desk.troubles()).toEqual(["smoke: smoke"]);
  });
});
