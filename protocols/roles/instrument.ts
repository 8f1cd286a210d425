/** What every instrument offers, whichever role it plays. */
import type { Fault } from "../base/fault.ts";

export interface Identity {
  readonly model: string;
  readonly serialNumber: string | null;
  readonly firmware: string | null;
}

export interface Instrument {
  /** Its name in the site file. */
  readonly name: string;
  /** Driver family, e.g. `palmsens-methodscript`. */
  readonly driver: string;
  /**
   * Opens a fresh link, resynchronises by the dialect's own rule and identifies the device. Safe to call again
   * after a loss. Rejects with a Fault (`link.open-failed`, `link.refused`, `link.timeout`, `device.wrong`, ...).
   */
  connect(): Promise<Identity>;
  /** Closes the link. Sends nothing. */
  disconnect(): void;
  /** Trouble nobody asked for: a closed link, a greeting in mid-operation, an alarm. */
  onFault(handler: (fault: Fault) => void): () => void;
}
