/** Asks the machine's time service how far its clock is off UTC. */
import { execFile } from "node:child_process";
import { parseChronyTracking, type ClockOffset } from "../../protocols/base/clock-offset.ts";

const ANSWER_MS = 3000;

/** Null where there is no such service, or it does not know. */
export function readClockOffset(): Promise<ClockOffset | null> {
  return new Promise((resolve) => {
    const options = { timeout: ANSWER_MS, env: { ...process.env, LC_ALL: "C" }, windowsHide: true };
    execFile("chronyc", ["-n", "tracking"], options, (error, stdout) => {
      resolve(error === null ? parseChronyTracking(stdout) : null);
    });
  });
}
