/** `--frames DIR`: each frame of a simulated run as a NeXus file, under the name the detector gave it. */
import { basename, join } from "node:path";
import { positionAt } from "../../protocols/base/position.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { openFrameWriter } from "../../simulator/frames/nexus-frame.ts";
import type { FrameWorld, WorldFrame } from "../../simulator/world/frame-world.ts";
import { writeWhole } from "./world-files.ts";

export interface FrameFiles {
  /** Every frame taken from now on is written. */
  follow(frames: FrameWorld): void;
  /** Their paths, in the order they were taken. */
  readonly paths: readonly string[];
  /** What the disk said first, after which nothing more was tried: a full disk stops no cell. */
  readonly failure: Error | null;
}

/** The HDF5 library is loaded here, once. */
export async function createFrameFiles(campaign: Campaign, folder: string): Promise<FrameFiles> {
  const writer = await openFrameWriter();
  const sampleOf = new Map(campaign.cells.map((cell) => [cell.position, cell.barcode]));
  const paths: string[] = [];
  const state: { failure: Error | null } = { failure: null };

  function write(frames: FrameWorld, frame: WorldFrame): void {
    const place = frame.spots[0];
    const position = place === undefined || place.positionIndex < 0 ? undefined : positionAt(place.positionIndex);
    const exposureS = (frame.endMs - frame.startMs) / 1000;
    const meta = {
      title: position === undefined ? `${campaign.name}, dark frame` : `${campaign.name}, ${position}`,
      sampleName: (position === undefined ? undefined : sampleOf.get(position)) ?? "none",
      ...(place === undefined || position === undefined ? {} : { changerPosition: place.positionIndex + 1 }),
      startTime: new Date(campaign.startMs + frame.startMs).toISOString(),
      exposureS,
      energyKeV: frames.energyKeV,
      wavelengthA: frames.wavelengthA,
      distanceMm: frames.distanceMm,
      fluxPhS: exposureS > 0 ? frame.photons / exposureS : 0,
      twoThetaDeg: frames.twoThetaDeg,
    };
    const path = join(folder, frameFileName(frame.path));
    writeWhole(path, writer.frameToNexus(meta, frames.counts(frame)));
    paths.push(path);
  }

  return {
    follow(frames) {
      frames.onFrame((frame) => {
        if (state.failure !== null) return;
        try {
          write(frames, frame);
        } catch (error) {
          state.failure = error instanceof Error ? error : new Error(String(error));
        }
      });
    },
    paths,
    get failure() {
      return state.failure;
    },
  };
}

/** The detector's own name with the ending of what is in it. */
export function frameFileName(path: string): string {
  return `${basename(path).replace(/\.[^.]*$/, "")}.nxs`;
}
