import { createCamserverDetector } from "../../../drivers/dectris-camserver/camserver-detector.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import { createCamserverTwin } from "../../../simulator/dectris-camserver/camserver-twin.ts";
import type { DeviceEnd } from "../../../simulator/plant/plant.ts";
import type { ContractCable, ContractTime } from "../../contract/contract-bench.ts";
import type { DetectorBench } from "../../contract/detector.ts";

const READ_OUT_S = 0.001;

/** A camserver as the contract of a detector wants it, on any cable. */
export function camserverContract(time: ContractTime, cable: ContractCable, isAnotherDevice: boolean): DetectorBench {
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
  const twin = createCamserverTwin({
    end,
    clock: time.world,
    frames: { frameTaken: () => undefined },
    readOutS: READ_OUT_S,
  });
  if (isAnotherDevice) {
    cable.end.onData(() => {
      cable.end.send(Buffer.from("1 ERR *** Unrecognized command: version\x18"));
    });
  }
  const detector = createCamserverDetector({
    name: "detector",
    openLink: cable.openLink,
    clock: time.clock,
    readOutS: READ_OUT_S,
  });
  const faults: Fault[] = [];
  detector.onFault((fault) => faults.push(fault));
  return {
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
    cut: cable.cut,
    silence(isSilent) {
      twin.faults.isSilent = isSilent;
    },
  };
}
