/**
 * Whether a controller that is started again knows what time it is in its campaign, whatever was done to its computer
 * meanwhile: it reads that as a run on the wall's clock does, and is held against the world's own time.
 */
import { createClockWatch } from "../../controller/run/clock-watch.ts";
import type { CampaignRun } from "../../controller/run/campaign-run.ts";
import type { RecordStore } from "../../controller/record/store.ts";
import type { BootTime } from "../../protocols/base/boot-time.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import { isFault } from "../../protocols/base/fault.ts";
import type { Violation } from "../../simulator/world/world-truth.ts";
import { beganAgo, type BeganAgo } from "../run/began-ago.ts";
import { lookAtFolder } from "../run/left-folder.ts";

export interface Computer {
  /** What its clock is off by. */
  wallOffMs(): number;
  /** When that was set last; -Infinity for never. */
  readonly setAtMs: number;
  boot(): BootTime;
}

export interface CampaignTime {
  /** A controller that lives, with the clock of its own. */
  begins(run: CampaignRun, store: RecordStore, on: Clock): void;
  /** It is gone, before anything else is done to its computer. */
  lost(): void;
  /** Another is about to begin where the record ends. */
  goesOn(folder: string): void;
  readonly violations: readonly Violation[];
}

/** Less is taken for what two clocks are off by. */
const SAME_MS = 2000;

/**
 * So long after its clock was set at the latest a controller has that on its disk: it looks every minute, its process may stand
 * still for half of one, and where a disk may refuse that is waited for.
 */
const NOTED_MS = 120_000;
const DISK_TROUBLE_MS = 120_000;

export function createCampaignTime(world: Clock, computer: Computer, hasDiskTrouble: boolean): CampaignTime {
  const notedMs = NOTED_MS + (hasDiskTrouble ? DISK_TROUBLE_MS : 0);
  const violations: Violation[] = [];
  const startMs = world.wallMs() - world.monoMs();
  let aliveSinceMs = NaN;
  let began: BeganAgo | undefined;
  /** Starts of the computer of which one has put on record how long it was up. */
  const noted = new Set<string>();
  /** What the clock was off by as that was put on record last; undefined where it is unknown whether what it is off by is. */
  let notedOffMs: number | undefined;

  /** Undefined where nobody can know. */
  function knowable(nowMs: number, lastMs: number): number | undefined {
    if (noted.has(computer.boot().bootId)) return nowMs;
    if (notedOffMs === undefined) return undefined;
    return Math.max(lastMs, nowMs + computer.wallOffMs() - notedOffMs);
  }

  return {
    violations,
    begins(run, store, on) {
      aliveSinceMs = world.monoMs();
      const { setOnMs = 0, doubtfulBreakMs = 0 } = began ?? {};
      const watch = createClockWatch({
        ...{ clock: on, store, alarms: run.alarms, setOnMs, doubtfulBreakMs },
        read: () => Promise.resolve(null),
        bootTime: () => computer.boot(),
      });
      const over = (): void => {
        watch.stop();
      };
      run.actor.subscribe({ complete: over, error: over });
      watch.start();
    },
    lost() {
      const offMs = computer.wallOffMs();
      if (world.monoMs() - Math.max(aliveSinceMs, computer.setAtMs) >= notedMs) {
        noted.add(computer.boot().bootId);
        notedOffMs = offMs;
      } else if (offMs !== notedOffMs) notedOffMs = undefined;
    },
    goesOn(folder) {
      const nowMs = world.monoMs();
      try {
        const left = lookAtFolder(folder);
        if (left === undefined) return;
        began = beganAgo(
          { ...left, startMs },
          { wallMs: world.wallMs() + computer.wallOffMs(), boot: computer.boot() },
        );
        const { agoMs } = began;
        // One that lived for less than it takes may have noted it all the same.
        if (Math.abs(agoMs - nowMs) <= SAME_MS) return;
        const trueMs = knowable(nowMs, left.lastMs);
        if (trueMs === undefined || Math.abs(agoMs - trueMs) <= SAME_MS) return;
        const what = `a controller that was started again took it for ${Math.round(agoMs / 1000)} s, and could have known ${Math.round(trueMs / 1000)} s`;
        violations.push({ invariant: "campaign-time", at_s: nowMs / 1000, what });
      } catch (error) {
        // What was over, or had not begun on the disk, has no time of its own.
        if (!isFault(error)) throw error;
      }
    },
  };
}
