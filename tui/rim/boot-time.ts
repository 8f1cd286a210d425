/** Asks the kernel how long the computer is up. */
import { readFileSync } from "node:fs";
import type { BootTime } from "../../protocols/base/boot-time.ts";

/** Null where nobody says, as on other systems than Linux. */
export function readBootTime(): BootTime | null {
  try {
    const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const upS = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
    return bootId !== "" && upS > 0 ? { bootId, upS } : null;
  } catch {
    return null;
  }
}
