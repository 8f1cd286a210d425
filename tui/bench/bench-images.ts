/** The images of the simulated detector, written as it takes them, with the geometry file that goes with them. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { PowderPattern } from "../../protocols/diffraction/powder-pattern.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import { camserverTime } from "../../simulator/dectris-camserver/camserver-files.ts";
import { cbfFile } from "../../simulator/frames/cbf-file.ts";
import { createImageSource, poniText } from "../../simulator/frames/image-source.ts";
import type { FrameWorld, WorldFrame } from "../../simulator/world/frame-world.ts";
import { openImagePatterns } from "../images/image-patterns.ts";

export interface BenchImages {
  /** Of the image that the detector wrote under this path. */
  patternOf(framePath: string): PowderPattern | undefined;
}

export interface BenchImagesDeps {
  readonly frames: FrameWorld;
  readonly folder: string;
  readonly seed: number;
  /** Wall time at the world's zero. */
  readonly startWallMs: number;
  readonly clock: Clock;
  /** The disk would not take one. */
  readonly onError: (error: Error) => void;
}

export const BENCH_GEOMETRY = "detector.poni";
/** Between a few rows of an image and the next. */
const PAUSE_MS = 2;
const DETECTOR = "simulated quadrant, S/N 0-0001";

/** Throws Fault `output.unwritable`. */
export function createBenchImages({ frames, folder, seed, startWallMs, clock, onError }: BenchImagesDeps): BenchImages {
  const source = createImageSource(frames);
  const { quadrant } = source;
  const chance = createChance(seed).stream("images");
  const geometryPath = join(folder, BENCH_GEOMETRY);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(geometryPath, poniText(quadrant));
  } catch (error) {
    throw new Fault("output.unwritable", folder, error instanceof Error ? error.message : String(error), {}, error);
  }
  const read = openImagePatterns({ geometry: { path: geometryPath } });

  // Before anybody waits for an answer: where each pixel lies is worked out once.
  source.image(new Float64Array(frames.twoThetaDeg.length), chance);

  function write(frame: WorldFrame, counts: Int32Array): void {
    const meta = {
      ...quadrant,
      detector: DETECTOR,
      takenAt: camserverTime(startWallMs + frame.startMs),
      exposureS: (frame.endMs - frame.startMs) / 1000,
      beamXPx: quadrant.beamXMm / quadrant.pixelMm,
      beamYPx: quadrant.beamYMm / quadrant.pixelMm,
    };
    // Whole, or not there: somebody may be waiting for it.
    const path = join(folder, basename(frame.path));
    writeFileSync(`${path}.part`, cbfFile(meta, counts));
    renameSync(`${path}.part`, path);
  }

  function goOn(frame: WorldFrame, steps: Generator<void, Int32Array>): void {
    clock.setTimeout(() => {
      try {
        const step = steps.next();
        if (step.done === true) write(frame, step.value);
        else goOn(frame, steps);
      } catch (error) {
        onError(error instanceof Error ? error : new Error(String(error)));
      }
    }, PAUSE_MS);
  }

  // The instruments behind the same process go on answering meanwhile.
  frames.onFrame((frame) => {
    goOn(frame, source.inSteps(frames.expected(frame), chance.stream(`image ${frame.number}`)));
  });
  return {
    patternOf(framePath) {
      const found = read(join(folder, basename(framePath)));
      return found.kind === "pattern" ? found.pattern : undefined;
    },
  };
}
