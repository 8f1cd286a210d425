/**
 * Turns news of links, cells, hutch and beam into alarms, and clears them when their cause is gone; says what stands
 * in the beam's way, and when that may have changed.
 */
import type { InputLevels, Interlock } from "../../protocols/roles/beam-io.ts";
import { INTERLOCKS, shutterState } from "../../protocols/roles/beam-io.ts";
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import { createMachineBeam, type MachineBeamRule } from "../beam/machine-beam.ts";
import type { PublicNews } from "../machines/campaign-news.ts";
import { faultNote, type FaultNote } from "../machines/errors.ts";
import type { Alarms } from "./alarms.ts";
import type { CampaignRoles } from "./roles.ts";
import type { Obstacle } from "./sweep-desk.ts";

export interface WatchDeskDeps {
  readonly roles: Pick<CampaignRoles, "beamline" | "flux" | "ringCurrent"> & {
    readonly io: Pick<CampaignRoles["io"], "name" | "isLocked">;
    readonly stage: Pick<CampaignRoles["stage"], "name">;
  };
  readonly alarms: Alarms;
  readonly machineBeam: MachineBeamRule;
  /** Interlocks that broke and wait for a person to re-arm. */
  readonly latched: () => readonly Interlock[];
  /** Positions on which, before a restart, the beam was not known to be off. */
  readonly beamNotOffAt?: readonly string[];
  /** Machine beam came or went; silence of the ring current counts as gone. */
  readonly beamChanged: (isUp: boolean) => void;
  readonly hutchChanged: () => void;
  /** What `obstacle` found in the way may be over, and neither hutch nor beam has changed. */
  readonly planAgain: () => void;
  /** What the record waits for; null where it is taken. */
  readonly diskObstacle?: () => Obstacle | null;
}

export interface BeamlineFacts {
  /** Names of the instruments that are ready now. */
  readonly ready: ReadonlySet<string>;
  readonly isGuarded: boolean;
  readonly isHomed: boolean;
}

export interface WatchDesk {
  listen(): void;
  noteNews(news: PublicNews): void;
  /** Levels of a completed read. */
  showLevels(levels: InputLevels): void;
  readonly levels: InputLevels | null;
  /** What keeps the beam from being used, or null. */
  obstacle(facts: BeamlineFacts): Obstacle | null;
}

/**
 * Trouble of an instrument that is over once it identified itself anew. Not that of a sensor, which is over with its next
 * reading, nor of a changer, whose cell's place stays unproven.
 */
const LOST_AT_BEAM = "beam.instrument-lost";
const OF_A_LINK = ["link.", "device.", "channel.", "stage.", "detector.", "io.", "trigger.", "stop.", LOST_AT_BEAM];

/** A top-up, or decay, moves the ring current by less between two readings. */
const RING_CURRENT_JUMP_SHARE = 0.05;

export function createWatchDesk(deps: WatchDeskDeps): WatchDesk {
  const { roles, alarms } = deps;
  let levels: InputLevels | null = null;
  let hutchText = "";
  let latchedBefore: readonly Interlock[] | undefined;
  /** Positions on which the beam may still be, until a shutter reads closed. */
  const beamNotOffAt: string[] = [...(deps.beamNotOffAt ?? [])];
  let isBeamUp: boolean | null = null;
  const machineBeam = createMachineBeam(deps.machineBeam);
  let lastCurrentMa = NaN;
  /** Planned without a reading: the beam counts as neither gone nor back, so that the next reading alone ends the wait. */
  let isCurrentAwaited = false;
  /** Planned as the shutter did not read closed, with which the stage neither looks for its reference nor parks. */
  let isClosedAwaited = false;
  const isRehearsal = roles.io.isLocked === true;
  /** Where the trouble of an instrument was: its own name, or that of a line or cabinet that it shares. */
  const lostAt = new Map<string, string>();

  function ringCurrentMa(): number | null {
    return roles.ringCurrent.fresh()?.value ?? null;
  }

  function broken(): readonly Interlock[] {
    const needed = isRehearsal ? INTERLOCKS.filter((name) => name !== "beamPermitted") : INTERLOCKS;
    return levels === null ? [] : needed.filter((name) => levels?.interlocks[name] !== true);
  }

  function setBeam(isUp: boolean | null): void {
    // A rehearsal needs no beam, and loses none.
    if (isUp === isBeamUp || isRehearsal) return;
    const wasUp = isBeamUp;
    isBeamUp = isUp;
    if (isUp === true) alarms.clearAll("machine", ["beam."]);
    else if (wasUp === true && isUp === false) {
      alarms.raise({
        code: "beam.lost",
        where: "machine",
        what: `the ring current fell to ${(ringCurrentMa() ?? 0).toFixed(1)} mA, under ${deps.machineBeam.lostMa} mA`,
        advice: "Cells keep cycling; exposures resume by themselves when the beam is back.",
      });
    }
    deps.beamChanged(isUp === true);
  }

  /**
   * A current that jumps from one reading to the next is not believed until it has been steady: the feed may have failed,
   * and when it has not, the flux is another. One that falls below the least is a loss of beam, and told as such.
   */
  function judgeJump(currentMa: number): void {
    if (isRehearsal) return;
    const { lostMa } = deps.machineBeam;
    const share = Math.abs(currentMa - lastCurrentMa) / Math.max(currentMa, lastCurrentMa);
    if (machineBeam.isThere && currentMa >= lostMa && share > RING_CURRENT_JUMP_SHARE) {
      machineBeam.forget();
      alarms.raise({
        code: "beam.current-jumped",
        where: "machine",
        what: `the ring current jumped from ${lastCurrentMa.toFixed(1)} to ${currentMa.toFixed(1)} mA between two readings`,
        advice: FAULT_CATALOGUE["beam.current-jumped"].advice,
      });
      setBeam(null);
    }
    lastCurrentMa = currentMa;
  }

  return {
    listen() {
      roles.ringCurrent.onReading((reading) => {
        alarms.clearAll(roles.ringCurrent.name, ["sensor."]);
        judgeJump(reading.value);
        setBeam(machineBeam.read(reading.arrivedAtMs, reading.value));
        if (!isCurrentAwaited) return;
        isCurrentAwaited = false;
        deps.planAgain();
      });
      roles.flux.onReading(() => {
        alarms.clearAll(roles.flux.name, ["sensor."]);
      });
      for (const sensor of [roles.ringCurrent, roles.flux]) {
        sensor.onFault((fault) => {
          alarms.raise(faultNote(fault));
          // A beam of which nothing is heard any more counts as gone.
          if (sensor === roles.ringCurrent && fault.code === "sensor.stale") {
            machineBeam.forget();
            setBeam(null);
          }
        });
      }
    },
    noteNews(news) {
      switch (news.type) {
        case "LINK_READY":
          // What raised it at the channel's own name, as it was asked, has read it off by now.
          alarms.clearAll(news.name, [...OF_A_LINK, "cell.not-off"]);
          alarms.clearAll(lostAt.get(news.name) ?? news.name, OF_A_LINK);
          break;
        case "LINK_LOST":
          lostAt.set(news.name, news.fault.where);
          // Of a cell's channel it can wait for the day; without this nothing is exposed.
          if (news.isLong === true) alarms.raise(lostAtBeam(news.name, news.fault));
          else alarms.raise(news.fault);
          break;
        case "SUPERVISOR_BLIND":
          alarms.raise(news.fault);
          break;
        case "LINK_ISOLATED":
          // Whoever said that it is repaired is to hear that it is not.
          alarms.clearAll(news.name, ["link.isolated"], "it was tried again, in vain");
          alarms.raise({
            code: "link.isolated",
            where: news.name,
            what: `given up: ${news.fault.what}`,
            advice: "Repair the instrument, then say so.",
          });
          break;
        case "SUPERVISOR_SEES":
          alarms.clearAll(roles.io.name, OF_A_LINK);
          break;
        case "BEAM_NOT_OFF":
          alarms.raise(news.fault);
          beamNotOffAt.push(news.fault.where);
          break;
        case "EXPOSING_HELD":
          alarms.raise({
            code: "beam.held",
            where: "beam",
            what: `exposing is held after too many failures in a row${news.fault === null ? "" : `, last ${news.fault.code}`}`,
            advice: FAULT_CATALOGUE["beam.held"].advice,
          });
          break;
        case "CELL_ISOLATED":
          alarms.raise({ ...news.fault, where: news.position });
          break;
        case "CELL_SPARED":
          if (news.fault === null) alarms.clear("cell.next-step", news.position);
          else alarms.raise(news.fault);
          break;
        case "CELL_NOT_OFF":
          if (news.fault === null) alarms.clear("cell.not-off", news.position);
          else alarms.raise(news.fault);
          break;
        case "INTERLOCK_BROKEN":
          for (const name of news.broken) {
            alarms.raise({
              code: "interlock.tripped",
              where: name,
              what: `interlock ${name} broke`,
              advice: "Make the condition good; then a person re-arms.",
            });
          }
          break;
      }
    },
    showLevels(read) {
      const { interlocks } = levels ?? {};
      levels = read;
      if (beamNotOffAt.length > 0 && (read.safetyShutterClosedSwitch || shutterState(read) === "closed")) {
        for (const where of beamNotOffAt.splice(0)) alarms.clear("shutter.beam-not-off", where);
      }
      if (isClosedAwaited && shutterState(read) === "closed") {
        isClosedAwaited = false;
        deps.planAgain();
      }
      const latched = deps.latched();
      // The unit gives the same object while every input stands as it stood.
      if (read.interlocks === interlocks && latched === latchedBefore) return;
      latchedBefore = latched;
      const text = `${broken().join(" ")}|${latched.join(" ")}`;
      if (text === hutchText) return;
      hutchText = text;
      for (const name of INTERLOCKS) {
        if (read.interlocks[name] && !latched.includes(name)) alarms.clear("interlock.tripped", name);
        else {
          alarms.raise({
            code: "interlock.tripped",
            where: name,
            what: `interlock ${name} does not hold`,
            advice: "Make the condition good; after a search, door or emergency break a person re-arms.",
          });
        }
      }
      deps.hutchChanged();
    },
    get levels() {
      return levels;
    },
    obstacle({ ready, isGuarded, isHomed }) {
      isClosedAwaited = levels !== null && shutterState(levels) !== "closed";
      const disk = deps.diskObstacle?.() ?? null;
      if (disk !== null) return disk;
      const missing = roles.beamline.find((name) => !ready.has(name));
      if (missing !== undefined) return { reason: `${missing} to be ready`, who: missing };
      if (!isGuarded) return { reason: "the safety supervisor to see the hutch", who: roles.io.name };
      const open = broken();
      if (open.length > 0) return { reason: `interlock ${open.join(", ")} to hold`, who: "hutch" };
      const latched = deps.latched();
      if (latched.length > 0) {
        return { reason: `a person to re-arm after ${latched.join(", ")} broke`, who: "operator" };
      }
      if (!isHomed) return { reason: "the stage to find its reference", who: roles.stage.name };
      if (isRehearsal) return null;
      const current = ringCurrentMa();
      isCurrentAwaited = current === null;
      if (current === null) return { reason: "a fresh ring current", who: roles.ringCurrent.name };
      if (!machineBeam.isThere) {
        const { presentMa } = deps.machineBeam;
        return {
          reason: `machine beam: at least ${presentMa} mA, steady; there are ${current.toFixed(1)} mA`,
          who: "machine",
        };
      }
      return null;
    },
  };
}

function lostAtBeam(name: string, { what }: FaultNote): FaultNote {
  const { advice } = FAULT_CATALOGUE[LOST_AT_BEAM];
  return { code: LOST_AT_BEAM, where: name, what: `it has not answered for minutes: ${what}`, advice };
}
