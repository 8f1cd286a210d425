import { createVirtualTime } from "../../contract/contract-bench.ts";
import { sensorContract } from "../../contract/sensor.ts";
import { createSensorBench, FLUX_TOPIC, RING_TOPIC } from "./mqtt-fixture.ts";

const PERIOD_S = 1;

sensorContract("an MQTT sensor on a link in memory", async (options = {}) => {
  let sensed: number | null = 0;
  const bench = await createSensorBench(false, [
    {
      topic: RING_TOPIC,
      periodMs: PERIOD_S * 1000,
      payload: () => JSON.stringify({ value: sensed ?? "no beam", unit: "mA" }),
    },
    { topic: FLUX_TOPIC, periodMs: PERIOD_S * 1000, payload: () => "1" },
  ]);
  if (options.isAnotherDevice === true) {
    bench.cable.end.onData(() => {
      bench.cable.end.send(Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"));
    });
  }
  const { close } = createVirtualTime();
  return {
    sensor: bench.ring,
    faults: bench.faults,
    periodS: PERIOD_S,
    settle: (work) => bench.settle(work),
    pass: (seconds) => bench.runFor(seconds * 1000),
    nowS: () => bench.clock.nowMs() / 1000,
    close,
    sense(value) {
      sensed = value;
    },
    cut() {
      bench.cable.cut("pulled");
    },
    silence(isSilent) {
      bench.cable.hang(isSilent);
    },
  };
});
