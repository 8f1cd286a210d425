/**
 * `--capture DIR`: the traffic of each link in a file of its own, JSON lines, bounded in size. A full file gives way to
 * a new one and is kept as `.1`; the one before that is gone.
 */
import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { captureHttp } from "../../drivers/link/capture-http.ts";
import { captureLink, withholdMqttLogin, withholdPasswords } from "../../drivers/link/capture-link.ts";
import type { CaptureRecord, CaptureSink } from "../../drivers/link/capture-link.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { HttpPort } from "../../protocols/roles/http.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import type { LinkAddress } from "../../protocols/site/site.ts";

export interface CaptureFolder {
  /** The same link, with its traffic written down. */
  capture(cable: string, address: LinkAddress, openLink: OpenLink): OpenLink;
  captureHttp(cable: string, port: HttpPort): HttpPort;
}

/** 8 MiB, some 100,000 short messages. */
const FILE_BYTES_MAX = 8 * 1024 * 1024;

/**
 * Throws Fault `output.unwritable` when the folder cannot be made. A line that cannot be written later is told once to
 * `onTrouble`, and capturing of that link ends: the conversation goes on.
 */
export function createCaptureFolder(
  folder: string,
  clock: Clock,
  onTrouble: (fault: Fault) => void,
  bytesMax = FILE_BYTES_MAX,
): CaptureFolder {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw unwritable(folder, error);
  }
  const startMs = clock.monoMs();
  const sinkOf = (cable: string): CaptureSink =>
    createFileSink(join(folder, captureFileName(cable)), bytesMax, onTrouble);
  return {
    captureHttp: (cable, port) => captureHttp(port, { clock, startMs, sink: sinkOf(cable) }),
    capture(cable, address, openLink) {
      const sink = sinkOf(cable);
      const withhold = address.kind === "mqtt" ? withholdMqttLogin : withholdPasswords;
      return captureLink(openLink, { clock, startMs, sink, withhold });
    },
  };
}

/** `channel A1` is captured in `channel-A1.jsonl`. */
export function captureFileName(cable: string): string {
  return `${cable.replace(/[^A-Za-z0-9._-]+/g, "-")}.jsonl`;
}

function createFileSink(path: string, bytesMax: number, onTrouble: (fault: Fault) => void): CaptureSink {
  let isBroken = false;
  let sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return (record: CaptureRecord) => {
    if (isBroken) return;
    const line = `${JSON.stringify(record)}\n`;
    try {
      if (sizeBytes + line.length > bytesMax && sizeBytes > 0) {
        renameSync(path, `${path}.1`);
        sizeBytes = 0;
      }
      appendFileSync(path, line);
      sizeBytes += line.length;
    } catch (error) {
      isBroken = true;
      onTrouble(unwritable(path, error));
    }
  };
}

function unwritable(path: string, error: unknown): Fault {
  const why = error instanceof Error ? error.message : String(error);
  return new Fault("output.unwritable", path, `the capture cannot be written: ${why}`, {}, error);
}
