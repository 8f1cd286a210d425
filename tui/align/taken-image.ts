/** The file that a detector has just written, as soon as it is whole. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { sleep, type Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { readCbfImage, type DetectorImage } from "../../protocols/images/cbf-image.ts";

/** A file may come a moment after the detector says that it has written it. */
const FILE_MS = 30_000;
const LOOK_MS = 100;

export interface TakenImage {
  /** As this computer sees it. */
  readonly path: string;
  readonly image: DetectorImage;
}

/**
 * `framesFolder`: where this computer finds what the detector writes, by its name; undefined: under the detector's own path.
 * Rejects with the fault of that code where none comes.
 */
export async function takenImage(
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  framePath: string,
  framesFolder: string | undefined,
  code: "calibrate.dark" | "calibrate.flat",
): Promise<TakenImage> {
  const path = framesFolder === undefined ? framePath : join(framesFolder, basename(framePath));
  const untilMs = clock.monoMs() + FILE_MS;
  for (;;) {
    const found = readImage(path);
    if (typeof found !== "string") return { path, image: found };
    if (clock.monoMs() > untilMs) throw new Fault(code, path, `the detector's image: ${found}`);
    await sleep(clock, LOOK_MS, signal);
  }
}

/** `dark-20260302T080000000Z.cbf`. */
export function imageName(kind: "dark" | "flat", wallMs: number): string {
  return `${kind}-${new Date(wallMs).toISOString().replaceAll(/[^0-9TZ]/g, "")}.cbf`;
}

function readImage(path: string): DetectorImage | string {
  try {
    const read = readCbfImage(readFileSync(path));
    return read.kind === "image" ? read.image : read.reason;
  } catch {
    return "it is not there, or cannot be read by this account";
  }
}
