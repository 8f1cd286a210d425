/**
 * The settings of internally timed frames, one for each trigger, as the detector tells them at each arming: another client may
 * have changed any since the last. Writing one value moves others, and the detector names them: those are read again before
 * they are believed. What is right is not sent again.
 */
import { Fault } from "../../protocols/base/fault.ts";
import type { Acquisition } from "../../protocols/roles/detector.ts";
import type { SimplonScalar } from "../../protocols/wire/simplon/simplon-replies.ts";
import {
  DATA_FOLDER,
  dataFile,
  namePatternProblem,
  type SimplonModule,
} from "../../protocols/wire/simplon/simplon-requests.ts";
import type { SimplonSession } from "./simplon-session.ts";

/** One exposure as the detector confirmed it. */
export interface SimplonFrame {
  readonly exposureS: number;
  /** Exposure and what follows it before the series counts as over. */
  readonly frameTimeS: number;
  readonly dataFile: string;
}

/** What the detector was armed for. */
export interface SimplonArming extends SimplonFrame {
  readonly pattern: string;
  readonly wishes: readonly Wish[];
}

/** A setting as it has to be. */
export interface Wish {
  readonly module: SimplonModule;
  readonly key: string;
  readonly value: SimplonScalar;
  /** For writing it; default the session's own. */
  readonly deadlineMs?: number;
  isMetBy(value: SimplonScalar): boolean;
}

export interface SimplonSettings {
  /**
   * Reads each setting, writes those that differ and reads these again. Rejects with `detector.refused` when the detector keeps
   * another value than asked, and as the session does. `assertAsked` throws where nothing more is to be sent.
   */
  apply(session: SimplonSession, acquisition: Acquisition, assertAsked: () => void): Promise<SimplonArming>;
  /** Whether everything still is as it was armed. */
  areStill(session: SimplonSession, arming: SimplonArming): Promise<boolean>;
}

/** Values as the detector told them since an arming began; one that another setting moved is missing. */
type Told = Map<string, SimplonScalar>;

/** Asked at once, so that a point does not wait for each; an abort still has room beside them. */
const SIDE_BY_SIDE = 4;

/** Beyond exposure and dead time, a frame time is left as the detector chose it. */
const FRAME_TIME_SLACK_S = 0.01;
const TIME_TOLERANCE_S = 1e-6;
/** A change of energy takes some 10 s on a large detector; smaller differences are not worth it. */
const ENERGY_MS = 60_000;
const ENERGY_TOLERANCE_EV = 0.05;
/** One value may move another that was confirmed before; that settles in a second round. */
const ROUNDS_MAX = 3;

export interface SimplonSettingsOptions {
  /** More than one are named after the first of them, each in a file of its own. Default 1. */
  readonly framesPerSeries?: number | undefined;
  /** Left as it is where nothing is said. */
  readonly photonEnergyEv?: number | undefined;
}

export function createSimplonSettings(name: string, options: SimplonSettingsOptions): SimplonSettings {
  const { framesPerSeries = 1, photonEnergyEv } = options;

  return {
    async apply(session, acquisition, assertAsked) {
      const { exposureS } = acquisition;
      const stem = fileStem(acquisition.fileName);
      const pattern = framesPerSeries > 1 ? `${FROM}${stem}` : stem;
      const deadS = await readDeadTimeS(session);
      const wishes = [
        ...(photonEnergyEv === undefined ? [] : [energyWish(photonEnergyEv)]),
        ...wishesFor(exposureS, deadS, pattern, framesPerSeries),
      ];
      const told = await readAll(name, session, wishes);
      for (let round = 0; round < ROUNDS_MAX; round += 1) {
        let wasSent = false;
        for (const wish of wishes) if (await meet(name, session, wish, told, assertAsked)) wasSent = true;
        if (!wasSent) {
          return {
            exposureS: numberOf(told.get("detector/count_time"), exposureS),
            frameTimeS: numberOf(told.get("detector/frame_time"), exposureS + deadS),
            ...{ pattern, wishes, dataFile: dataFile(pattern, 1) },
          };
        }
      }
      throw new Fault("detector.refused", name, "the detector's settings do not come to rest: one moves another");
    },

    async areStill(session, { wishes }) {
      const told = await readAll(name, session, wishes);
      return wishes.every((wish) => {
        const found = told.get(`${wish.module}/${wish.key}`);
        return found !== undefined && wish.isMetBy(found);
      });
    },
  };
}

/** Sets the energy where it differs, and reads it back. Rejects as `apply` does. */
export async function setPhotonEnergy(name: string, session: SimplonSession, photonEnergyEv: number): Promise<void> {
  await meet(name, session, energyWish(photonEnergyEv), new Map(), () => undefined);
}

/** True when something had to be sent. What was told since the arming began is not asked again. */
async function meet(
  name: string,
  session: SimplonSession,
  wish: Wish,
  told: Told,
  assertAsked: () => void,
): Promise<boolean> {
  const { module, key, value } = wish;
  const read = async (): Promise<SimplonScalar> => {
    const found = await readValue(name, session, wish);
    told.set(`${module}/${key}`, found);
    return found;
  };
  if (wish.isMetBy(told.get(`${module}/${key}`) ?? (await read()))) return false;
  assertAsked();
  for (const changed of await session.setConfig(module, key, value, wish.deadlineMs))
    told.delete(`${module}/${changed}`);
  const set = await read();
  if (wish.isMetBy(set)) return true;
  const what = `the detector keeps ${key} at ${set} where ${value} was asked`;
  throw new Fault("detector.refused", name, what, { key, asked: value, confirmed: set });
}

async function readAll(name: string, session: SimplonSession, wishes: readonly Wish[]): Promise<Told> {
  const told: Told = new Map();
  for (let at = 0; at < wishes.length; at += SIDE_BY_SIDE) {
    await Promise.all(
      wishes.slice(at, at + SIDE_BY_SIDE).map(async (wish) => {
        told.set(`${wish.module}/${wish.key}`, await readValue(name, session, wish));
      }),
    );
  }
  return told;
}

async function readValue(name: string, session: SimplonSession, { module, key }: Wish): Promise<SimplonScalar> {
  const { value } = await session.config(module, key);
  if (typeof value === "object") throw new Fault("link.garbled", name, `${key} was answered with a list`);
  return value;
}

async function readDeadTimeS(session: SimplonSession): Promise<number> {
  const read = await session.configIfKnown("detector", "detector_readout_time");
  return typeof read?.value === "number" ? Math.max(0, read.value) : 0;
}

function energyWish(photonEnergyEv: number): Wish {
  return {
    module: "detector",
    key: "photon_energy",
    value: photonEnergyEv,
    deadlineMs: ENERGY_MS,
    isMetBy: (found) => Math.abs(numberOf(found, NaN) - photonEnergyEv) <= ENERGY_TOLERANCE_EV,
  };
}

/** Before the first frame's name, where the others of the series are named after it. */
const FROM = "from_";

/** Single images, timed by the detector, each begun by command. */
function wishesFor(exposureS: number, deadS: number, pattern: string, framesPerSeries: number): readonly Wish[] {
  const exactly = (module: SimplonModule, key: string, value: SimplonScalar): Wish => ({
    module,
    key,
    value,
    isMetBy: (found) => found === value,
  });
  return [
    exactly("detector", "trigger_mode", "ints"),
    exactly("detector", "nimages", 1),
    exactly("detector", "ntrigger", framesPerSeries),
    {
      module: "detector",
      key: "count_time",
      value: exposureS,
      isMetBy: (found) => Math.abs(numberOf(found, NaN) - exposureS) <= TIME_TOLERANCE_S,
    },
    {
      module: "detector",
      key: "frame_time",
      value: exposureS + deadS,
      isMetBy: (found) => {
        const beyondS = numberOf(found, NaN) - exposureS;
        return beyondS >= -TIME_TOLERANCE_S && beyondS <= deadS + FRAME_TIME_SLACK_S;
      },
    },
    exactly("filewriter", "mode", "enabled"),
    ...(framesPerSeries > 1 ? [exactly("filewriter", "nimages_per_file", 1)] : []),
    exactly("filewriter", "name_pattern", pattern),
  ];
}

/** Throws Fault `detector.refused` for what must not even be sent. */
export function refuseImpossible(name: string, acquisition: Acquisition): void {
  const { exposureS, folder, fileName } = acquisition;
  if (!(Number.isFinite(exposureS) && exposureS > TIME_TOLERANCE_S)) {
    throw new Fault("detector.refused", name, `an exposure time of ${exposureS} s is not possible`);
  }
  if (folder.replace(/\/$/, "") !== DATA_FOLDER) {
    const what = `the folder \`${folder.slice(0, 80)}\` does not exist: this detector keeps its files under ${DATA_FOLDER}`;
    throw new Fault("detector.refused", name, what, { folder: folder.slice(0, 80) });
  }
  const problem = namePatternProblem(fileStem(fileName));
  if (problem !== undefined) {
    throw new Fault("detector.refused", name, `the file name \`${fileName.slice(0, 80)}\` cannot be used: ${problem}`);
  }
}

/** The detector gives its files extensions of its own. */
function fileStem(fileName: string): string {
  return fileName.replace(/\.[A-Za-z0-9]{1,5}$/, "");
}

function numberOf(value: SimplonScalar | undefined, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
