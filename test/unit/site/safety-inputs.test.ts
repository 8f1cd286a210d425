import { describe, expect, it } from "vitest";
import { createSafetyInputs, judgeInput } from "../../../controller/safety/safety-inputs.ts";
import type { StopOrder } from "../../../controller/stops/stop-desk.ts";
import type { InputLevels } from "../../../protocols/roles/beam-io.ts";
import {
  HAZARD_KINDS,
  HAZARD_RESPONSES,
  safetyInputOf,
  safetyInputSchema,
  type SafetyInput,
} from "../../../protocols/site/safety-inputs.ts";
import { FILES } from "../../support/world-campaign.ts";
import { load } from "../../support/campaign-files.ts";
import { createTestClock } from "../record/record-fixture.ts";

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

  it("is not silent up to its greatest age, and nothing is known of it before its first read", () => {
    expect(judgeInput(smoke, levels(true, { smoke: true }), 10_000)).toBe("well");
    for (const input of [smoke, button]) expect(judgeInput(input, null, 0)).toBe("well");
  });
});

/** Watched on a clock of its own. */
function watched(inputs: readonly SafetyInput[]) {
  const clock = createTestClock();
  const orders: StopOrder[] = [];
  const standing = new Map<string, string>();
  const events: { readonly type: string; readonly [key: string]: unknown }[] = [];
  let isOver = false;
  let timerCount = 0;
  const desk = createSafetyInputs({
    inputs,
    clock: {
      ...clock,
      setTimeout(fn, ms) {
        timerCount += 1;
        return clock.setTimeout(fn, ms);
      },
    },
    recorder: { record: (type, data) => events.push({ type, ...data }) },
    alarms: { raise: ({ where, what }) => standing.set(where, what), clear: (_code, where) => standing.delete(where) },
    stops: {
      order(order) {
        orders.push(order);
        const { stopClass, author } = order;
        const report = { number: 1, stopClass, author, boundMs: 0, isOver: true, devices: [] };
        return { report: () => report, over: Promise.resolve() };
      },
    },
    isOver: () => isOver,
  });
  return {
    desk,
    events,
    standing,
    ordered: () => orders.map(({ stopClass, author }) => `${stopClass} by ${author}`),
    timerCount: () => timerCount,
    end() {
      isOver = true;
    },
    show: (isWell: boolean): void => {
      desk.showLevels({ ...levels(true, { smoke: isWell }), readAtMs: clock.monoMs() });
    },
    for(ms: number) {
      for (let left = ms; left > 0; left -= 100) clock.advance(Math.min(100, left));
    },
  };
}

describe("the watch on the inputs", () => {
  it("answers once as long as one tells of trouble, and again when it does so anew", () => {
    const { desk, standing, show, ordered, events } = watched([smoke]);
    // Before its first read nothing is known, and its alarm of before a restart stands until then.
    standing.set("smoke", "of before");
    expect(desk.troubles()).toEqual(["smoke: it is not read"]);
    show(true);
    expect(desk.troubles()).toEqual([]);
    expect([...standing]).toEqual([]);
    [true, false, false, true, false].forEach(show);
    expect(ordered()).toEqual(["emergency by input smoke", "emergency by input smoke"]);
    expect([...standing]).toEqual([["smoke", "smoke; stopped: emergency"]]);
    expect(desk.troubles()).toEqual(["smoke: smoke"]);
    const tripped = { type: "safety-input-tripped", input: "smoke", kind: "smoke", is_silent: false, what: "smoke" };
    expect(events).toEqual([tripped, { type: "safety-input-well", input: "smoke" }, tripped]);
  });

  it("waits half a minute for the first read, and says meanwhile that it has none", () => {
    const watch = watched([smoke]);
    watch.for(40_000);
    expect(watch.desk.troubles()).toEqual(["smoke: it is not read"]);
    expect(watch.ordered()).toEqual([]);
    watch.for(5000);
    expect(watch.ordered()).toEqual(["emergency by input smoke"]);
    expect([...watch.standing]).toEqual([["smoke", "not read for 10 s, which counts as trouble; stopped: emergency"]]);
    watch.for(60_000);
    expect(watch.events).toHaveLength(1);
  });

  it("takes silence for trouble as soon as the greatest age is passed, and trouble after it for answered", () => {
    const watch = watched([smoke]);
    watch.show(true);
    watch.for(10_000);
    expect(watch.ordered()).toEqual([]);
    watch.for(100);
    expect(watch.ordered()).toEqual(["emergency by input smoke"]);
    expect(watch.desk.troubles()).toEqual(["smoke: it is not read"]);
    watch.show(false);
    expect(watch.events.map((event) => event["is_silent"])).toEqual([true, false]);
    expect(watch.ordered()).toHaveLength(1);
  });

  it("ends with the campaign, and is none where the site has no inputs", () => {
    const watch = watched([smoke]);
    watch.end();
    watch.for(120_000);
    expect(watch.events).toEqual([]);
    expect(watched([]).timerCount()).toBe(0);
  });
});
