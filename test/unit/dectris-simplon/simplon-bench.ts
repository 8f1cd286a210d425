import { createSimplonDetector, type SimplonOptions } from "../../../drivers/dectris-simplon/simplon-detector.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import type { Acquisition, Detector } from "../../../protocols/roles/detector.ts";
import { createMemoryHttp, type MemoryHttp } from "../../../simulator/links/memory-http.ts";
import { createSimplonTwin, type SimplonTwin } from "../../../simulator/dectris-simplon/simplon-twin.ts";
import type { SimplonModel } from "../../../simulator/dectris-simplon/simplon-values.ts";
import type { HttpPort } from "../../../protocols/roles/http.ts";
import type { HttpEnd } from "../../../simulator/plant/http-end.ts";
import {
  createVirtualTime,
  type ContractCable,
  type ContractTime,
  type VirtualTime,
} from "../../contract/contract-bench.ts";
import type { DetectorBench } from "../../contract/detector.ts";

export const READ_OUT_S = 0.004;
export const FRAME: Acquisition = { exposureS: 0.5, folder: "/data", fileName: "A1_00001.cbf" };

export interface SimplonParts {
  readonly twin: SimplonTwin;
  readonly detector: Detector;
  readonly faults: Fault[];
  readonly frames: { readonly startMs: number; readonly endMs: number; readonly path: string }[];
  /** `PUT /detector/api/1.8.0/command/arm`, in order, with the body after a blank. */
  readonly requests: string[];
  /** Requests for which this gives true are obeyed and not answered. */
  losesAnswer: (path: string) => boolean;
  /** Requests for which this gives true are answered before they are obeyed. */
  answersAtOnce: (path: string) => boolean;
}

export interface SimplonBench extends VirtualTime, SimplonParts {
  readonly http: MemoryHttp;
}

/** HTTP that can be cut, in memory or between real ports. */
export interface HttpCable extends Pick<ContractCable, "cut"> {
  readonly port: HttpPort;
  readonly end: HttpEnd;
}

export interface SimplonBenchOptions extends SimplonOptions {
  readonly startState?: "na" | "idle" | "error";
  readonly version?: string;
  readonly model?: SimplonModel;
  /** Answers every request instead of the detector. */
  readonly impostor?: (path: string) => { readonly status: number; readonly body: string };
  /** Settings that the detector acknowledges and keeps as they are. */
  readonly keeps?: readonly string[];
}

/** A driver and its simulated detector on HTTP in memory; not connected. */
export function createSimplonBench(options: SimplonBenchOptions = {}): SimplonBench {
  const time = createVirtualTime();
  const http = createMemoryHttp(time.clock, { name: "detector", latencyMs: 0.5 });
  return Object.assign(createSimplonOn(time, http, options), time, { http });
}

/** The same on any HTTP. */
export function createSimplonOn(
  { clock, world }: ContractTime,
  http: Pick<HttpCable, "port" | "end">,
  options: SimplonBenchOptions,
): SimplonParts {
  const requests: string[] = [];
  const frames: { startMs: number; endMs: number; path: string }[] = [];
  const twin = createSimplonTwin({
    end: {
      onRequest(handler) {
        http.end.onRequest((request, answer) => {
          requests.push(`${request.method} ${request.path} ${request.body}`.trim());
          const other = options.impostor?.(request.path);
          const key = request.method === "PUT" ? (request.path.split("/config/")[1] ?? "") : "";
          if (other !== undefined) answer(other.status, other.body);
          else if (options.keeps?.includes(key) === true) answer(200, JSON.stringify([key]));
          else if (parts.losesAnswer(request.path)) handler(request, () => undefined);
          else if (parts.answersAtOnce(request.path)) {
            answer(200, "");
            handler(request, () => undefined);
          } else handler(request, answer);
        });
      },
    },
    clock: world,
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
  const parts: SimplonParts = {
    twin,
    detector,
    faults,
    frames,
    requests,
    losesAnswer: () => false,
    answersAtOnce: () => false,
  };
  return parts;
}

/** As the contract of a detector wants it. */
export function simplonContract(time: ContractTime, http: HttpCable, isAnotherDevice: boolean): DetectorBench {
  const bench = createSimplonOn(
    time,
    http,
    isAnotherDevice ? { impostor: () => ({ status: 200, body: "<html>It works!</html>" }) } : {},
  );
  return {
    ...time,
    detector: bench.detector,
    faults: bench.faults,
    folder: "/data",
    framePath: (fileName) => `/data/${fileName.replace(".cbf", "")}_data_000001.h5`,
    beganCount: () => bench.twin.triggerCount,
    isExposing: () => bench.twin.state === "acquire",
    neverEnd(never) {
      bench.twin.faults.neverEnds = never;
    },
    loseNextStartAnswer() {
      bench.losesAnswer = (path) => {
        if (!path.endsWith("/command/trigger")) return false;
        bench.losesAnswer = () => false;
        return true;
      };
    },
    cut: http.cut,
    silence(isSilent) {
      bench.twin.faults.isSilent = isSilent;
    },
  };
}
