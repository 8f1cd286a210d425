/**
 * A simulated detector behind a camserver. It keeps its settings and its running exposure while nobody is connected,
 * as the real program does; what it says then is lost.
 */
import type { Felt } from "../plant/felt.ts";
import type { DeviceEnd, FramePlant, WorldClock } from "../plant/plant.ts";
import {
  createLineReader,
  isSetting,
  readCommandLine,
  type CommandLine,
  type CommandName,
  type SettingName,
} from "./camserver-command-line.ts";
import { camserverTime, frameFileName } from "./camserver-files.ts";
import { answerSetting, startSettings } from "./camserver-settings.ts";

export interface CamserverTwinDeps {
  readonly end: DeviceEnd;
  readonly clock: WorldClock;
  readonly frames: FramePlant;
  /** From the end of an image to its report, and the least gap between two images. */
  readonly readOutS: number;
  /** Wall time at the clock's zero, for the time in its answers. */
  readonly startWallMs?: number;
}

/** What can go wrong with it. All off to begin with. */
export interface CamserverTwinFaults {
  /** The next exposures are refused right after their `15 OK`, with this text. */
  refuseAfterStart: string | null;
  /** Exposures never report their end by themselves. */
  neverEnds: boolean;
  /** The end of an exposure is reported so long after it. */
  reportsLateMs: number;
  /** `k` is not heard, only `K`. */
  deafToOrderlyEnd: boolean;
  /** Nothing is answered at all. */
  isSilent: boolean;
  /** Exposure times are set to this many times what was asked. */
  exposureFactor: number;
  /** Told of silence, of a refusal and of a late report. */
  felt?: Felt | undefined;
}

export interface CamserverTwin {
  readonly faults: CamserverTwinFaults;
  readonly isExposing: boolean;
  /** Says something unasked, as it is. */
  say(text: string): void;
}

/** Normal replies take 1-2 ms. */
const REPLY_MS = 1;
const REPLY_END = "\x18";

interface Exposing {
  readonly fileName: string;
  /** Undefined while it waits for an external trigger, which never comes here. */
  imageStartMs: number | undefined;
  imageIndex: number;
  imageCount: number;
  readonly exposureMs: number;
  readonly periodMs: number;
  readonly folder: string;
  event: number | undefined;
}

export function createCamserverTwin(deps: CamserverTwinDeps): CamserverTwin {
  const { end, clock, frames, readOutS } = deps;
  const startWallMs = deps.startWallMs ?? 0;
  const settings = startSettings();
  const faults: CamserverTwinFaults = {
    refuseAfterStart: null,
    neverEnds: false,
    reportsLateMs: 0,
    deafToOrderlyEnd: false,
    isSilent: false,
    exposureFactor: 1,
  };
  let lines = createLineReader();
  let exposing: Exposing | undefined;

  function say(text: string): void {
    if (faults.isSilent) {
      faults.felt?.();
      return;
    }
    end.send(Buffer.from(text + REPLY_END, "latin1"));
  }

  function reply(text: string): void {
    clock.at(clock.nowMs() + REPLY_MS, () => {
      say(text);
    });
  }

  function refuseStart(argument: string): string | undefined {
    if (exposing !== undefined) return "15 ERR ERROR: an exposure is running";
    if (argument === "" || /\s/.test(argument)) return `15 ERR ERROR: illegal file name: ${argument.slice(0, 200)}`;
    if (settings.imageCount > 1 && settings.periodS < settings.exposureS + readOutS - 1e-9) {
      return "15 ERR ERROR: exposure period is too short";
    }
    return undefined;
  }

  function begin(argument: string, isTriggered: boolean): void {
    const why = refuseStart(argument);
    if (why !== undefined) {
      reply(why);
      return;
    }
    const started: Exposing = {
      fileName: argument,
      imageStartMs: undefined,
      imageIndex: 0,
      imageCount: settings.imageCount,
      exposureMs: settings.exposureS * 1000,
      periodMs: settings.periodS * 1000,
      folder: settings.folder,
      event: undefined,
    };
    exposing = started;
    const lasts = (settings.imageCount * settings.periodS - (settings.imageCount > 1 ? readOutS : 0)).toFixed(7);
    const seconds = settings.imageCount === 1 ? settings.exposureS.toFixed(7) : lasts;
    started.event = clock.at(clock.nowMs() + REPLY_MS, () => {
      const time = camserverTime(startWallMs + clock.nowMs());
      if (isTriggered) {
        say(`15 OK  Starting externally triggered exposure: ${time}`);
        return;
      }
      say(`15 OK  Starting ${seconds} second background: ${time}`);
      if (faults.refuseAfterStart !== null) {
        exposing = undefined;
        faults.felt?.();
        say(`15 ERR ${faults.refuseAfterStart}`);
        return;
      }
      startImage(started, clock.nowMs());
    });
  }

  function startImage(present: Exposing, atMs: number): void {
    present.imageStartMs = atMs;
    present.event = clock.at(atMs + present.exposureMs, () => {
      endImage(present, atMs + present.exposureMs);
    });
  }

  function endImage(present: Exposing, endMs: number): void {
    const startMs = present.imageStartMs ?? endMs;
    const path = present.folder + frameFileName(present.fileName, present.imageIndex);
    present.imageStartMs = undefined;
    frames.frameTaken(startMs, endMs, path);
    present.imageIndex += 1;
    if (present.imageIndex < present.imageCount) {
      const nextMs = startMs + present.periodMs;
      present.event = clock.at(nextMs, () => {
        startImage(present, nextMs);
      });
      return;
    }
    if (faults.reportsLateMs > 0) faults.felt?.();
    if (!faults.neverEnds) finish(present, `7 OK ${path}`, endMs + faults.reportsLateMs);
  }

  function finish(present: Exposing, text: string, endMs: number): void {
    present.event = clock.at(endMs + readOutS * 1000, () => {
      if (exposing === present) exposing = undefined;
      say(text);
    });
  }

  /** What has been exposed so far is read out and reported; what an idle camserver says is not documented. */
  function kill(): void {
    reply("13 ERR kill");
    const present = exposing;
    if (present === undefined) return;
    if (present.event !== undefined) clock.cancel(present.event);
    const nowMs = clock.nowMs();
    if (present.imageStartMs !== undefined) {
      const path = present.folder + frameFileName(present.fileName, present.imageIndex);
      frames.frameTaken(present.imageStartMs, nowMs, path);
      present.imageIndex += 1;
      present.imageStartMs = undefined;
    }
    const lastPath = present.folder + frameFileName(present.fileName, Math.max(0, present.imageIndex - 1));
    finish(
      present,
      present.imageIndex > 0 ? `7 OK ${lastPath}` : "7 ERR killed before the first image",
      nowMs + REPLY_MS,
    );
  }

  function act(line: CommandLine): void {
    const { command, argument } = line;
    if (command === undefined) reply(unrecognized(line.word));
    else if (isSetting(command)) reply(answerToSetting(command, argument));
    else perform(command, argument);
  }

  function answerToSetting(command: SettingName, argument: string): string {
    const answer = answerSetting(settings, command, argument);
    if (command !== "exptime" || argument === "" || faults.exposureFactor === 1) return answer;
    settings.exposureS *= faults.exposureFactor;
    return answerSetting(settings, command, "");
  }

  function perform(command: Exclude<CommandName, SettingName>, argument: string): void {
    switch (command) {
      case "exposure":
        begin(argument, false);
        return;
      case "exttrigger":
      case "extmtrigger":
      case "extenable":
        begin(argument, true);
        return;
      case "camcmd":
        if (argument === "k") killOrderly();
        else reply(unrecognized(argument));
        return;
      case "k":
        killOrderly();
        return;
      case "K":
        kill();
        return;
      case "version":
        reply("24 OK Code release:  tvx-7.3.13-121212");
        return;
      case "thread":
        reply(
          "215 OK Channel 0: Temperature = 31.4C, Rel. Humidity = 22.1%;\nChannel 1: Temperature = 28.0C, Rel. Humidity = 20.5%",
        );
    }
  }

  function killOrderly(): void {
    if (!faults.deafToOrderlyEnd) kill();
  }

  end.onOpen(() => {
    lines = createLineReader();
  });
  end.onData((chunk) => {
    for (const text of lines.push(chunk)) {
      const line = readCommandLine(text);
      if (line !== undefined) act(line);
    }
  });

  return {
    faults,
    get isExposing() {
      return exposing !== undefined;
    },
    say,
  };
}

function unrecognized(word: string): string {
  return `1 ERR *** Unrecognized command: ${word.slice(0, 200)}`;
}
