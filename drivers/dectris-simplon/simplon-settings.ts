/**
 * The settings of internally timed frames, one for each trigger, as the detector confirmed them. Writing one value moves others,
 * and the detector names them: those are read again before they are believed. What is confirmed is not sent again.
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
}

export interface SimplonSettings {
  /** Rejects with `detector.refused` when the detector keeps another value than asked, and as the session does. */
  apply(session: SimplonSession, acquisition: Acquisition): Promise<SimplonArming>;
  /** Nothing is known any more. */
  forget(): void;
}

interface Wish {
  readonly module: SimplonModule;
  readonly key: string;
  readonly value: SimplonScalar;
  isMetBy(value: SimplonScalar): boolean;
}

/** Beyond exposure and dead time, a frame time is left as the detector chose it. */
const FRAME_TIME_SLACK_S = 0.01;
const TIME_TOLERANCE_S = 1e-6;
/** One value may move another that was confirmed before; that settles in a second round. */
const ROUNDS_MAX = 3;

/** `framesPerSeries`: more than one are named after the first of them, each in a file of its own. */
export function createSimplonSettings(name: string, framesPerSeries: number): SimplonSettings {
  const confirmed = new Map<string, SimplonScalar>();
  let deadTimeS: number | undefined;

  async function confirm(session: SimplonSession, { module, key }: Wish): Promise<SimplonScalar> {
    const { value } = await session.config(module, key);
    if (typeof value === "object") throw new Fault("link.garbled", name, `${key} was answered with a list`);
    confirmed.set(`${module}/${key}`, value);
    return value;
  }

  /** True when something had to be sent. */
  async function meet(session: SimplonSession, wish: Wish): Promise<boolean> {
    const { module, key } = wish;
    const present = confirmed.get(`${module}/${key}`) ?? (await confirm(session, wish));
    if (wish.isMetBy(present)) return false;
    // A write that fails leaves its value unknown.
    confirmed.delete(`${module}/${key}`);
    for (const changed of await session.setConfig(module, key, wish.value)) confirmed.delete(`${module}/${changed}`);
    const set = await confirm(session, wish);
    if (wish.isMetBy(set)) return true;
    const what = `the detector keeps ${key} at ${set} where ${wish.value} was asked`;
    throw new Fault("detector.refused", name, what, { key, asked: wish.value, confirmed: set });
  }

  async function deadTime(session: SimplonSession): Promise<number> {
    if (deadTimeS !== undefined) return deadTimeS;
    const read = await session.configIfKnown("detector", "detector_readout_time");
    deadTimeS = typeof read?.value === "number" ? Math.max(0, read.value) : 0;
    return deadTimeS;
  }

  return {
    async apply(session, acquisition) {
      const { exposureS } = acquisition;
      const stem = fileStem(acquisition.fileName);
      const pattern = framesPerSeries > 1 ? `${FROM}${stem}` : stem;
      const deadS = await deadTime(session);
      const wishes = wishesFor(exposureS, deadS, pattern, framesPerSeries);
      for (let round = 0; round < ROUNDS_MAX; round += 1) {
        let wasSent = false;
        for (const wish of wishes) if (await meet(session, wish)) wasSent = true;
        if (!wasSent) {
          return {
            exposureS: numberOf(confirmed.get("detector/count_time"), exposureS),
            frameTimeS: numberOf(confirmed.get("detector/frame_time"), exposureS + deadS),
            ...{ pattern, dataFile: dataFile(pattern, 1) },
          };
        }
      }
      throw new Fault("detector.refused", name, "the detector's settings do not come to rest: one moves another");
    },
    forget() {
      confirmed.clear();
      deadTimeS = undefined;
    },
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
