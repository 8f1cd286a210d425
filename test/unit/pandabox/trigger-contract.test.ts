import { triggerContract } from "../../contract/trigger.ts";
import { createPandaboxBench } from "./pandabox-bench.ts";

triggerContract("a PandABox on a link in memory", (options = {}) => {
  const bench = createPandaboxBench(options.isAnotherDevice === true ? { identity: "Zebra 1.0" } : {});
  const isFire = (text: string): boolean => text.startsWith("BITS.A=1");
  return Promise.resolve({
    ...bench,
    gates: () => bench.gates,
    firedCount: () => bench.twin.startedCount,
    neverEnd(never: boolean) {
      bench.twin.faults.neverEnds = never;
    },
    loseNextFireAnswer() {
      let isFired = false;
      bench.hears = (text) => {
        isFired ||= isFire(text);
        return text;
      };
      bench.answers = () => {
        if (!isFired) return true;
        bench.answers = () => true;
        return false;
      };
    },
    loseNextFire() {
      bench.hears = (text) => {
        if (!isFire(text)) return text;
        bench.hears = (next) => next;
        return undefined;
      };
    },
    cut() {
      bench.cable.cut("pulled");
    },
    silence(isSilent: boolean) {
      bench.twin.faults.isSilent = isSilent;
    },
    meddle() {
      bench.say("SEQ1.PRESCALE.RAW=7");
    },
  });
});
