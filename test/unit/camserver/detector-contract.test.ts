import { createMemoryCable, createVirtualTime } from "../../contract/contract-bench.ts";
import { detectorContract } from "../../contract/detector.ts";
import { camserverContract } from "./camserver-contract.ts";

detectorContract("a detector behind a camserver on a link in memory", ({ isAnotherDevice = false } = {}) => {
  const time = createVirtualTime();
  return Promise.resolve(camserverContract(time, createMemoryCable(time, "detector"), isAnotherDevice));
});
