import type { ModbusFraming } from "../../../drivers/link/modbus-port.ts";
import { channelContract, type ChannelBench, type ChannelBenchOptions } from "../../contract/channel.ts";
import { channelDisconnectContract } from "../../contract/channel-disconnect.ts";
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

const overTcp = benchOn({ kind: "tcp" });
const onSerialLine = benchOn({ kind: "rtu", baud: 115_200, lateReplyMs: 500 });

channelContract("modbus-cycler over TCP", overTcp);
channelContract("modbus-cycler on a serial line", onSerialLine);
channelDisconnectContract("modbus-cycler over TCP", overTcp);
channelDisconnectContract("modbus-cycler on a serial line", onSerialLine);
