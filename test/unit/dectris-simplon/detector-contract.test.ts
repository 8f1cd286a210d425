import { detectorContract, type DetectorBench } from "../../contract/detector.ts";
import { createSimplonBench } from "./simplon-bench.ts";

detectorContract("a SIMPLON detector on HTTP in memory", (options = {}) => {
  const bench = createSimplonBench(
    options.isAnotherDevice === true ? { impostor: () => ({ status: 200, body: "<html>It works!</html>" }) } : {},
  );
  const made: DetectorBench = {
    ...bench,
    folder: "/data",
    framePath: (fileName) => `/data/${fileName.replace(".cbf", "")}_data_000001.h5`,
    beganCount: () => bench.twin.triggerCount,
    isExposing: () => bench.twin.state === "acquire",
    neverEnd(never) {
      bench.twin.faults.neverEnds = never;
    },
    loseNextStartAnswer() {
      bench.http.loseAnswers(({ path }) => {
        if (!path.endsWith("/command/trigger")) return false;
        bench.http.loseAnswers(null);
        return true;
      });
    },
    cut() {
      bench.http.cut("pulled");
    },
    silence(isSilent) {
      bench.twin.faults.isSilent = isSilent;
    },
  };
  return Promise.resolve(made);
});
