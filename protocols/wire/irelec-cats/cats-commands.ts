/**
 * What is said to an IRELEC CATS or ISARA robot. Two sockets: commands that act go to one, questions to the other.
 * Lines end with `\r` alone. Source: the public Tango device of the robot and frames recorded from its client.
 */

/** Commands that act, without arguments. */
export const CATS_PLAIN_COMMANDS = [
  "on",
  "off",
  "panic",
  "abort",
  "pause",
  "reset",
  "restart",
  "openlid1",
  "closelid1",
  "openlid2",
  "closelid2",
  "openlid3",
  "closelid3",
  "openlid4",
  "closelid4",
  "openlid",
  "closelid",
  "opentool",
  "closetool",
  "opentool2",
  "closetool2",
  "magneton",
  "magnetoff",
  "heateron",
  "heateroff",
  "regulon",
  "reguloff",
  "warmon",
  "warmoff",
  "speedup",
  "speeddown",
  "remotespeedon",
  "remotespeedoff",
  "clearbcrd",
  "clear memory",
  "reset parameters",
  "resetMotion",
  "toolcal",
  "vdi90on",
  "vdi90off",
  "vdi91on",
  "vdi91off",
] as const;
export type CatsPlainCommand = (typeof CATS_PLAIN_COMMANDS)[number];

/** Questions for the monitor socket. `di2` is ISARA's alone. */
export const CATS_QUESTIONS = ["state", "di", "di2", "do", "position", "message", "config"] as const;
export type CatsQuestion = (typeof CATS_QUESTIONS)[number];

export const CATS_TRAJECTORIES = [
  "put",
  "get",
  "getput",
  "put_bcrd",
  "getput_bcrd",
  "put_HT",
  "get_HT",
  "getput_HT",
  "pick",
  "barcode",
  "dry",
  "soak",
  "home",
  "safe",
  "back",
  "recover",
  "gotodif",
  "transfer",
] as const;
export type CatsTrajectory = (typeof CATS_TRAJECTORIES)[number];

/** The twenty numbers of a trajectory by name; what is not named is 0. */
export interface CatsArguments {
  /** 0 flange, 1 cryotong, 2 EMBL/SPINE, 3 plates, 4 puck/laser, 5 double gripper. */
  readonly tool: number;
  /** Lid of a CATS, puck of an ISARA. */
  readonly tray?: number;
  readonly sample?: number;
  readonly newTray?: number;
  readonly newSample?: number;
  readonly plate?: number;
  readonly well?: number;
  readonly type?: number;
  readonly drop?: number;
  readonly toolCalibration?: number;
}

/** `put(5,3,7,0,0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0)\r`. Throws RangeError on a number that is not whole or below 0. */
export function encodeTrajectory(name: CatsTrajectory, given: CatsArguments): string {
  const named = [
    given.tool,
    given.tray ?? 0,
    given.sample ?? 0,
    given.newTray ?? 0,
    given.newSample ?? 0,
    given.plate ?? 0,
    given.well ?? 0,
    given.type ?? 0,
    given.drop ?? 0,
    given.toolCalibration ?? 0,
  ];
  return encodeNumbers(name, [...named, ...new Array<number>(10).fill(0)]);
}

/** Tells the robot which sample is on the diffractometer: bookkeeping, nothing moves. Zeros: none. */
export function encodeSetDiffractometer(tray: number, sample: number, type: number): string {
  return encodeNumbers("setdiffr", [tray, sample, type]);
}

/** The same for the tool. */
export function encodeSetTool(which: 1 | 2, tray: number, sample: number, type: number): string {
  return encodeNumbers(which === 1 ? "settool" : "settool2", [tray, sample, type]);
}

export function encodePlain(command: CatsPlainCommand | CatsQuestion): string {
  return `${command}\r`;
}

function encodeNumbers(name: string, numbers: readonly number[]): string {
  for (const value of numbers) {
    if (!Number.isInteger(value) || value < 0 || value > 999) throw new RangeError(`not an argument: ${value}`);
  }
  return `${name}(${numbers.join(",")})\r`;
}
