/** What every channel must do that is disconnected while it connects: nobody is told later that it is there after all. */
import { describe, expect, it } from "vitest";
import type { CellLimits, ChannelStep } from "../../protocols/roles/channel.ts";
import { expectFault, onBench } from "./contract-bench.ts";
import type { ChannelBench } from "./channel.ts";

const limits: CellLimits = { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.01, currentMinA: -0.01 };
const charge: ChannelStep = {
  kind: "constant-current",
  currentA: 0.001,
  untilVoltageV: 3.8,
  sampleIntervalS: 1,
  untilTimeS: 600,
  limits,
};
/** From before the link is open to behind the last answer of the quick ones. */
const MOMENTS_S = [0, 0.0002, 0.0007, 0.0012, 0.002, 0.004, 0.006, 0.008, 0.02, 0.03, 0.05, 0.06];

export function channelDisconnectContract(name: string, make: () => Promise<ChannelBench>): void {
  async function expectDisconnected(bench: ChannelBench): Promise<void> {
    await bench.pass(10);
    await expectFault(bench, bench.channel.measureOpenCircuitV(), "link.closed");
    await expectFault(bench, bench.channel.start(charge), "link.closed");
    await expectFault(bench, bench.channel.abort(), "link.closed");
    expect(bench.cell.driveCount).toBe(0);
    expect(bench.faults).toEqual([]);
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start(charge));
    expect(bench.cell.driveCount).toBe(1);
  }

  describe(`${name}, as a channel that is disconnected while it connects`, () => {
    it.each(MOMENTS_S)("stays so, %f s into it", (afterS) =>
      onBench(make, async (bench) => {
        const attempt = { isUnderWay: true };
        const connecting = bench.channel.connect().finally(() => {
          attempt.isUnderWay = false;
        });
        connecting.catch(() => undefined);
        await bench.pass(afterS);
        const { isUnderWay } = attempt;
        bench.channel.disconnect();
        if (isUnderWay) await expectFault(bench, connecting, "link.closed");
        await expectDisconnected(bench);
      }),
    );

    it("stays so where another attempt waited already", () =>
      onBench(make, async (bench) => {
        const attempts = [bench.channel.connect(), bench.channel.connect()];
        for (const attempt of attempts) attempt.catch(() => undefined);
        await bench.pass(0.0002);
        bench.channel.disconnect();
        for (const attempt of attempts) await expectFault(bench, attempt, "link.closed");
        await expectDisconnected(bench);
      }));

    it("is connected by whoever asks again at once", () =>
      onBench(make, async (bench) => {
        const first = bench.channel.connect();
        first.catch(() => undefined);
        await bench.pass(0.0002);
        bench.channel.disconnect();
        const second = bench.channel.connect();
        await expectFault(bench, first, "link.closed");
        await bench.settle(second);
        await bench.settle(bench.channel.start(charge));
        expect(bench.cell.driveCount).toBe(1);
      }));
  });
}
