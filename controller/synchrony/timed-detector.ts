/** A detector whose times are noted on the way: asked to begin, said that it counts, said that it was over. */
import type { Clock } from "../../protocols/base/clock.ts";
import type { Detector } from "../../protocols/roles/detector.ts";
import type { HeardDetector } from "./clock-offset.ts";

export interface TimedDetector {
  /** Does what the other does. */
  readonly detector: Detector;
  /** Of the exposure begun since it was armed last; null where none was. */
  last(): HeardDetector | null;
}

export function timedDetector(detector: Detector, clock: Clock): TimedDetector {
  let exposureS = NaN;
  let last: HeardDetector | null = null;

  const timed: Detector = {
    name: detector.name,
    driver: detector.driver,
    get readOutS() {
      return detector.readOutS;
    },
    connect: () => detector.connect(),
    disconnect() {
      detector.disconnect();
    },
    onFault: (handler) => detector.onFault(handler),
    arm(acquisition) {
      ({ exposureS } = acquisition);
      last = null;
      return detector.arm(acquisition);
    },
    async start() {
      const askedAtMs = clock.monoMs();
      const started = await detector.start();
      const heard: HeardDetector = { askedAtMs, countsAtMs: clock.monoMs(), exposureS, finishedAtMs: null };
      last = heard;
      const noteEnd = (): void => {
        if (last === heard) last = { ...heard, finishedAtMs: clock.monoMs() };
      };
      // A failure is told to whoever waits for the frame.
      started.finished.then(noteEnd, () => undefined);
      return started;
    },
    abort: () => detector.abort(),
  };

  return { detector: timed, last: () => last };
}
