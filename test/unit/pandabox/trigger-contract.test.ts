import { createMemoryCable, createVirtualTime } from "../../contract/contract-bench.ts";
import { triggerContract } from "../../contract/trigger.ts";
import { pandaboxContract } from "./pandabox-bench.ts";

triggerContract("a PandABox on a link in memory", ({ isAnotherDevice = false } = {}) => {
  const time = createVirtualTime();
  return Promise.resolve(pandaboxContract(time, createMemoryCable(time, "trigger", 0.3), isAnotherDevice));
});
