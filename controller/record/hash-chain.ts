/**
 * The chain that ties every event to all before it. Only campaign time goes in, never the wall clock, so that two
 * runs of the same files and seed end with the same digest.
 */
import { hash } from "node:crypto";
import { identityText, type RecordHeader } from "./record-header.ts";

export interface ChainHead {
  /** Number of the last event; 0 before the first. */
  readonly seq: number;
  /** SHA-256 in hexadecimal. */
  readonly hash: string;
}

/** The head before the first event: the identity of the campaign, so that a log cannot be passed off as another's. */
export function chainStart(header: RecordHeader): ChainHead {
  return { seq: 0, hash: hash("sha256", `beamrack event log\n${identityText(header)}`, "hex") };
}

/**
 * sha256(previous hash + canonical JSON of { at_ms, data, seq, type }).
 * `dataText` is the event's data as canonical JSON already; `atMs` must be finite.
 */
export function linkHash(previousHash: string, seq: number, atMs: number, type: string, dataText: string): string {
  const text = `{"at_ms":${JSON.stringify(atMs)},"data":${dataText},"seq":${seq},"type":${JSON.stringify(type)}}`;
  return hash("sha256", previousHash + text, "hex");
}

export function digestOf(head: ChainHead): string {
  return `sha256:${head.hash}`;
}
