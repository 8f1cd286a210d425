/**
 * A barcode reader that prints what it reads as lines of text: held by hand, or fixed and started by a command. A
 * single line proves little: a fixed reader must read the same twice, a hand-held one is watched a moment longer for
 * a second, different code.
 */
import { type Clock, sleep } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { BarcodeReader, CodeRead } from "../../protocols/roles/barcode-reader.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import type { CodeLine, CodeRules } from "../../protocols/wire/serial-line/code-lines.ts";
import { createOneAtATime } from "../link/one-at-a-time.ts";
import { openWithin } from "../link/open-within.ts";
import { type CodeListener, listenForCodes } from "./code-listener.ts";

/** Family name in the site file. */
export const SERIAL_LINE = "serial-line";

export interface SerialLineDeps {
  /** Name in the site file. */
  readonly name: string;
  readonly openLink: OpenLink;
  readonly clock: Clock;
  readonly rules?: CodeRules;
  /** For a reader that looks on command: what starts a look, and what ends one that saw nothing. */
  readonly trigger?: { readonly on: string; readonly off?: string; readonly lookMs?: number };
  /** A question of the reader's own, and what its answer must look like. Without one nothing tells readers apart. */
  readonly identify?: { readonly ask: string; readonly answer: RegExp };
}

const LOOK_MS = 1000;
const IDENTIFY_MS = 1000;
/** One answer may be lost on the line, or its device be busy. */
const FIRST_LOOKS = 2;
/** The same code again within this time is the same reading: readers repeat what stays before them. */
const REPEAT_MS = 1000;
/** Time in which a second, different code would come. */
const SECOND_CODE_MS = 150;

type Heard = { readonly line: string; readonly judged: CodeLine };

export function createSerialLineReader(deps: SerialLineDeps): BarcodeReader {
  const { name, clock, trigger } = deps;
  const rules = deps.rules ?? {};
  const faultHandlers = new Set<(fault: Fault) => void>();
  const readHandlers = new Set<(read: CodeRead) => void>();
  const oneAtATime = createOneAtATime(name);
  let listener: CodeListener | undefined;
  /** What came since somebody listens, and who is to be woken by more. */
  let heard: Heard[] | undefined;
  let wake: (() => void) | undefined;
  let last: CodeRead | undefined;
  let isIdentifying = false;

  function report(fault: Fault): void {
    for (const handler of faultHandlers) handler(fault);
  }

  function live(): CodeListener {
    if (listener?.isOpen !== true) throw new Fault("link.closed", name, "The reader's link is not open.");
    return listener;
  }

  function onLine(line: string, judged: CodeLine): void {
    if (judged.kind === "code" && !isIdentifying) {
      const read = { code: judged.code, readAtMs: clock.monoMs() };
      const isRepeat = last?.code === read.code && read.readAtMs - last.readAtMs < REPEAT_MS;
      last = read;
      if (!isRepeat) for (const handler of readHandlers) handler(read);
      // What a hand-held reader goes on repeating is the cell before, not the next one.
      if (isRepeat && trigger === undefined) return;
    }
    // Nobody needs more than this to see that something is wrong.
    if (heard !== undefined && heard.length < 64) heard.push({ line, judged });
    wake?.();
  }

  /** Waits for the next line, at most `ms`; undefined when none came. */
  async function nextLine(ms: number, signal?: AbortSignal): Promise<Heard | undefined> {
    const waiting = heard?.shift();
    if (waiting !== undefined || ms <= 0) return waiting;
    const done = new AbortController();
    const stop = (): void => {
      done.abort(new Error("woken"));
    };
    wake = stop;
    signal?.addEventListener("abort", stop, { once: true });
    try {
      await sleep(clock, ms, done.signal).catch(() => undefined);
    } finally {
      wake = undefined;
      signal?.removeEventListener("abort", stop);
    }
    signal?.throwIfAborted();
    live();
    return heard?.shift();
  }

  async function listening<T>(work: () => Promise<T>): Promise<T> {
    heard = [];
    try {
      return await work();
    } finally {
      heard = undefined;
    }
  }

  async function connect(): Promise<Identity> {
    disconnect();
    const link = await openWithin(clock, deps.openLink, name);
    const opened = listenForCodes(link, clock, rules, {
      line: onLine,
      closed(why) {
        wake?.();
        if (listener === opened) report(new Fault("link.closed", name, `The reader's link closed: ${why}.`));
      },
    });
    listener = opened;
    try {
      return await listening(identify);
    } catch (error) {
      disconnect();
      throw error;
    }
  }

  async function identify(): Promise<Identity> {
    if (deps.identify !== undefined) {
      isIdentifying = true;
      try {
        live().say(deps.identify.ask);
        const answer = await nextLine(IDENTIFY_MS);
        if (answer === undefined) throw silent("who it is", IDENTIFY_MS);
        if (!deps.identify.answer.test(answer.line)) throw wrong(answer.line);
        return { model: answer.line, serialNumber: null, firmware: null };
      } finally {
        isIdentifying = false;
      }
    }
    if (trigger !== undefined && rules.noRead !== undefined) {
      const lookMs = trigger.lookMs ?? LOOK_MS;
      let seen: Heard | undefined;
      for (let looks = 0; seen === undefined && looks < FIRST_LOOKS; looks += 1) seen = await look(lookMs);
      if (seen === undefined) throw silent(`${FIRST_LOOKS} first looks`, FIRST_LOOKS * lookMs);
      if (seen.judged.kind === "implausible") throw wrong(seen.line);
    }
    return { model: "reader of lines", serialNumber: null, firmware: null };
  }

  /** One look on command. */
  async function look(ms: number, signal?: AbortSignal): Promise<Heard | undefined> {
    if (trigger === undefined) return nextLine(ms, signal);
    if (heard !== undefined) heard.length = 0;
    live().say(trigger.on);
    const seen = await nextLine(Math.min(ms, trigger.lookMs ?? LOOK_MS), signal);
    if (seen === undefined && trigger.off !== undefined) live().say(trigger.off);
    return seen;
  }

  async function readCode(withinMs: number, signal?: AbortSignal): Promise<CodeRead> {
    signal?.throwIfAborted();
    live();
    const untilMs = clock.monoMs() + withinMs;
    let implausible: CodeLine | undefined;
    let first: CodeRead | undefined;
    for (;;) {
      // A second look, or the moment in which a second code would come, is granted past the deadline.
      const graceMs = first === undefined ? 0 : trigger === undefined ? SECOND_CODE_MS : (trigger.lookMs ?? LOOK_MS);
      const leftMs = Math.max(trigger === undefined && first !== undefined ? 0 : untilMs - clock.monoMs(), graceMs);
      const seen = leftMs > 0 ? await look(leftMs, signal) : undefined;
      if (seen?.judged.kind === "code") {
        const { code } = seen.judged;
        if (first !== undefined && first.code !== code) throw ambiguous(first.code, code);
        if (first !== undefined && trigger !== undefined) return { code, readAtMs: clock.monoMs() };
        first ??= { code, readAtMs: clock.monoMs() };
        continue;
      }
      if (seen?.judged.kind === "implausible") implausible = seen.judged;
      if (seen === undefined && first !== undefined && trigger === undefined) return first;
      if (clock.monoMs() >= untilMs) throw nothing(withinMs, implausible);
      // A reader that answers at once is not to be asked without end.
      if (trigger !== undefined && seen !== undefined) await sleep(clock, 20, signal);
    }
  }

  function nothing(withinMs: number, implausible: CodeLine | undefined): Fault {
    if (implausible?.kind === "implausible") {
      return new Fault(
        "code.implausible",
        name,
        `${JSON.stringify(implausible.line)} is no code: ${implausible.why}.`,
        {
          line: implausible.line,
        },
      );
    }
    return new Fault("code.none", name, `No code was read within ${(withinMs / 1000).toFixed(1)} s.`);
  }

  function ambiguous(one: string, other: string): Fault {
    return new Fault("code.ambiguous", name, `Two codes were read: ${one} and ${other}.`, { codes: [one, other] });
  }

  function silent(what: string, ms: number): Fault {
    return new Fault("link.timeout", name, `No answer to ${what} within ${ms} ms.`, { deadlineMs: ms });
  }

  function wrong(line: string): Fault {
    return new Fault(
      "device.wrong",
      name,
      `What answers is not the site's reader: ${JSON.stringify(line.slice(0, 80))}.`,
    );
  }

  function disconnect(): void {
    const closing = listener;
    listener = undefined;
    last = undefined;
    closing?.close();
  }

  return {
    name,
    driver: SERIAL_LINE,
    readsOnCommand: trigger !== undefined,
    connect: () => oneAtATime(connect),
    disconnect,
    onFault(handler) {
      faultHandlers.add(handler);
      return () => {
        faultHandlers.delete(handler);
      };
    },
    readCode: (withinMs, signal) => oneAtATime(() => listening(() => readCode(withinMs, signal))),
    onRead(handler) {
      readHandlers.add(handler);
      return () => {
        readHandlers.delete(handler);
      };
    },
  };
}
