/** Is this the robot of the site file? It tells neither serial number nor firmware, only how it answers. */
import { Fault, isFault } from "../../protocols/base/fault.ts";
import { encodePlain } from "../../protocols/wire/irelec-cats/cats-commands.ts";
import { decodeCatsState } from "../../protocols/wire/irelec-cats/cats-replies.ts";
import type { CatsModel, CatsReading } from "./cats-reader.ts";
import type { CatsSocket } from "./cats-socket.ts";

export interface CatsIdentifyDeps {
  readonly name: string;
  readonly monitor: CatsSocket;
  readonly model: CatsModel;
  readonly trayCount: number;
  readonly look: () => Promise<CatsReading>;
}

/** Rejects with `device.wrong`, `link.*`. */
export async function identifyRobot({ name, monitor, model, trayCount, look }: CatsIdentifyDeps): Promise<void> {
  const said = await monitor.ask(encodePlain("state"), (line) => line !== "");
  const state = decodeCatsState(said);
  if (!state.ok) {
    throw new Fault("device.wrong", name, `What answers is no CATS or ISARA: ${state.why}.`, {
      received: said.slice(0, 120),
    });
  }
  const { traysPresent } = await look().catch((error: unknown) => {
    const isOther = isFault(error) && (error.code === "link.garbled" || error.code === "link.timeout");
    if (!isOther) throw error;
    const what = `The robot answers to its state but not as ${model}: ${error.message}`;
    throw new Fault("device.wrong", name, what, {}, error);
  });
  if (traysPresent.length >= trayCount) return;
  const what = `The robot tells of ${traysPresent.length} trays, the site file wants ${trayCount}.`;
  throw new Fault("device.wrong", name, what);
}
