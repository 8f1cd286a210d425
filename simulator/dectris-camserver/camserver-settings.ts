/** The acquisition parameters a simulated camserver keeps, and its answers to the commands that set and ask them. */
import type { SettingName } from "./camserver-command-line.ts";

export interface CamserverSettings {
  exposureS: number;
  periodS: number;
  imageCount: number;
  /** Always ends with a slash. */
  folder: string;
  delayS: number;
  exposuresPerFrame: number;
  gapFill: number;
  thresholdEv: number;
}

export function startSettings(): CamserverSettings {
  return {
    exposureS: 1,
    periodS: 1.05,
    imageCount: 1,
    folder: "/ramdisk/images/",
    delayS: 0,
    exposuresPerFrame: 1,
    gapFill: 0,
    thresholdEv: 6300,
  };
}

/** `<n> OK text` or `<n> ERR text`. Without an argument it tells the value. */
export function answerSetting(settings: CamserverSettings, command: SettingName, argument: string): string {
  switch (command) {
    case "exptime":
      return change(
        argument,
        isTime,
        (value) => (settings.exposureS = value),
        "exposure time",
        () => {
          return `15 OK Exposure time set to: ${settings.exposureS.toFixed(7)} sec`;
        },
      );
    case "expperiod":
      return change(
        argument,
        isTime,
        (value) => (settings.periodS = value),
        "exposure period",
        () => {
          return `15 OK Exposure period set to: ${settings.periodS.toFixed(7)} sec`;
        },
      );
    case "nimages":
      return change(
        argument,
        isImageCount,
        (value) => (settings.imageCount = value),
        "number of images",
        () => {
          return `15 OK N images set to: ${settings.imageCount}`;
        },
      );
    case "nexpframe":
      return change(
        argument,
        isImageCount,
        (value) => (settings.exposuresPerFrame = value),
        "exposures per frame",
        () => {
          return `15 OK Exposures per frame set to: ${settings.exposuresPerFrame}`;
        },
      );
    case "delay":
      return change(
        argument,
        isDelay,
        (value) => (settings.delayS = value),
        "delay",
        () => {
          return `15 OK Delay time set to: ${settings.delayS.toFixed(7)} sec`;
        },
      );
    case "gapfill":
      return change(
        argument,
        isGapFill,
        (value) => (settings.gapFill = value),
        "gap fill",
        () => {
          return `15 OK Detector gap-fill is: ${settings.gapFill}`;
        },
      );
    case "imgpath":
      return setFolder(settings, argument);
    case "setthreshold":
      return setThreshold(settings, argument);
    case "setackint":
      return /^\d*$/.test(argument)
        ? `15 OK Acknowledgement interval set to: ${argument || "0"}`
        : bad("interval", argument);
  }
}

function change(
  argument: string,
  isAllowed: (value: number) => boolean,
  set: (value: number) => void,
  what: string,
  answer: () => string,
): string {
  if (argument !== "") {
    const value = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(argument) ? Number(argument) : Number.NaN;
    if (!isAllowed(value)) return bad(what, argument);
    set(value);
  }
  return answer();
}

function bad(what: string, argument: string): string {
  return `15 ERR ERROR: illegal ${what}: ${argument.slice(0, 200)}`;
}

/** The counter's unit is 100 ns; the longest exposure is a day here (chosen). */
function isTime(value: number): boolean {
  return value >= 1e-7 && value <= 86_400;
}

function isDelay(value: number): boolean {
  return value >= 0 && value <= 86_400;
}

function isImageCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 999_999;
}

function isGapFill(value: number): boolean {
  return value === 0 || value === -1 || value === -2;
}

/** A relative path goes on from the present one. */
function setFolder(settings: CamserverSettings, argument: string): string {
  if (/[^!-~]/.test(argument)) return `10 ERR ERROR: illegal path: ${argument.slice(0, 200)}`;
  if (argument !== "") {
    const path = argument.startsWith("/") ? argument : settings.folder + argument;
    settings.folder = path.endsWith("/") ? path : `${path}/`;
  }
  return `10 OK ${settings.folder}`;
}

/** Setting a threshold puts the number of images and the gap fill back to their defaults. */
function setThreshold(settings: CamserverSettings, argument: string): string {
  if (argument === "") {
    return `15 OK  Settings: mid gain; threshold: ${settings.thresholdEv} eV; vcmp: 0.654 V\n Trim file:\n  none`;
  }
  const words = argument.split(/\s+/);
  const thresholdEv = Number(words.at(-1));
  const names = words.filter((word) => Number.isNaN(Number(word)) && word.toLowerCase() !== "energy");
  if (names.some((word) => !/^(low|mid|high|uhigh)G$/i.test(word)) || !(thresholdEv > 0 && thresholdEv < 1e6)) {
    return `15 ERR ERROR: unknown gain setting: ${argument.slice(0, 200)}`;
  }
  settings.thresholdEv = thresholdEv;
  settings.imageCount = 1;
  settings.gapFill = 0;
  return "15 OK /tmp/setthreshold.cmd";
}
