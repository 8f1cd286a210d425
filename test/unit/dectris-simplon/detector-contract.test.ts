import { createMemoryHttp } from "../../../simulator/links/memory-http.ts";
import { createVirtualTime } from "../../contract/contract-bench.ts";
import { detectorContract } from "../../contract/detector.ts";
import { simplonContract } from "./simplon-bench.ts";

detectorContract("a SIMPLON detector on HTTP in memory", ({ isAnotherDevice = false } = {}) => {
  const time = createVirtualTime();
  const http = createMemoryHttp(time.clock, { name: "detector", latencyMs: 0.5 });
  const cut = (): void => {
    http.cut("pulled");
  };
  return Promise.resolve(simplonContract(time, { port: http.port, end: http.end, cut }, isAnotherDevice));
});
