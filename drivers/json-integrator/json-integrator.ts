/**
 * A program that integrates frames, asked over TCP in lines of JSON. Several questions may be on their way at once; each
 * has its own deadline, and what does not come costs that one pattern.
 */
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { PowderPattern } from "../../protocols/diffraction/powder-pattern.ts";
import type { Identity, Instrument } from "../../protocols/roles/instrument.ts";
import type { Integrator } from "../../protocols/roles/integrator.ts";
import type { Link, OpenLink } from "../../protocols/roles/link.ts";
import {
  decodeIntegratorLine,
  encodePatternWanted,
  encodeWho,
  INTEGRATOR_LINE_LENGTH_MAX,
  type IntegratorAnswer,
} from "../../protocols/wire/json-integrator/integrator-lines.ts";
import { createTextLines } from "../../protocols/wire/text-lines.ts";
import { openWithin } from "../link/open-within.ts";

/** Family name in the site file. */
export const JSON_INTEGRATOR = "json-integrator";

export interface JsonIntegratorDeps {
  /** Name in the site file. */
  readonly name: string;
  readonly openLink: OpenLink;
  readonly clock: Clock;
  /** The longest it may take for one frame. */
  readonly timeoutS: number;
}

const WHO_MS = 3000;
/** More than a sweep ever leaves unread; then something is wrong, and the newest goes without. */
const WAITING_MAX = 256;

interface Waiting {
  readonly resolve: (pattern: PowderPattern | undefined) => void;
  readonly reject: (fault: Fault) => void;
  readonly timer: TimerHandle;
}

export function createJsonIntegrator(deps: JsonIntegratorDeps): Integrator & Instrument {
  const { name, clock } = deps;
  const faultHandlers = new Set<(fault: Fault) => void>();
  const waiting = new Map<number, Waiting>();
  let link: Link | undefined;
  let identified: ((said: IntegratorAnswer | Fault) => void) | undefined;
  let lastId = 0;

  function report(fault: Fault): void {
    for (const handler of faultHandlers) handler(fault);
  }

  function take(id: number): Waiting | undefined {
    const one = waiting.get(id);
    waiting.delete(id);
    if (one !== undefined) clock.clearTimeout(one.timer);
    return one;
  }

  function giveUpAll(fault: Fault): void {
    identified?.(fault);
    for (const id of [...waiting.keys()]) take(id)?.reject(fault);
  }

  function onLine(line: string): void {
    const answer = decodeIntegratorLine(line);
    switch (answer.kind) {
      case "who":
        identified?.(answer);
        return;
      case "pattern":
        take(answer.id)?.resolve(answer.pattern);
        return;
      case "none":
        take(answer.id)?.resolve(undefined);
        return;
      case "unreadable": {
        const fault = new Fault("link.garbled", name, `An answer could not be read: ${answer.reason}.`);
        if (identified !== undefined) identified(answer);
        else if (answer.id === null) report(fault);
        else take(answer.id)?.reject(fault);
      }
    }
  }

  function disconnect(): void {
    const present = link;
    link = undefined;
    present?.close();
    giveUpAll(new Fault("link.closed", name, "The link was closed."));
  }

  async function connect(): Promise<Identity> {
    disconnect();
    const opened = await openWithin(clock, deps.openLink, name);
    link = opened;
    const lines = createTextLines(INTEGRATOR_LINE_LENGTH_MAX);
    opened.onData((chunk) => {
      if (link === opened) lines.push(chunk, onLine);
    });
    opened.onClose((why) => {
      if (link !== opened) return;
      link = undefined;
      const fault = new Fault("link.closed", name, `The link closed: ${why}.`);
      giveUpAll(fault);
      report(fault);
    });
    try {
      return await identify(opened);
    } catch (error) {
      if (link === opened) disconnect();
      throw error;
    }
  }

  function identify(on: Link): Promise<Identity> {
    return new Promise((resolve, reject) => {
      const timer = clock.setTimeout(() => {
        identified = undefined;
        reject(new Fault("link.timeout", name, `It did not say who it is within ${WHO_MS} ms.`));
      }, WHO_MS);
      identified = (said) => {
        identified = undefined;
        clock.clearTimeout(timer);
        if (isFault(said)) reject(said);
        else if (said.kind === "who") resolve({ model: said.program, serialNumber: null, firmware: said.version });
        else reject(new Fault("device.wrong", name, "What answers there does not speak as an integrator does."));
      };
      on.write(Buffer.from(encodeWho(), "latin1"));
    });
  }

  return {
    name,
    driver: JSON_INTEGRATOR,
    connect,
    disconnect,
    onFault(handler) {
      faultHandlers.add(handler);
      return () => faultHandlers.delete(handler);
    },
    read(framePath) {
      const open = link;
      if (open?.isOpen !== true) return Promise.reject(new Fault("link.closed", name, "The link is not open."));
      if (waiting.size >= WAITING_MAX) {
        return Promise.reject(new Fault("link.timeout", name, `${WAITING_MAX} frames are waiting for it already.`));
      }
      lastId += 1;
      const id = lastId;
      return new Promise((resolve, reject) => {
        const timer = clock.setTimeout(() => {
          const what = `It gave no pattern of ${framePath} within ${deps.timeoutS} s.`;
          take(id)?.reject(new Fault("link.timeout", name, what));
        }, deps.timeoutS * 1000);
        waiting.set(id, { resolve, reject, timer });
        open.write(Buffer.from(encodePatternWanted(id, framePath), "latin1"));
      });
    },
  };
}
