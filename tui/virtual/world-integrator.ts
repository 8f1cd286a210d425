/** The simulated detector's patterns by the names of its frames: azimuthal integration without images. */
import type { PowderPattern } from "../../protocols/diffraction/powder-pattern.ts";
import type { Integrator } from "../../protocols/roles/integrator.ts";
import type { FrameWorld, WorldFrame } from "../../simulator/world/frame-world.ts";

/** Frames kept to be asked for; a control visit asks for the last two. */
const KEPT = 64;

/** The patterns of the last frames by their paths; undefined for any other. */
export function rememberPatterns(frames: FrameWorld): (framePath: string) => PowderPattern | undefined {
  const known = new Map<string, WorldFrame>();
  frames.onFrame((frame) => {
    known.set(frame.path, frame);
    const oldest = known.keys().next();
    if (known.size > KEPT && oldest.done !== true) known.delete(oldest.value);
  });
  return (framePath) => {
    const frame = known.get(framePath);
    const { twoThetaDeg, wavelengthA } = frames;
    return frame === undefined ? undefined : { twoThetaDeg, counts: frames.counts(frame), wavelengthA };
  };
}

/** Without a cable; for sites that have no integrator of their own. */
export function createWorldIntegrator(frames: FrameWorld): Integrator {
  const patternOf = rememberPatterns(frames);
  return { name: "integrator", read: (framePath) => Promise.resolve(patternOf(framePath)) };
}
