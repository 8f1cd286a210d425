/**
 * A Fault is something the outside world did: a device, a file, a person. It carries a code to search for, one
 * sentence with values and units, and where it happened. The table beside it gives severity and advice, so
 * behaviour and screen text cannot drift apart. Anything that is not a Fault is a bug and is not recovered from.
 */
import { FAULT_CATALOGUE, type FaultCode } from "./fault-catalogue.ts";
import type { Json } from "./canonical-json.ts";

export type { FaultCode } from "./fault-catalogue.ts";

/** retry: may be tried again, bounded and visibly. hold: make safe, keep all, wait for a person. stop: make safe, end. refuse: input turned down before anything moved. */
export type FaultSeverity = "retry" | "hold" | "stop" | "refuse";

export interface FaultDetail {
  readonly [key: string]: Json;
}

export class Fault extends Error {
  override readonly name = "Fault";
  readonly code: FaultCode;
  /** The device, cell, file or path concerned, in the operator's words: `channel B7`, `stage`, `campaign.yaml`. */
  readonly where: string;
  readonly detail: FaultDetail;

  constructor(code: FaultCode, where: string, what: string, detail: FaultDetail = {}, cause?: unknown) {
    super(what, cause === undefined ? undefined : { cause });
    this.code = code;
    this.where = where;
    this.detail = detail;
  }

  get severity(): FaultSeverity {
    return FAULT_CATALOGUE[this.code].severity;
  }

  get advice(): string {
    return FAULT_CATALOGUE[this.code].advice;
  }
}

export function isFault(error: unknown): error is Fault {
  return error instanceof Fault;
}

/** One paragraph for a person: what happened, where, what to do. */
export function faultText(fault: Fault): string {
  return `${fault.where}: ${fault.message} [${fault.code}] ${fault.advice}`;
}
