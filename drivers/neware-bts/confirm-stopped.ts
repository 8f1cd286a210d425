/** Stops a channel until the client says that nothing runs on it. */
import { sleep } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import { isResting } from "../../protocols/wire/neware/bts-replies.ts";
import type { NewareAddress } from "../../protocols/wire/neware/channel-address.ts";
import type { Withdrawn } from "./gathered-request.ts";
import type { CabinetPort } from "./neware-cabinet.ts";

export interface StopOrder {
  readonly name: string;
  readonly cabinet: CabinetPort;
  readonly address: NewareAddress;
  /** Otherwise the status is read first. */
  readonly isKnownToRun: boolean;
  /** A reason means that nobody is to be stopped any more: nothing more is sent, and this rejects with it. */
  readonly withdrawn: Withdrawn;
  readonly told?: (() => void) | undefined;
}

const STOP_ATTEMPTS = 3;
const STOP_POLL_MS = 500;
const STOP_POLLS_MAX = 10;

/** Gives the status word. A stop whose answer is lost is not sent again before the status was read. */
export async function confirmStopped(order: StopOrder): Promise<string> {
  const { name, cabinet, address, withdrawn, told } = order;
  let mayStop = order.isKnownToRun;
  let trouble = "the status does not change";

  async function restingStatus(): Promise<string | null> {
    for (let poll = 0; poll < STOP_POLLS_MAX; poll += 1) {
      const status = await cabinet.status(address);
      if (isResting(status)) return status;
      if (!mayStop) return null;
      await sleep(cabinet.clock, STOP_POLL_MS);
      const fault = withdrawn();
      if (fault !== undefined) throw fault;
    }
    return null;
  }

  for (let attempt = 0; attempt < STOP_ATTEMPTS; attempt += 1) {
    try {
      if (mayStop) await cabinet.stop(address, withdrawn).then(told);
      const status = await restingStatus();
      if (status !== null) return status;
      mayStop = true;
    } catch (error) {
      if (!isFault(error) || (error.code !== "link.timeout" && error.code !== "link.garbled")) throw error;
      trouble = error.message;
      mayStop = false;
    }
  }
  throw new Fault("device.unknown-outcome", name, `the channel could not be confirmed stopped: ${trouble}`);
}
