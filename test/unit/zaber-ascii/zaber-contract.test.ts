import { stageContract, type StageBench, type StageBenchOptions } from "../../contract/stage.ts";
import { createZaberBench, rackTruth } from "./bench.ts";

function benchOf(wiring: "one-device" | "two-devices") {
  return ({ device }: StageBenchOptions): StageBench => {
    const bench = createZaberBench({
      twin: { wiring, ...(device === "wrong" ? { motion: { speedMmS: 20, accelerationMmS2: 500 } } : {}) },
    });
    return {
      ...bench,
      travelMm: { x: 280, y: 180 },
      overheadMs: 20,
      nowMs: () => bench.clock.nowMs(),
      truth: () => rackTruth(bench),
      hang: (isHung) => {
        bench.cable.hang(isHung);
      },
      cut: () => {
        bench.cable.cut("unplugged");
      },
      powerCycle: () => {
        bench.twin.powerCycle();
      },
    };
  };
}

stageContract("zaber-ascii, one controller", benchOf("one-device"));
stageContract("zaber-ascii, a chain of two", benchOf("two-devices"));
