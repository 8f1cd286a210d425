import type { Fault } from "../../../protocols/base/fault.ts";
import type { Detector } from "../../../protocols/roles/detector.ts";
import { createCamserverDetector } from "../../../drivers/dectris-camserver/camserver-detector.ts";
import { createVirtualClock, type VirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { createCamserverTwin, type CamserverTwin } from "../../../simulator/dectris-camserver/camserver-twin.ts";
import { createMemoryLink, type MemoryLink } from "../../../simulator/links/memory-link.ts";

export interface DetectorBench {
  readonly clock: VirtualClock;
  readonly cable: MemoryLink;
  readonly twin: CamserverTwin;
  readonly detector: Detector;
  readonly faults: Fault[];
  readonly frames: { startMs: number; endMs: number; path: string }[];
  /** Lines the detector was sent, in order. */
  readonly sent: string[];
  /** Runs the clock until the promise settles; rejects with what it rejects. */
  settle<T>(work: Promise<T>, withinMs?: number): Promise<T>;
  runFor(ms: number): Promise<void>;
}

export const READ_OUT_S = 0.001;

/** A detector driver and its twin on one cable, connected unless told otherwise. */
export async function createDetectorBench(connect = true): Promise<DetectorBench> {
  const clock = createVirtualClock(0, { drain: () => new Promise((resolve) => setImmediate(resolve)) });
  const cable = createMemoryLink(clock, { name: "detector", latencyMs: 0.5 });
  const frames: { startMs: number; endMs: number; path: string }[] = [];
  const twin = createCamserverTwin({
    end: cable.end,
    clock,
    frames: { frameTaken: (startMs, endMs, path) => frames.push({ startMs, endMs, path }) },
    readOutS: READ_OUT_S,
  });
  const sent: string[] = [];
  const faults: Fault[] = [];
  const detector = createCamserverDetector({
    name: "detector",
    clock,
    readOutS: READ_OUT_S,
    openLink: async () => {
      const link = await cable.openLink();
      const write = link.write.bind(link);
      link.write = (bytes) => {
        sent.push(...Buffer.from(bytes).toString("latin1").split("\n").filter(Boolean));
        write(bytes);
      };
      return link;
    },
  });
  detector.onFault((fault) => faults.push(fault));
  const runFor = (ms: number): Promise<void> => clock.run(clock.nowMs() + ms);
  async function settle<T>(work: Promise<T>, withinMs = 60_000): Promise<T> {
    let isSettled = false;
    const watched = work.finally(() => {
      isSettled = true;
      clock.stop();
    });
    watched.catch(() => undefined);
    await runFor(withinMs);
    if (!isSettled as boolean) throw new Error(`not settled within ${withinMs} ms`);
    return watched;
  }
  const bench = { clock, cable, twin, detector, faults, frames, sent, settle, runFor };
  if (connect) {
    await settle(detector.connect());
    sent.length = 0;
  }
  return bench;
}
