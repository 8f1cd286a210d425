/** What a watched controller tells of its memory. */
export interface HeapLook {
  readonly heap_MB: number;
  /** Beside the heap: buffers. */
  readonly external_MB: number;
  /** What keeps its event loop alive: timers, sockets, pipes. */
  readonly resources: number;
}

export const HEAP_LOOKS_VARIABLE = "BEAMRACK_HEAP_LOOKS";
export const HEAP_LOOKS_MS = 15_000;
