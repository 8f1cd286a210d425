/** Orders on the operate socket, and what their answers mean: accepted, refused, or lost and to be found out. */
import { Fault, isFault } from "../../protocols/base/fault.ts";
import { isAnyEcho, isBentEcho, isEcho } from "../../protocols/wire/irelec-cats/cats-replies.ts";
import type { CatsSocket } from "./cats-socket.ts";

export interface CatsOrderOptions {
  /** Does not wait for other orders: stops. */
  readonly urgent?: boolean;
  /** Called right before it is written, however long it waited: throws where it is not to be sent any more. */
  readonly needGo?: () => void;
}

/**
 * Sends one line. Resolves true when it was accepted, false when the answer was lost or bent: then only the robot can
 * tell. Rejects with `device.refused` and the robot's words; where nothing was sent, with `link.*` or what `needGo` throws.
 */
export type CatsOrder = (line: string, options?: CatsOrderOptions) => Promise<boolean>;

export function createCatsOrder(name: string, operate: CatsSocket): CatsOrder {
  return async (line, { urgent = false, needGo } = {}) => {
    const command = /^[^(\r]*/.exec(line)?.[0] ?? line;
    const told = { isSent: false };
    try {
      // An echo of another order must not stand for this one; free text answers whatever was asked.
      const answer = await operate.ask(line, (said) => isEcho(said, command) || (said !== "" && !isAnyEcho(said)), {
        urgent,
        needGo() {
          needGo?.();
          told.isSent = true;
        },
      });
      if (isEcho(answer, command)) return true;
      if (isBentEcho(answer, command)) return false;
      throw new Fault("device.refused", name, `The robot answered "${answer.slice(0, 120)}" to ${command}.`, {
        line: line.trim(),
        answer: answer.slice(0, 200),
      });
    } catch (error) {
      if (told.isSent && isFault(error) && (error.code === "link.timeout" || error.code === "link.closed"))
        return false;
      throw error;
    }
  };
}
