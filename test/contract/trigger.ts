/** What every gate generator must do, whichever family: run it on the family's bench. */
import { expect, it } from "vitest";
import { Fault } from "../../protocols/base/fault.ts";
import type { GateTrain, Trigger } from "../../protocols/roles/trigger.ts";
import {
  describeContract,
  expectFault,
  onBench,
  REAL_SLACK_S,
  type ContractBench,
  type ContractOptions,
} from "./contract-bench.ts";

export interface TriggerBench extends ContractBench {
  readonly trigger: Trigger;
  /** Gates that the output gave, in order; null while one is still open. */
  gates(): readonly { readonly fromS: number; readonly toS: number | null }[];
  /** Commands to fire that the device obeyed. */
  firedCount(): number;
  /** From now on trains do not come to their end. */
  neverEnd(never: boolean): void;
  /** The device hears the next command to fire and its answer is lost. */
  loseNextFireAnswer(): void;
  /** The next command to fire is lost on its way. */
  loseNextFire(): void;
  /** Whatever connection is open breaks. */
  cut(): void | Promise<void>;
  silence(isSilent: boolean): void;
  /** Somebody changes the width at the device itself. */
  meddle(): void;
}

export interface TriggerBenchOptions {
  /** Something else answers at the address. */
  readonly isAnotherDevice?: boolean;
}

const SINGLE: GateTrain = { delayS: 0.05, widthS: 0.2, count: 1, periodS: 0 };
const THREE: GateTrain = { delayS: 0, widthS: 0.05, count: 3, periodS: 0.15 };

export function triggerContract(
  name: string,
  make: (options?: TriggerBenchOptions) => Promise<TriggerBench>,
  options: ContractOptions = {},
): void {
  const slackS = options.isRealTime === true ? REAL_SLACK_S : 1e-6;
  const connected = async (): Promise<TriggerBench> => {
    const bench = await make();
    await bench.settle(bench.trigger.connect());
    return bench;
  };
  const fireArmed = async (bench: TriggerBench, train: GateTrain): Promise<number> => {
    await bench.settle(bench.trigger.arm(train));
    const { finished } = await bench.settle(bench.trigger.fire());
    return (await bench.settle(finished)).gateCount;
  };

  describeContract(`${name}, as a trigger`, options, () => {
    it("identifies itself, again and again", () =>
      onBench(make, async (bench) => {
        const first = await bench.settle(bench.trigger.connect());
        expect(first.model).not.toBe("");
        bench.trigger.disconnect();
        // A device that takes one connection needs a moment to notice that it is gone.
        await bench.pass(0.2);
        expect(await bench.settle(bench.trigger.connect())).toEqual(first);
        expect(bench.faults).toEqual([]);
        expect(bench.gates()).toEqual([]);
      }));

    it("refuses another device", () =>
      onBench(
        () => make({ isAnotherDevice: true }),
        async (bench) => {
          await expectFault(bench, bench.trigger.connect(), "device.wrong");
          await expectFault(bench, bench.trigger.arm(SINGLE), "link.closed");
        },
      ));

    it("gives up on a silent one by name and in time", () =>
      onBench(make, async (bench) => {
        bench.silence(true);
        const fromS = bench.nowS();
        const fault = await expectFault(bench, bench.trigger.connect(), "link.timeout");
        expect(fault.where).toBe(bench.trigger.name);
        expect(bench.nowS() - fromS).toBeLessThan(15);
      }));

    it("gives one gate as it was armed, and nothing before it is told to", () =>
      onBench(connected, async (bench) => {
        const confirmed = await bench.settle(bench.trigger.arm(SINGLE));
        expect(confirmed.widthS).toBeCloseTo(SINGLE.widthS, 6);
        expect(confirmed.delayS).toBeCloseTo(SINGLE.delayS, 6);
        await bench.pass(0.5);
        expect(bench.gates()).toEqual([]);
        const fromS = bench.nowS();
        const { finished } = await bench.settle(bench.trigger.fire());
        expect(await bench.settle(finished)).toEqual({ gateCount: 1 });
        const [gate, ...more] = bench.gates();
        expect(more).toEqual([]);
        expect(Math.abs((gate?.toS ?? 0) - (gate?.fromS ?? 0) - SINGLE.widthS)).toBeLessThan(slackS);
        expect((gate?.fromS ?? 0) - fromS).toBeGreaterThanOrEqual(SINGLE.delayS - 1e-6);
        expect(bench.faults).toEqual([]);
      }));

    it("gives a train of gates, one period apart", () =>
      onBench(connected, async (bench) => {
        expect(await fireArmed(bench, THREE)).toBe(3);
        const gates = bench.gates();
        expect(gates).toHaveLength(3);
        for (const [index, gate] of gates.entries()) {
          expect(Math.abs((gate.toS ?? 0) - gate.fromS - THREE.widthS)).toBeLessThan(slackS);
          const sinceFirstS = gate.fromS - (gates[0]?.fromS ?? 0);
          expect(Math.abs(sinceFirstS - index * THREE.periodS)).toBeLessThan(slackS);
        }
        expect(await fireArmed(bench, SINGLE)).toBe(1);
        expect(bench.gates()).toHaveLength(4);
      }));

    it("fires nothing that is not armed, and what is armed only once", () =>
      onBench(connected, async (bench) => {
        await expectFault(bench, bench.trigger.fire(), "device.refused");
        await fireArmed(bench, SINGLE);
        await expectFault(bench, bench.trigger.fire(), "device.refused");
        expect(bench.firedCount()).toBe(1);
      }));

    it("refuses trains that cannot be, and sends nothing for them", () =>
      onBench(connected, async (bench) => {
        const { widthMinS, gateMaxS, countMax } = bench.trigger.capabilities;
        for (const wrong of [
          { delayS: NaN },
          { delayS: -1 },
          { widthS: 0 },
          { widthS: NaN },
          { widthS: widthMinS / 2 },
          { widthS: gateMaxS * 2 },
          { count: 0 },
          { count: 1.5 },
          { count: countMax + 1 },
          { count: 2, periodS: SINGLE.widthS / 2 },
          { count: 2, periodS: NaN },
        ]) {
          await expectFault(bench, bench.trigger.arm({ ...SINGLE, ...wrong }), "device.refused");
          await expectFault(bench, bench.trigger.fire(), "device.refused");
        }
        expect(bench.firedCount()).toBe(0);
      }));

    it("reads the settings again before it fires, and refuses when somebody changed them", () =>
      onBench(connected, async (bench) => {
        await bench.settle(bench.trigger.arm(SINGLE));
        bench.meddle();
        await expectFault(bench, bench.trigger.fire(), "device.refused");
        expect(bench.firedCount()).toBe(0);
        expect(await fireArmed(bench, SINGLE)).toBe(1);
      }));

    it("ends a gate on request, and again without harm", () =>
      onBench(connected, async (bench) => {
        await bench.settle(bench.trigger.abort());
        await bench.settle(bench.trigger.arm({ ...SINGLE, delayS: 0, widthS: 60 }));
        const { finished } = await bench.settle(bench.trigger.fire());
        await bench.pass(0.1);
        expect(bench.gates()).toMatchObject([{ toS: null }]);
        await bench.settle(bench.trigger.abort());
        await expectFault(bench, finished, "trigger.aborted");
        expect(bench.gates()[0]?.toS).not.toBeNull();
        await bench.settle(bench.trigger.abort());
        await expectFault(bench, bench.trigger.fire(), "device.refused");
        expect(await fireArmed(bench, SINGLE)).toBe(1);
      }));

    it.skipIf(options.isRealTime)("fires nothing behind an abort, at whatever moment of an order it comes", () =>
      onBench(connected, async (bench) => {
        const timed = async (order: () => Promise<unknown>): Promise<number> => {
          const fromS = bench.nowS();
          await bench.settle(order());
          return bench.nowS() - fromS;
        };
        // What the device keeps from one arming to the next is set by then.
        await bench.settle(bench.trigger.arm(SINGLE));
        await bench.settle(bench.trigger.abort());
        const armS = await timed(() => bench.trigger.arm(SINGLE));
        const fireS = await timed(() => bench.trigger.fire());
        await bench.settle(bench.trigger.abort());
        for (let share = 0; share < 1; share += 0.05) {
          const firedBefore = bench.firedCount();
          const orders = [bench.trigger.arm(SINGLE), bench.trigger.fire()];
          for (const order of orders) order.catch(() => undefined);
          const afterS = share * (armS + fireS);
          await bench.pass(afterS);
          await bench.settle(bench.trigger.abort());
          await bench.pass(1);
          const [armed, fired] = await Promise.all(orders.map((order) => order.then(() => "done", codeOf)));
          expect(armed).toBe(afterS < armS ? "trigger.aborted" : "done");
          // Sent before the abort it may have fired, and was ended.
          if (afterS < armS || fired !== "done") expect(fired).toBe("trigger.aborted");
          expect(bench.firedCount() - firedBefore).toBe(fired === "done" ? 1 : 0);
          await expectFault(bench, bench.trigger.fire(), "device.refused");
        }
        expect(bench.faults).toEqual([]);
        expect(await fireArmed(bench, SINGLE)).toBe(1);
      }),
    );

    it.skipIf(options.isRealTime)(
      "ends a gate of a device that hears and is not heard, and says what is not known",
      () =>
        onBench(connected, async (bench) => {
          await bench.settle(bench.trigger.arm({ ...SINGLE, delayS: 0, widthS: 60 }));
          const { finished } = await bench.settle(bench.trigger.fire());
          await bench.pass(0.1);
          bench.silence(true);
          const fault = await expectFault(bench, bench.trigger.abort(), "device.unknown-outcome");
          expect(fault.message).toContain("told to come to rest");
          expect((bench.gates()[0]?.toS ?? Infinity) - (bench.gates()[0]?.fromS ?? 0)).toBeLessThan(0.2);
          await expectFault(bench, finished, "device.unknown-outcome");
          bench.silence(false);
          await bench.settle(bench.trigger.connect());
          expect(await fireArmed(bench, SINGLE)).toBe(1);
        }),
    );

    it.skipIf(options.isRealTime)("ends a gate while an answer is awaited that does not come", () =>
      onBench(connected, async (bench) => {
        await bench.settle(bench.trigger.arm({ ...SINGLE, delayS: 0, widthS: 60 }));
        const firing = bench.trigger.fire();
        firing.catch(() => undefined);
        while (bench.firedCount() === 0) await bench.pass(0.0001);
        bench.silence(true);
        const halting = bench.trigger.abort();
        halting.catch(() => undefined);
        await bench.pass(0.1);
        expect(bench.gates()).toHaveLength(1);
        expect(bench.gates()[0]?.toS).not.toBeNull();
        await expectFault(bench, firing, "device.unknown-outcome");
        await expectFault(bench, halting, "device.unknown-outcome");
      }),
    );

    it("arms nothing while gates run", () =>
      onBench(connected, async (bench) => {
        await bench.settle(bench.trigger.arm(SINGLE));
        const { finished } = await bench.settle(bench.trigger.fire());
        await expectFault(bench, bench.trigger.arm(THREE), "device.refused");
        expect(await bench.settle(finished)).toEqual({ gateCount: 1 });
      }));

    it("names a train that does not end, and sets its output to rest", () =>
      onBench(connected, async (bench) => {
        bench.neverEnd(true);
        await bench.settle(bench.trigger.arm(SINGLE));
        const { finished } = await bench.settle(bench.trigger.fire());
        const fromS = bench.nowS();
        await expectFault(bench, finished, "trigger.late");
        expect(bench.nowS() - fromS).toBeLessThan(4 + slackS);
        bench.neverEnd(false);
        expect(await fireArmed(bench, SINGLE)).toBe(1);
      }));

    it("reads back after a lost answer: it fired, and is not told again", () =>
      onBench(connected, async (bench) => {
        await bench.settle(bench.trigger.arm(SINGLE));
        bench.loseNextFireAnswer();
        const { finished } = await bench.settle(bench.trigger.fire());
        expect(await bench.settle(finished)).toEqual({ gateCount: 1 });
        expect(bench.firedCount()).toBe(1);
        expect(bench.gates()).toHaveLength(1);
      }));

    it("reads back after a lost command: it did not fire, and is not told again", () =>
      onBench(connected, async (bench) => {
        await bench.settle(bench.trigger.arm(SINGLE));
        bench.loseNextFire();
        const fault = await expectFault(bench, bench.trigger.fire(), "device.unknown-outcome");
        expect(fault.detail).toMatchObject({ found: "it did not fire" });
        await bench.pass(1);
        expect(bench.firedCount()).toBe(0);
        expect(await fireArmed(bench, SINGLE)).toBe(1);
      }));

    it.skipIf(options.isRealTime)("says that the outcome is unknown when the device cannot be read back", () =>
      onBench(connected, async (bench) => {
        await bench.settle(bench.trigger.arm(SINGLE));
        const firing = bench.trigger.fire();
        firing.catch(() => undefined);
        while (bench.firedCount() === 0) await bench.pass(0.0001);
        bench.silence(true);
        await expectFault(bench, firing, "device.unknown-outcome");
        expect(bench.faults.map(({ code }) => code)).toContain("link.closed");
        bench.silence(false);
        await bench.settle(bench.trigger.connect());
        expect(bench.firedCount()).toBe(1);
        expect(await fireArmed(bench, SINGLE)).toBe(1);
      }),
    );

    it("settles a train that loses its link", () =>
      onBench(connected, async (bench) => {
        await bench.settle(bench.trigger.arm({ ...SINGLE, widthS: 1 }));
        const { finished } = await bench.settle(bench.trigger.fire());
        await bench.cut();
        const outcome = await bench.settle(finished.catch((error: unknown) => error));
        expect(outcome).toBeInstanceOf(Fault);
        expect(outcome).toMatchObject({ code: "device.unknown-outcome" });
        await expectFault(bench, bench.trigger.arm(SINGLE), "link.closed");
        await bench.settle(bench.trigger.connect());
        expect(bench.firedCount()).toBe(1);
        expect(await fireArmed(bench, SINGLE)).toBe(1);
      }));
  });
}

function codeOf(error: unknown): string {
  if (error instanceof Fault) return error.code;
  throw error;
}
