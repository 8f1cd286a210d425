import { createCamserverDetector } from "../../../drivers/dectris-camserver/camserver-detector.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import { createCamserverTwin } from "../../../simulator/dectris-camserver/camserver-twin.ts";
import { createMemoryLink } from "../../../simulator/links/memory-link.ts";
import type { DeviceEnd } from "../../../simulator/plant/plant.ts";
import { createVirtualTime } from "../../contract/contract-bench.ts";
import { detectorContract } from "../../contract/detector.ts";

const READ_OUT_S = 0.001;

detectorContract("a detector behind a camserver on a link in memory", (options = {}) => {
  const time = createVirtualTime();
  const { clock } = time;
  const cable = createMemoryLink(clock, { name: "detector", latencyMs: 0.5 });
  let beganCount = 0;
  let losesStart = false;
  const end: DeviceEnd = {
    ...cable.end,
    send(chunk) {
      const isStart = Buffer.from(chunk).includes("Starting");
      if (isStart) beganCount += 1;
      if (isStart && losesStart) losesStart = false;
      else cable.end.send(chunk);
    },
  };
  const twin = createCamserverTwin({ end, clock, frames: { frameTaken: () => undefined }, readOutS: READ_OUT_S });
  if (options.isAnotherDevice === true) {
    cable.end.onData(() => {
      cable.end.send(Buffer.from("1 ERR *** Unrecognized command: version\x18"));
    });
  }
  const detector = createCamserverDetector({
    name: "detector",
    openLink: cable.openLink,
    clock,
    readOutS: READ_OUT_S,
  });
  const faults: Fault[] = [];
  detector.onFault((fault) => faults.push(fault));
  return Promise.resolve({
    ...time,
    detector,
    faults,
    folder: "/ramdisk/rack",
    framePath: (fileName) => `/ramdisk/rack/${fileName}`,
    beganCount: () => beganCount,
    isExposing: () => twin.isExposing,
    neverEnd(never) {
      twin.faults.neverEnds = never;
    },
    loseNextStartAnswer() {
      losesStart = true;
    },
    cut() {
      cable.cut("pulled");
    },
    silence(isSilent) {
      twin.faults.isSilent = isSilent;
    },
  });
});
