import { channelContract, listenTo, type ChannelBench, type ChannelBenchOptions } from "../../contract/channel.ts";
import { channelDisconnectContract } from "../../contract/channel-disconnect.ts";
import { countedCell } from "../../contract/counted-cell.ts";
import { addressOf, createNewareBench } from "../../support/neware-bench.ts";

function make(options?: ChannelBenchOptions): Promise<ChannelBench> {
  let isLosing = false;
  const cell = countedCell();
  const made = createNewareBench({
    twin: { channels: [{ ...addressOf(0), ...(options?.isAnotherDevice === true ? { channelId: 8 } : {}), cell }] },
    passes(reply) {
      if (!isLosing || !reply.includes("<cmd>start_resp")) return true;
      isLosing = false;
      return false;
    },
  });
  const { channel } = made.one;
  const heard = listenTo(channel, () => {
    made.clock.touch();
  });
  return Promise.resolve({
    settle: (work) => made.settle(work),
    pass: (seconds) => made.pass(seconds),
    nowS: () => made.clock.nowMs() / 1000,
    close: () => Promise.resolve(),
    faults: heard.faults,
    channel,
    cell,
    heard,
    // The client shows four decimals.
    voltageToleranceV: 0.0002,
    currentToleranceA: 0.0001,
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

channelContract("neware-bts", make, { countsCharge: true });
channelDisconnectContract("neware-bts", make);
