import { channelContract, listenTo, type ChannelBench, type ChannelBenchOptions } from "../../contract/channel.ts";
import { channelDisconnectContract } from "../../contract/channel-disconnect.ts";
import { countedCell } from "../../contract/counted-cell.ts";
import { createKeithleyBench } from "../../support/keithley-bench.ts";

function make(options?: ChannelBenchOptions): Promise<ChannelBench> {
  let isLosing = false;
  const cell = countedCell();
  const made = createKeithleyBench({
    twin: { cell, ...(options?.isAnotherDevice === true ? { identity: "ACME,MODEL 2450,1,1" } : {}) },
    alter(text) {
      // The output is asked for after each switching; a `1` comes after switching on.
      if (!isLosing || text !== "1\n") return text;
      isLosing = false;
      return undefined;
    },
  });
  const heard = listenTo(made.channel, () => {
    made.clock.touch();
  });
  return Promise.resolve({
    settle: (work) => made.settle(work),
    pass: (seconds) => made.pass(seconds),
    nowS: () => made.clock.nowMs() / 1000,
    close: () => Promise.resolve(),
    faults: heard.faults,
    channel: made.channel,
    cell,
    heard,
    voltageToleranceV: 0.0005,
    currentToleranceA: 0.000005,
    loseNextStartAnswer() {
      isLosing = true;
    },
    cut() {
      made.cable.cut("cut");
    },
    silence(isSilent) {
      made.cable.hang(isSilent);
    },
  });
}

channelContract("keithley-smu", make);
channelDisconnectContract("keithley-smu", make);
