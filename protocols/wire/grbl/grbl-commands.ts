/**
 * What is said to a GRBL 1.1 controller. Lines end with `\n` alone: `\r\n` would count as two lines and get two
 * answers. Real-time bytes are taken out of the stream on arrival and get none.
 */

/** Single bytes, effective at once, whatever waits in the receive buffer. */
export const GRBL_REALTIME = {
  reset: 0x18,
  status: 0x3f,
  feedHold: 0x21,
  resume: 0x7e,
  jogCancel: 0x85,
} as const;

export type GrblRealtime = keyof typeof GRBL_REALTIME;

export const GRBL_HOME = "$H\n";
export const GRBL_BUILD_INFO = "$I\n";
export const GRBL_SETTINGS = "$$\n";
/** Works in every state, and its answer is unlike any other: the mark by which answers are brought into step again. */
export const GRBL_PARSER_STATE = "$G\n";

/**
 * Answered only when the planner is empty and the motors rest. Zero seconds on purpose: the core waits for the
 * planner all the same and accepts it, while any positive dwell is rounded up to its 50 ms grain, a cost at each
 * of 96 places of a sweep.
 */
export const GRBL_WAIT_FOR_REST = "G4 P0\n";

/**
 * Rapid move in machine coordinates, absolute whatever the modal state; millimetres, three decimals (the wire's
 * resolution). Throws RangeError on a coordinate that is not finite.
 */
export function encodeRapidTo(machineXMm: number, machineYMm: number): string {
  return `G21 G53 G0 X${coordinate(machineXMm)} Y${coordinate(machineYMm)}\n`;
}

function coordinate(mm: number): string {
  if (!Number.isFinite(mm)) throw new RangeError(`not a coordinate: ${mm}`);
  const text = mm.toFixed(3);
  return text === "-0.000" ? "0.000" : text;
}
