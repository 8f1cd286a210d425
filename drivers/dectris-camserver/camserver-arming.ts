/**
 * The acquisition parameters as the camserver confirmed them since its link was opened. A setter whose confirmed
 * value would not change is left out, which saves a round trip per parameter at every cell.
 */
import { Fault } from "../../protocols/base/fault.ts";
import type { Acquisition } from "../../protocols/roles/detector.ts";
import {
  exposurePeriodCommand,
  exposureTimeCommand,
  imageCountCommand,
  imagePathCommand,
  nameProblem,
  TIME_RESOLUTION_S,
} from "../../protocols/wire/camserver/camserver-command.ts";
import {
  confirmedExposureS,
  confirmedImageCount,
  confirmedPeriodS,
  REPLY_NUMBER,
} from "../../protocols/wire/camserver/camserver-reply.ts";
import type { Conversation, Question } from "./camserver-conversation.ts";

/** Setters answer within 1-2 ms; clients of the maker allow this. */
export const ANSWER_MS = 1000;

export interface ConfirmedSettings {
  /** One exposure is one frame: the shutter decides what is in it. */
  readonly imageCount: number;
  /**
   * Sets what differs and checks each answer. Gives the acquisition with the confirmed exposure time. Rejects with
   * `detector.refused` when the camserver sets another value than asked, and as `Conversation.ask` does.
   */
  apply(talk: Conversation, acquisition: Acquisition): Promise<Acquisition>;
  /** Nothing is known any more: the link was lost. */
  forget(): void;
}

interface Confirmed {
  exposureS?: number;
  periodS?: number;
  imageCount?: number;
  folder?: string;
}

export function createConfirmedSettings(name: string, readOutS: number): ConfirmedSettings {
  const imageCount = 1;
  let confirmed: Confirmed = {};

  async function set<T extends number | string>(
    talk: Conversation,
    command: Uint8Array,
    question: Omit<Question<T>, "timeoutMs">,
    isAsAsked: (value: T) => boolean,
  ): Promise<T> {
    const value = await talk.ask(command, { ...question, timeoutMs: ANSWER_MS });
    if (isAsAsked(value)) return value;
    const what = `the detector set another ${question.what} than asked: ${value}`;
    throw new Fault("detector.refused", name, what, { confirmed: value });
  }

  async function setExposure(talk: Conversation, exposureS: number): Promise<number> {
    if (confirmed.exposureS !== undefined && isSameTime(confirmed.exposureS, exposureS)) return confirmed.exposureS;
    // A setter that fails leaves its value unknown, so each is forgotten before it is sent.
    delete confirmed.exposureS;
    const question = { what: "exposure time", number: REPLY_NUMBER.setting, reads: confirmedExposureS };
    const isAsAsked = (value: number): boolean => isSameTime(value, exposureS);
    return (confirmed.exposureS = await set(talk, exposureTimeCommand(exposureS), question, isAsAsked));
  }

  async function setPeriod(talk: Conversation, periodS: number): Promise<void> {
    if (confirmed.periodS !== undefined && isSameTime(confirmed.periodS, periodS)) return;
    delete confirmed.periodS;
    const question = { what: "exposure period", number: REPLY_NUMBER.setting, reads: confirmedPeriodS };
    const isAsAsked = (value: number): boolean => isSameTime(value, periodS);
    confirmed.periodS = await set(talk, exposurePeriodCommand(periodS), question, isAsAsked);
  }

  async function setImageCount(talk: Conversation): Promise<void> {
    if (confirmed.imageCount === imageCount) return;
    delete confirmed.imageCount;
    const question = { what: "number of images", number: REPLY_NUMBER.setting, reads: confirmedImageCount };
    confirmed.imageCount = await set(talk, imageCountCommand(imageCount), question, (value) => value === imageCount);
  }

  async function setFolder(talk: Conversation, folder: string): Promise<void> {
    if (confirmed.folder === folder) return;
    delete confirmed.folder;
    const question = { what: "image path", number: REPLY_NUMBER.imagePath, reads: (text: string): string => text };
    const isAsAsked = (value: string): boolean => withoutEndSlash(value) === withoutEndSlash(folder);
    await set(talk, imagePathCommand(folder), question, isAsAsked);
    confirmed.folder = folder;
  }

  return {
    imageCount,
    async apply(talk, acquisition) {
      const { exposureS, folder, fileName } = acquisition;
      const confirmedS = await setExposure(talk, exposureS);
      await setPeriod(talk, exposureS + readOutS);
      await setImageCount(talk);
      await setFolder(talk, folder);
      return { exposureS: confirmedS, folder, fileName };
    },
    forget() {
      confirmed = {};
    },
  };
}

/** Throws Fault `detector.refused` for what must not even be sent. */
export function refuseImpossible(name: string, acquisition: Acquisition): void {
  const { exposureS, folder, fileName } = acquisition;
  if (!Number.isFinite(exposureS) || exposureS < TIME_RESOLUTION_S) {
    throw new Fault("detector.refused", name, `an exposure time of ${exposureS} s is not possible`);
  }
  const fileProblem = fileName.includes("/") ? "it holds a slash" : nameProblem(fileName);
  if (fileProblem !== undefined) throw unsendable(name, "file name", fileName, fileProblem);
  const folderProblem = nameProblem(folder);
  if (folderProblem !== undefined) throw unsendable(name, "folder", folder, folderProblem);
}

function unsendable(name: string, what: string, value: string, problem: string): Fault {
  return new Fault("detector.refused", name, `the ${what} \`${value.slice(0, 80)}\` cannot be sent: ${problem}`);
}

function isSameTime(a: number, b: number): boolean {
  return Math.abs(a - b) <= TIME_RESOLUTION_S;
}

function withoutEndSlash(folder: string): string {
  return folder.length > 1 && folder.endsWith("/") ? folder.slice(0, -1) : folder;
}
