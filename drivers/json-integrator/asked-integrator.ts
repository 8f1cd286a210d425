/**
 * A program that integrates frames, asked in JSON on whatever way leads to it. Several questions may be on their way at once;
 * each has its own deadline, and what does not come costs that one pattern.
 */
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { PowderPattern } from "../../protocols/diffraction/powder-pattern.ts";
import type { Identity, Instrument } from "../../protocols/roles/instrument.ts";
import type { Integrator } from "../../protocols/roles/integrator.ts";
import { createAttempts } from "../link/attempts.ts";
import {
  encodePatternWanted,
  encodeWho,
  type IntegratorAnswer,
} from "../../protocols/wire/json-integrator/integrator-lines.ts";

/** Family name in the site file. */
export const JSON_INTEGRATOR = "json-integrator";

/** An open way: questions go out on it; what comes back is told to who opened it. */
export interface OpenWay {
  readonly isOpen: boolean;
  /** One question, as a line. */
  ask(line: string): void;
  close(): void;
}

export interface WayEvents {
  answer(answer: IntegratorAnswer): void;
  /** It closed by itself. */
  lost(fault: Fault): void;
}

export interface AskedIntegratorDeps {
  /** Name in the site file. */
  readonly name: string;
  readonly clock: Clock;
  /** The longest it may take for one frame. */
  readonly timeoutS: number;
  /** Rejects with a Fault where the way does not lead anywhere; nothing is open then. */
  readonly openWay: (events: WayEvents) => Promise<OpenWay>;
}

const WHO_MS = 3000;
/** More than a sweep ever leaves unread; then something is wrong, and the newest goes without. */
const WAITING_MAX = 256;

interface Waiting {
  readonly resolve: (pattern: PowderPattern | undefined) => void;
  readonly reject: (fault: Fault) => void;
  readonly timer: TimerHandle;
}

export function createAskedIntegrator(deps: AskedIntegratorDeps): Integrator & Instrument {
  const { name, clock } = deps;
  const faultHandlers = new Set<(fault: Fault) => void>();
  const waiting = new Map<number, Waiting>();
  let way: OpenWay | undefined;
  const attempts = createAttempts(name);
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

  function onAnswer(answer: IntegratorAnswer): void {
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
    attempts.end();
    const present = way;
    way = undefined;
    present?.close();
    giveUpAll(new Fault("link.closed", name, "The link was closed."));
  }

  async function connect(): Promise<Identity> {
    disconnect();
    const attempt = attempts.begin();
    const opened = await attempt.open(() =>
      deps.openWay({
        answer(answer) {
          if (attempt.isWanted) onAnswer(answer);
        },
        lost(fault) {
          if (!attempt.isWanted) return;
          way = undefined;
          giveUpAll(fault);
          report(fault);
        },
      }),
    );
    if (!opened.isOpen) throw new Fault("link.closed", name, "The link closed as soon as it was open.");
    way = opened;
    try {
      return await identify(opened);
    } catch (error) {
      if (attempt.isWanted) disconnect();
      throw error;
    }
  }

  function identify(on: OpenWay): Promise<Identity> {
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
      on.ask(encodeWho());
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
      const open = way;
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
        open.ask(encodePatternWanted(id, framePath));
      });
    },
  };
}
