import { stageContract } from "../../contract/stage.ts";
import { createGrblBench } from "./bench.ts";

stageContract("grbl", ({ device }) => {
  let motions = 0;
  const bench = createGrblBench(device === "wrong" ? { settings: { 110: 3000 } } : {});
  bench.table.onMove(() => {
    motions += 1;
  });
  return {
    stage: bench.stage,
    faults: bench.faults,
    finish: bench.finish,
    travelMm: { x: 290, y: 190 },
    overheadMs: 20,
    pass: (ms) => bench.clock.run(bench.clock.nowMs() + ms),
    nowMs: () => bench.clock.nowMs(),
    truth: () => ({
      xMm: bench.table.xMm(bench.clock.nowMs()) - 10,
      yMm: bench.table.yMm(bench.clock.nowMs()) - 10,
    }),
    motionsBegun: () => motions,
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
});
