/** Reads the robot as a whole: state, inputs, outputs and its message, each tested for being possible. */
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { ChangerReading } from "../../protocols/roles/sample-changer.ts";
import { type CatsQuestion, encodePlain } from "../../protocols/wire/irelec-cats/cats-commands.ts";
import {
  CATS_INPUT,
  CATS_OUTPUT,
  type CatsDecoded,
  type CatsSlot,
  type CatsState,
  decodeCatsBits,
  decodeCatsState,
} from "../../protocols/wire/irelec-cats/cats-replies.ts";
import { inCassette } from "../../protocols/wire/irelec-cats/cats-lids.ts";
import type { CatsSocket } from "./cats-socket.ts";

export type CatsModel = "CATS" | "ISARA";

/** What the role's reading leaves out. */
export interface CatsReading extends ChangerReading {
  readonly tool: string;
  readonly isInArea1: boolean;
  readonly isIdle: boolean;
  readonly isCollisionOk: boolean;
  readonly isEmergencyAndAirOk: boolean;
}

/** Rejects with `link.garbled` when an answer is impossible twice in a row, with `link.*` as the socket does. */
export async function readRobot(
  name: string,
  monitor: CatsSocket,
  clock: Clock,
  model: CatsModel,
  slotsPerTray: number,
): Promise<CatsReading> {
  const state = await question(name, monitor, "state", (line) =>
    model === "CATS" ? inCassettes(decodeCatsState(line), slotsPerTray) : decodeCatsState(line),
  );
  const inputs = await question(name, monitor, "di", (line) => decodeCatsBits(line, "di"));
  const outputs = await question(name, monitor, "do", (line) => decodeCatsBits(line, "do"));
  const trays =
    model === "ISARA"
      ? await question(name, monitor, "di2", (line) => decodeCatsBits(line, "di2"))
      : inputs.slice(CATS_INPUT.cassette1, CATS_INPUT.cassette1 + 9);
  const message = await monitor.ask(encodePlain("message"), (line) => !/^(state|di|di2|do|position)\(/.test(line));
  const present = model === "ISARA" ? CATS_INPUT.cellPresentIsara : CATS_INPUT.cellPresentCats;
  const bit = (bits: readonly boolean[], index: number): boolean => bits[index] === true;
  return {
    readAtMs: clock.monoMs(),
    isPowered: state.isPowered,
    isRemote: state.isAutomatic,
    hasFault: state.hasFault,
    path: state.isPathRunning ? state.pathName || "unnamed" : null,
    held: state.onTool,
    heldToo: state.onTool2,
    delivered: state.onDiffractometer,
    isPresent: bit(inputs, present),
    isArmAtRack: bit(outputs, CATS_OUTPUT.inArea2),
    isAtHome: bit(outputs, CATS_OUTPUT.atHome),
    traysPresent: trays,
    code: state.code,
    message: message.trim().slice(0, 200),
    tool: state.tool,
    isInArea1: bit(outputs, CATS_OUTPUT.inArea1),
    isIdle: bit(outputs, CATS_OUTPUT.idle),
    isCollisionOk: bit(inputs, CATS_INPUT.collisionOk),
    isEmergencyAndAirOk: bit(inputs, CATS_INPUT.emergencyAndAirOk),
  };
}

/** A CATS names lids and the samples under them. */
function inCassettes(decoded: CatsDecoded<CatsState>, slotsPerTray: number): CatsDecoded<CatsState> {
  if (!decoded.ok) return decoded;
  const { onTool, onTool2, onDiffractometer } = decoded.value;
  const found = [onTool, onTool2, onDiffractometer].map((said) =>
    said === null ? null : inCassette(said, slotsPerTray),
  );
  const isKnown = (slot: CatsSlot | null | undefined): slot is CatsSlot | null => slot !== undefined;
  const [tool, tool2, diffractometer] = found;
  if (!isKnown(tool) || !isKnown(tool2) || !isKnown(diffractometer)) {
    return { ok: false, why: `a sample that no lid has, with ${slotsPerTray} in a cassette` };
  }
  return { ok: true, value: { ...decoded.value, onTool: tool, onTool2: tool2, onDiffractometer: diffractometer } };
}

/** A question changes nothing and may be asked a second time. */
async function question<T>(
  name: string,
  monitor: CatsSocket,
  what: CatsQuestion,
  decode: (line: string) => CatsDecoded<T>,
): Promise<T> {
  let why = "";
  let received = "";
  for (let tries = 0; tries < 2; tries += 1) {
    received = await asked(monitor, what);
    const decoded = decode(received);
    if (decoded.ok) return decoded.value;
    why = decoded.why;
  }
  throw new Fault("link.garbled", name, `The answer to ${what} cannot be right: ${why}.`, {
    received: received.slice(0, 200),
  });
}

async function asked(monitor: CatsSocket, what: CatsQuestion): Promise<string> {
  const isAnswer = (line: string): boolean => line.startsWith(`${what}(`);
  try {
    return await monitor.ask(encodePlain(what), isAnswer);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "link.timeout") throw error;
    return monitor.ask(encodePlain(what), isAnswer);
  }
}
