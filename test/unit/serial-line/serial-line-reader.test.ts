import { describe, expect, it } from "vitest";
import { createSerialLineBench } from "./bench.ts";

const TRIGGER = { on: "\u0016T\r", off: "\u0016U\r" };

describe("a fixed reader", () => {
  it("looks twice before it tells a code", async () => {
    const bench = createSerialLineBench({ trigger: TRIGGER }, { trigger: TRIGGER });
    await bench.finish(bench.reader.connect());
    bench.show("R-0001");
    await bench.finish(bench.reader.readCode(2000));
    expect(bench.twin.lookCount).toBe(2);
  });

  it("does not believe one bent line: what is read once more is not it", async () => {
    const bench = createSerialLineBench({ trigger: TRIGGER }, { trigger: TRIGGER });
    await bench.finish(bench.reader.connect());
    bench.show("R-0001");
    bench.printNext("R-0081");
    await expect(bench.finish(bench.reader.readCode(2000))).rejects.toMatchObject({
      code: "code.ambiguous",
      detail: { codes: ["R-0081", "R-0001"] },
    });
  });

  it("is not asked without end by a reader that sees nothing", async () => {
    const bench = createSerialLineBench(
      { trigger: TRIGGER, rules: { noRead: "NOREAD" } },
      { trigger: TRIGGER, noRead: "NOREAD", lookMs: 0 },
    );
    await bench.finish(bench.reader.connect());
    await expect(bench.finish(bench.reader.readCode(1000))).rejects.toMatchObject({ code: "code.none" });
    expect(bench.twin.lookCount).toBeLessThan(60);
  });

  it("is looked at twice before it counts as silent, which is told with the time that it had", async () => {
    const [driver, twin] = [
      { trigger: { ...TRIGGER, lookMs: 300 }, rules: { noRead: "NOREAD" } },
      { trigger: TRIGGER, noRead: "NOREAD" },
    ];
    const late = createSerialLineBench(driver, twin);
    late.hang(true);
    const connecting = late.reader.connect();
    await late.pass(250);
    late.hang(false);
    await late.finish(connecting);
    expect(late.twin.lookCount).toBe(1);

    const dead = createSerialLineBench(driver, twin);
    dead.hang(true);
    const startMs = dead.nowMs();
    await expect(dead.finish(dead.reader.connect())).rejects.toMatchObject({
      code: "link.timeout",
      detail: { deadlineMs: 600 },
    });
    expect(dead.nowMs() - startMs).toBeGreaterThanOrEqual(600);
  });

  it("ends a look that saw nothing", async () => {
    const bench = createSerialLineBench({ trigger: { ...TRIGGER, lookMs: 200 } }, { trigger: TRIGGER, lookMs: 250 });
    await bench.finish(bench.reader.connect());
    bench.show("R-0001");
    const codes: string[] = [];
    bench.reader.onRead(({ code }) => codes.push(code));
    await expect(bench.finish(bench.reader.readCode(150))).rejects.toMatchObject({ code: "code.none" });
    await bench.pass(1000);
    expect(codes).toEqual([]);
  });
});

describe("a reader held by hand", () => {
  it("goes on printing the cell before: that is not the next one", async () => {
    const bench = createSerialLineBench({}, {});
    await bench.finish(bench.reader.connect());
    bench.show("R-0001");
    const first = bench.reader.readCode(2000);
    bench.pullTrigger();
    expect((await bench.finish(first)).code).toBe("R-0001");
    const second = bench.reader.readCode(5000);
    bench.pullTrigger();
    await bench.pass(300);
    bench.show("R-0002");
    bench.pullTrigger();
    expect((await bench.finish(second)).code).toBe("R-0002");
  });

  it("tells of a code that nobody asked for", async () => {
    const bench = createSerialLineBench({}, {});
    await bench.finish(bench.reader.connect());
    const codes: string[] = [];
    bench.reader.onRead(({ code }) => codes.push(code));
    bench.show("R-0007");
    bench.pullTrigger();
    await bench.pass(200);
    expect(codes).toEqual(["R-0007"]);
    expect(bench.faults).toEqual([]);
  });
});
