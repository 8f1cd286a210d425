import { createMemoryCable, createVirtualTime } from "../../contract/contract-bench.ts";
import { triggerContract } from "../../contract/trigger.ts";
import { dg645Contract } from "./dg645-bench.ts";

triggerContract("an SRS DG645 on a link in memory", ({ isAnotherDevice = false } = {}) => {
  const time = createVirtualTime();
  return Promise.resolve(dg645Contract(time, createMemoryCable(time, "trigger"), isAnotherDevice));
});
