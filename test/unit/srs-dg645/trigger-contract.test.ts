import { triggerContract } from "../../contract/trigger.ts";
import { createDg645Bench } from "./dg645-bench.ts";

triggerContract("an SRS DG645 on a link in memory", (options = {}) => {
  const bench = createDg645Bench(
    options.isAnotherDevice === true ? { identity: "Stanford Research Systems,SR830,s/n12345,ver1.07" } : {},
  );
  return Promise.resolve({
    ...bench,
    gates: () => bench.gates,
    firedCount: () => bench.twin.firedCount,
    neverEnd(never: boolean) {
      bench.twin.faults.neverEnds = never;
    },
    loseNextFireAnswer() {
      let isFired = false;
      bench.hears = (line) => {
        isFired ||= line.startsWith("*TRG");
        return line;
      };
      bench.answers = () => {
        if (!isFired) return true;
        bench.answers = () => true;
        return false;
      };
    },
    loseNextFire() {
      let isLost = false;
      bench.hears = (line) => {
        if (isLost && line.startsWith("LERR")) {
          bench.hears = (next) => next;
          return undefined;
        }
        isLost ||= line.startsWith("*TRG");
        return isLost ? undefined : line;
      };
    },
    cut() {
      bench.cable.cut("pulled");
    },
    silence(isSilent: boolean) {
      bench.twin.faults.isSilent = isSilent;
    },
    meddle() {
      bench.say("DLAY 3,2,0.5");
    },
  });
});
