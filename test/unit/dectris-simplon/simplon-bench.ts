import { createSimplonDetector, type SimplonOptions } from "../../../drivers/dectris-simplon/simplon-detector.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import type { Acquisition, Detector } from "../../../protocols/roles/detector.ts";
import { createMemoryHttp, type MemoryHttp } from "../../../simulator/links/memory-http.ts";
import { createSimplonTwin, type SimplonTwin } from "../../../simulator/dectris-simplon/simplon-twin.ts";
import type { SimplonModel } from "../../../simulator/dectris-simplon/simplon-values.ts";
import { createVirtualTime, type VirtualTime } from "../../contract/contract-bench.ts";

export const READ_OUT_S = 0.004;
export const FRAME: Acquisition = { exposureS: 0.5, folder: "/data", fileName: "A1_00001.cbf" };

export interface SimplonBench extends VirtualTime {
  readonly http: MemoryHttp;
  readonly twin: SimplonTwin;
  readonly detector: Detector;
  readonly faults: Fault[];
  readonly frames: { readonly startMs: number; readonly endMs: number; readonly path: string }[];
  /** `PUT /detector/api/1.8.0/command/arm`, in order, with the body after a blank. */
  readonly requests: string[];
}

export interface SimplonBenchOptions extends SimplonOptions {
  readonly startState?: "na" | "idle" | "error";
  readonly version?: string;
  readonly model?: SimplonModel;
  /** Answers every request instead of the detector. */
  readonly impostor?: (path: string) => { readonly status: number; readonly body: string };
}

/** A driver and its simulated detector on HTTP in memory; not connected. */
export function createSimplonBench(options: SimplonBenchOptions = {}): SimplonBench {
  const time = createVirtualTime();
  const { clock } = time;
  const http = createMemoryHttp(clock, { name: "detector", latencyMs: 0.5 });
  const requests: string[] = [];
  const frames: { startMs: number; endMs: number; path: string }[] = [];
  const twin = createSimplonTwin({
    end: {
      onRequest(handler) {
        http.end.onRequest((request, answer) => {
          requests.push(`${request.method} ${request.path} ${request.body}`.trim());
          const other = options.impostor?.(request.path);
          if (other === undefined) handler(request, answer);
          else answer(other.status, other.body);
        });
      },
    },
    clock,
    frames: { frameTaken: (startMs, endMs, path) => frames.push({ startMs, endMs, path }) },
    readOutS: READ_OUT_S,
    ...options,
  });
  const detector = createSimplonDetector({
    name: "detector",
    http: http.port,
    clock,
    readOutS: READ_OUT_S,
    ...options,
  });
  const faults: Fault[] = [];
  detector.onFault((fault) => faults.push(fault));
  return { ...time, http, twin, detector, faults, frames, requests };
}
