/**
 * Loaded before a controller that is watched (`--expose-gc --import`): every so often everything that can be thrown away is,
 * and what is left goes as a line into the file that BEAMRACK_HEAP_LOOKS names. Of its own thread: the one that writes its
 * record loads this as well, and has a heap of its own.
 */
import { appendFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { HEAP_LOOKS_MS, HEAP_LOOKS_VARIABLE, type HeapLook } from "./heap-look.ts";

const path = process.env[HEAP_LOOKS_VARIABLE];
const { gc } = globalThis;
if (isMainThread && path !== undefined && gc !== undefined) {
  setInterval(() => {
    gc();
    const { heapUsed, external } = process.memoryUsage();
    const look: HeapLook = {
      heap_MB: heapUsed / 2 ** 20,
      external_MB: external / 2 ** 20,
      resources: process.getActiveResourcesInfo().length,
    };
    appendFileSync(path, `${JSON.stringify(look)}\n`);
  }, HEAP_LOOKS_MS).unref();
}
