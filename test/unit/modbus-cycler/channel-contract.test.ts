import type { ModbusFraming } from "../../../drivers/link/modbus-port.ts";
import { channelContract, type ChannelBench, type ChannelBenchOptions } from "../../contract/channel.ts";
import { createCyclerBench } from "../../support/cycler-bench.ts";

function benchOn(framing: ModbusFraming): (options?: ChannelBenchOptions) => Promise<ChannelBench> {
  return (options) => {
    const made = createCyclerBench({
      framing,
      ...(options?.isAnotherDevice === true ? { twin: { model: "EL 9080-170 B" } } : {}),
    });
    return Promise.resolve({
      settle: (work) => made.settle(work),
      pass: (seconds) => made.pass(seconds),
      nowS: () => made.nowS(),
      close: () => made.close(),
      faults: made.heard.faults,
      channel: made.channel,
      cell: made.cell,
      heard: made.heard,
      voltageToleranceV: 0.001,
      currentToleranceA: 0.00001,
      loseNextStartAnswer() {
        made.alter = (answer) => {
          // The echo of output on: function 5, coil 405.
          const isEcho = Buffer.from(answer).toString("hex").includes("050195ff00");
          if (isEcho) made.alter = (next) => next;
          return isEcho ? undefined : answer;
        };
      },
      cut() {
        made.cable.cut("cut");
      },
      silence(isSilent) {
        made.cable.hang(isSilent);
      },
    });
  };
}

channelContract("modbus-cycler over TCP", benchOn({ kind: "tcp" }));
channelContract("modbus-cycler on a serial line", benchOn({ kind: "rtu", baud: 115_200, lateReplyMs: 500 }));
