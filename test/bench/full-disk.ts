/**
 * A run on the simulated bench, each program a process of its own, whose disk is full in the middle: what it says, that
 * nothing is exposed meanwhile, that it goes on once there is room, and what it leaves where it is ended before. The disk
 * is one of memory, which only an administrator can mount: without that it says so and ends with 2.
 *
 *   npm run -s build && node --import tsx test/bench/full-disk.ts
 *
 * Exit 3 where something does not hold.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { CAMPAIGN, clearBench, exposed, exposures, newFolder, start, startBench } from "../support/bench-process.ts";
import { said } from "../support/beamrack-process.ts";

const DISK_BYTES = 96 << 20;
/** More than ten cadences of the campaign's sweep would take. */
const FULL_MS = 12_000;

const folder = newFolder();
const disk = join(folder, "disk");
mkdirSync(disk);
const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "tmpfs", disk], { stdio: "ignore" });
const filler = join(disk, "filler");
let missed = 0;

function holds(what: string, isSo: boolean): void {
  console.log(`${isSo ? "holds" : "DOES NOT HOLD"}: ${what}`);
  if (!isSo) missed += 1;
}

function fill(): void {
  for (let bytes = DISK_BYTES; bytes >= 1; bytes >>= 1) {
    try {
      writeFileSync(filler, Buffer.alloc(bytes), { flag: "a" });
    } catch {
      // So much does not fit.
    }
  }
}

async function whileFull(): Promise<void> {
  const { bench, site } = await startBench(folder);
  const data = join(disk, "data");
  const args = ["run", CAMPAIGN, "--site", site, "--data", data, "--headless", "--json"];

  const run = start(folder, args);
  await exposed(run, data, 2, 60_000);
  fill();
  await said(run, "store.refused", 60_000);
  // What was under way is over by then.
  await pause(5000);
  const before = exposures(data);
  await pause(FULL_MS);
  holds("the run says that the record is refused, and lives", run.isRunning());
  holds("nothing is exposed while the disk is full", exposures(data) === before);
  rmSync(filler);
  await exposed(run, data, before + 2, 90_000);
  holds("once there is room it goes on exposing", true);

  fill();
  await pause(FULL_MS);
  run.signal("SIGINT");
  const code = await run.ended;
  holds(
    `ended while the disk is full it says so and does not end as if all were well (exit ${String(code)})`,
    code !== 0 && run.err().includes("store."),
  );
  console.log(run.err().split("\n").slice(-8).join("\n"));
  rmSync(filler);
  const verify = start(folder, ["verify", data, "--json"]);
  holds("what is left verifies", (await verify.ended) === 0);
  if (missed > 0) console.log(verify.out().slice(0, 2000));
  const again = start(folder, args);
  await exposed(again, data, exposures(data) + 1, 90_000);
  again.signal("SIGINT");
  await again.ended;
  holds("the run goes on in it", true);
  holds("it found the shutter closed", !again.err().includes("shutter.beam-not-off"));
  bench.signal("SIGTERM");
  await bench.ended;
}

if (mounted.status === 0) {
  try {
    await whileFull();
  } catch (error) {
    holds(error instanceof Error ? error.message : String(error), false);
  } finally {
    await clearBench().catch(() => undefined);
    spawnSync("umount", ["-l", disk]);
    rmSync(folder, { recursive: true, force: true });
  }
  process.exitCode = missed === 0 ? 0 : 3;
} else {
  console.log("a disk of its own could not be mounted: only an administrator can");
  await clearBench();
  process.exitCode = 2;
}
