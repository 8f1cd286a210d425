/**
 * One opened link to one or more Modbus units, through the modbus-serial client: one request in flight, each with a
 * deadline on the injected clock, urgent ones first. The library's own timeout is never set, since it runs on the
 * machine's clock. After a missing or unreadable answer a late one must never meet a later request: Modbus TCP
 * closes the link, RTU stays silent for as long as an answer may be late and gives up the unit concerned alone.
 */
import modbus from "modbus-serial";
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Link } from "../../protocols/roles/link.ts";
import { createModbusLinkPort } from "./modbus-link-port.ts";
import type { ModbusFraming } from "./modbus-port.ts";
import { createModbusRtuPort } from "./modbus-rtu-port.ts";

export type ModbusClient = InstanceType<(typeof modbus)["default"]>;

/** As the library calls back; what it hands over is looked at before it is believed. */
export type Next = (error: unknown, result: unknown) => void;

/** One unit on the link, for as long as it answers. */
export interface ExchangeMember {
  /** Name in the site file, for its faults. */
  readonly name: string;
  /** The unit is given up, or the link is gone: nothing of it is sent any more. Told once. */
  lost(fault: Fault): void;
}

export interface ModbusRequest {
  readonly member: ExchangeMember;
  readonly what: string;
  readonly isWrite: boolean;
  readonly isUrgent: boolean;
  /** Asked when the request's turn comes: a reason means it is not sent any more, and rejects with it. */
  readonly withdrawn: (() => Fault | undefined) | undefined;
  issue(client: ModbusClient, next: Next): void;
  /** Settles with the result, or tells why it cannot be read. */
  accept(result: unknown): string | undefined;
  reject(fault: Fault): void;
}

export interface ModbusExchange {
  readonly isOpen: boolean;
  /** From now on this unit is told when it or the link is given up. */
  join(member: ExchangeMember): void;
  send(request: ModbusRequest): void;
  /** Forgets a unit: what it waits for rejects with `link.closed`, and a write in flight with `device.unknown-outcome`. */
  leave(member: ExchangeMember): void;
  /** Closes the link. Every waiting request rejects; no member is told. */
  close(): void;
}

export interface ModbusExchangeDeps {
  /** Of the link, in the site file. */
  readonly name: string;
  readonly link: Link;
  readonly clock: Clock;
  readonly framing: ModbusFraming;
  /** Default 200 ms on TCP, 1000 ms on a serial line. */
  readonly replyDeadlineMs?: number;
  /** Pause that the unit wants between an answer and the next request. Default none. */
  readonly gapMs?: number;
  /** The link is gone, for whatever reason but `close()`; members were told. */
  readonly onLost?: (fault: Fault) => void;
}

/** More waiting requests mean a caller that does not await. */
const WAITING_MAX = 64;
const REPLY_MS = { tcp: 200, rtu: 1000 } as const;
/** Unanswered requests in a row, of whichever units, after which the line itself is taken for dead. */
const UNANSWERED_MAX = 3;
/** A line on which it is never quiet for this long cannot be used. */
const NEVER_QUIET_MS = 10_000;

export function createModbusExchange(deps: ModbusExchangeDeps): ModbusExchange {
  const { name, link, clock, framing } = deps;
  const replyDeadlineMs = deps.replyDeadlineMs ?? REPLY_MS[framing.kind];
  const neverQuietMs = NEVER_QUIET_MS + (framing.kind === "rtu" ? (framing.lateReplyMs ?? 0) : 0);
  const waiting: ModbusRequest[] = [];
  const members = new Set<ExchangeMember>();
  let inFlight: ModbusRequest | undefined;
  let issuedCount = 0;
  let deadline: TimerHandle;
  let pause: TimerHandle;
  let pausedSinceMs: number | undefined;
  let answeredAtMs = Number.NEGATIVE_INFINITY;
  let unansweredCount = 0;
  let isClosedHere = false;

  const onGarbled = (why: string): void => {
    unanswered(new Fault("link.garbled", inFlight?.member.name ?? name, `The answer cannot be read: ${why}.`));
  };
  const port =
    framing.kind === "tcp"
      ? createModbusLinkPort(link, onGarbled)
      : createModbusRtuPort(link, clock, framing, onGarbled);
  const client = new modbus.default(port);
  client.open();

  link.onClose((why) => {
    lose(new Fault("link.closed", name, `The link closed: ${why}.`));
  });

  /** Gives up the request in flight and all that wait, and the link with them. */
  function lose(fault: Fault): void {
    if (isClosedHere) return;
    shut(fault);
    for (const member of [...members]) {
      members.delete(member);
      member.lost(fault);
    }
    deps.onLost?.(fault);
  }

  function shut(fault: Fault): void {
    isClosedHere = true;
    const cut = inFlight;
    inFlight = undefined;
    clock.clearTimeout(deadline);
    clock.clearTimeout(pause);
    link.close();
    cut?.reject(cut.isWrite ? unknownOutcome(cut, fault) : fault);
    for (const request of waiting.splice(0)) request.reject(notSent(request, fault.message));
  }

  /** The answer in flight did not come, or is none. */
  function unanswered(fault: Fault): void {
    const request = inFlight;
    unansweredCount += 1;
    if (request === undefined || unansweredCount >= UNANSWERED_MAX || !port.abandon()) {
      lose(fault);
      return;
    }
    inFlight = undefined;
    clock.clearTimeout(deadline);
    members.delete(request.member);
    request.reject(request.isWrite ? unknownOutcome(request, fault) : fault);
    rejectWaitingOf(request.member, fault.message);
    request.member.lost(fault);
    next();
  }

  function rejectWaitingOf(member: ExchangeMember, why: string): void {
    for (let index = waiting.length - 1; index >= 0; index -= 1) {
      const request = waiting[index];
      if (request?.member !== member) continue;
      waiting.splice(index, 1);
      request.reject(notSent(request, why));
    }
  }

  function send(request: ModbusRequest): void {
    if (!link.isOpen || isClosedHere) {
      request.reject(notSent(request, "The link is closed."));
      return;
    }
    if (waiting.length >= WAITING_MAX && !request.isUrgent) {
      request.reject(
        new Fault("device.refused", request.member.name, `${WAITING_MAX} requests wait for this link already.`),
      );
      return;
    }
    if (request.isUrgent) waiting.unshift(request);
    else waiting.push(request);
    next();
  }

  function next(): void {
    while (inFlight === undefined && waiting.length > 0) {
      const waitMs = Math.max(port.readyInMs(), answeredAtMs + (deps.gapMs ?? 0) - clock.monoMs());
      if (waitMs > 0) {
        pauseFor(waitMs);
        return;
      }
      pausedSinceMs = undefined;
      const request = waiting.shift();
      const withdrawal = request?.withdrawn?.();
      if (request !== undefined && withdrawal !== undefined) request.reject(withdrawal);
      else if (request !== undefined) issue(request);
    }
  }

  /** Others may come meanwhile, and urgent ones go first when the line is free. */
  function pauseFor(waitMs: number): void {
    pausedSinceMs ??= clock.monoMs();
    if (clock.monoMs() - pausedSinceMs > neverQuietMs) {
      lose(new Fault("link.garbled", name, "The line is never quiet: bytes come that nobody asked for."));
      return;
    }
    clock.clearTimeout(pause);
    pause = clock.setTimeout(next, waitMs);
  }

  /** The library holds on to it for some hundred requests more, so it holds nothing of the request itself. */
  function nextOf(count: number): Next {
    return (error, result) => {
      if (count === issuedCount && inFlight !== undefined) onAnswer(inFlight, error, result);
    };
  }

  function issue(request: ModbusRequest): void {
    inFlight = request;
    issuedCount += 1;
    deadline = clock.setTimeout(() => {
      unanswered(
        new Fault("link.timeout", request.member.name, `No answer to ${request.what} within ${replyDeadlineMs} ms.`),
      );
    }, replyDeadlineMs);
    try {
      request.issue(client, nextOf(issuedCount));
    } catch (error) {
      lose(
        error instanceof Fault ? error : new Fault("link.closed", name, "The request could not be sent.", {}, error),
      );
    }
  }

  function onAnswer(request: ModbusRequest, error: unknown, result: unknown): void {
    const exceptionCode = error === null || error === undefined ? undefined : exceptionCodeOf(error);
    let why: string | undefined;
    if (exceptionCode !== undefined) {
      request.reject(
        new Fault(
          "io.exception",
          request.member.name,
          `The unit answered exception ${exceptionCode} to ${request.what}.`,
          { exceptionCode },
        ),
      );
    } else {
      why = error instanceof Error ? error.message : request.accept(result);
    }
    if (why !== undefined) {
      unanswered(
        new Fault("link.garbled", request.member.name, `The answer to ${request.what} cannot be read: ${why}.`),
      );
      return;
    }
    inFlight = undefined;
    unansweredCount = 0;
    answeredAtMs = clock.monoMs();
    clock.clearTimeout(deadline);
    next();
  }

  return {
    get isOpen() {
      return link.isOpen && !isClosedHere;
    },
    join(member) {
      members.add(member);
    },
    send,
    leave(member) {
      if (!members.delete(member)) return;
      const why = "It was closed on request.";
      rejectWaitingOf(member, why);
      const cut = inFlight;
      if (cut?.member !== member) return;
      // The answer to come belongs to nobody: a link that cannot tell it from the next one has to go.
      const fault = new Fault("link.closed", member.name, why);
      inFlight = undefined;
      clock.clearTimeout(deadline);
      cut.reject(cut.isWrite ? unknownOutcome(cut, fault) : fault);
      if (port.abandon()) next();
      else lose(new Fault("link.closed", name, "The link was closed with an answer under way."));
    },
    close() {
      if (isClosedHere) return;
      members.clear();
      shut(new Fault("link.closed", name, "The link was closed on request."));
    },
  };
}

function notSent(request: ModbusRequest, why: string): Fault {
  return new Fault("link.closed", request.member.name, `${request.what} was not sent. ${why}`);
}

function unknownOutcome(request: ModbusRequest, cause: Fault): Fault {
  return new Fault(
    "device.unknown-outcome",
    request.member.name,
    `Whether ${request.what} was carried out is not known. ${cause.message}`,
    { cause: cause.code },
    cause,
  );
}

function exceptionCodeOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("modbusCode" in error)) return undefined;
  return typeof error.modbusCode === "number" ? error.modbusCode : undefined;
}
