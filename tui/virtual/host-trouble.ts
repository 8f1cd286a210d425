/** The controller's own computer in trouble: its clock, its disk, its processor, and the people at its screens. */
import { heardStore } from "../../controller/bus/heard-store.ts";
import type { CampaignRun } from "../../controller/run/campaign-run.ts";
import type { RecordStore } from "../../controller/record/store.ts";
import { sleep, type Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { VirtualClock } from "../../simulator/clock/virtual-clock.ts";
import type { Chance } from "../../simulator/plant/plant.ts";
import { isDiskFault, isHostFault, type DiskFault } from "../../simulator/world/host-faults.ts";
import type { WorldFault } from "../../simulator/world/world-faults.ts";
import type { World } from "../../simulator/world/world.ts";
import type { Computer } from "./campaign-time.ts";
import type { Mortal } from "./mortal.ts";
import { createPeople } from "./people-orders.ts";

export interface HostTroubleDeps {
  readonly faults: readonly WorldFault[];
  readonly clock: VirtualClock;
  readonly world: World;
  readonly chance: Chance;
  readonly endAtMs: number;
}

export interface HostTrouble {
  /** There is some at some time: whatever runs on this computer is to go through here. */
  readonly isExpected: boolean;
  /** What its clock is off by, and how long it is up. */
  readonly computer: Computer;
  /** Its controller was killed: what else befalls it meanwhile. */
  restarts(fault: WorldFault): void;
  /** Clock and boots are put on record, and looked at by whoever goes on. */
  readonly isRestarted: boolean;
  /** A disk that refuses is waited for. */
  readonly hasDiskTrouble: boolean;
  onDisk(store: RecordStore, on: Clock): RecordStore;
  /** `alive`: the controller that runs; undefined while there is none. */
  begin(
    alive: () => { readonly run: CampaignRun; readonly campaign: Campaign; readonly mortal: Mortal } | undefined,
  ): void;
}

/** A person who finds nobody listening tries again. */
const AGAIN_MS = 5000;
/** The computer was started an hour before the campaign. */
const UP_BEFORE_MS = 3_600_000;

export function createHostTrouble(deps: HostTroubleDeps): HostTrouble {
  const { clock, world, chance, endAtMs } = deps;
  const faults = deps.faults.filter(isHostFault);
  const hasDiskTrouble = faults.some(isDiskFault);
  const onDisk = new Set<DiskFault>();
  let offMs = 0;
  let setAtMs = -Infinity;
  const booted = { count: 1, atMs: -UP_BEFORE_MS };
  /** Of settings of the clock that nobody has read since. */
  const unread: WorldFault[] = [];

  function felt(fault: WorldFault): void {
    world.effects.feltOf(fault)();
  }

  async function commit(store: RecordStore, on: Clock): Promise<void> {
    for (const fault of onDisk) {
      if (fault.kind !== "disk-sync-fails") felt(fault);
      if (fault.kind === "disk-full") throw unwritable("the disk is full");
      if (fault.kind === "disk-slow") await sleep(on, fault.lateMs);
    }
    await store.commit();
    for (const fault of onDisk) {
      if (fault.kind !== "disk-sync-fails") continue;
      felt(fault);
      throw unwritable("input/output error");
    }
  }

  return {
    isExpected: faults.length > 0,
    hasDiskTrouble,
    isRestarted: faults.some(({ kind }) => kind === "host-restarts"),
    computer: {
      wallOffMs() {
        for (const fault of unread.splice(0)) felt(fault);
        return offMs;
      },
      get setAtMs() {
        return setAtMs;
      },
      boot: () => ({ bootId: `boot ${booted.count}`, upS: (clock.monoMs() - booted.atMs) / 1000 }),
    },
    restarts(fault) {
      if (fault.kind !== "host-restarts") return;
      if (fault.reboots) {
        booted.count += 1;
        booted.atMs = clock.monoMs();
      }
      if (fault.byMs === 0) return;
      offMs += fault.byMs;
      setAtMs = clock.monoMs();
    },
    onDisk(store, on) {
      if (!hasDiskTrouble) return store;
      const heard = heardStore(store, () => undefined);
      return Object.defineProperty(heard, "commit", { value: () => commit(store, on) });
    },
    begin(alive) {
      for (const fault of faults) {
        switch (fault.kind) {
          case "clock-step":
            clock.at(fault.fromMs, () => {
              offMs += fault.byMs;
              setAtMs = clock.monoMs();
              unread.push(fault);
            });
            break;
          case "host-stalls":
            clock.at(fault.fromMs, () => {
              alive()?.mortal.stall(fault.toMs, world.effects.feltOf(fault));
            });
            break;
          // Done where the controller is killed.
          case "write-torn":
          case "host-restarts":
            break;
          case "disk-full":
          case "disk-sync-fails":
          case "disk-slow":
            clock.at(fault.fromMs, () => {
              onDisk.add(fault);
            });
            clock.at(fault.toMs, () => {
              onDisk.delete(fault);
            });
            break;
          case "orders-contradict":
          case "orders-storm":
          case "orders-stale":
          case "orders-access":
          case "orders-end-cells": {
            const own = chance.stream(`orders at ${fault.fromMs}`);
            const people = () => {
              const here = alive();
              return here && createPeople(here.run, here.campaign, world, own, () => clock.monoMs());
            };
            const letExpose = (): void => {
              if (people()?.letExpose() === true || clock.monoMs() > endAtMs) return;
              clock.setTimeout(letExpose, AGAIN_MS);
            };
            const putRight = (): void => {
              const them = people();
              if (them?.giveCells() === true) {
                letExpose();
                return;
              }
              them?.letExpose();
              if (clock.monoMs() <= endAtMs) clock.setTimeout(putRight, AGAIN_MS);
            };
            clock.setTimeout(() => {
              if (people()?.order(fault) === true) felt(fault);
            }, fault.fromMs);
            clock.setTimeout(putRight, fault.toMs);
            break;
          }
        }
      }
    },
  };
}

function unwritable(why: string): Fault {
  return new Fault("store.unwritable", "campaign.db", why);
}
