import type { DeviceEnd } from "../../../simulator/plant/plant.ts";
import { channelContract, listenTo } from "../../contract/channel.ts";
import { countedCell } from "../../contract/counted-cell.ts";
import { createBench } from "../../support/methodscript-bench.ts";

channelContract(
  "palmsens-methodscript",
  (options) => {
    let isLosing = false;
    const cell = countedCell();
    const made = createBench({
      cell,
      ...(options?.isAnotherDevice === true ? { channel: { expectedSerialNumber: "ES4HR20B0009" } } : {}),
      wrapEnd: (end): DeviceEnd => ({
        ...end,
        send(chunk) {
          // The word for a script that runs.
          if (isLosing && Buffer.from(chunk).toString("latin1") === "r\n") {
            isLosing = false;
            return;
          }
          end.send(chunk);
        },
      }),
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
      currentToleranceA: 0.00001,
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
  },
  { countsCharge: true },
);
