/** The simulated detector's patterns by the names of its frames: azimuthal integration without images. */
import type { Integrator } from "../../protocols/roles/integrator.ts";
import type { FrameWorld, WorldFrame } from "../../simulator/world/frame-world.ts";

/** Frames kept to be asked for; a control visit asks for the last two. */
const KEPT = 64;

export function createWorldIntegrator(frames: FrameWorld): Integrator {
  const known = new Map<string, WorldFrame>();
  frames.onFrame((frame) => {
    known.set(frame.path, frame);
    const oldest = known.keys().next();
    if (known.size > KEPT && oldest.done !== true) known.delete(oldest.value);
  });
  return {
    name: "integrator",
    read(framePath) {
      const frame = known.get(framePath);
      const { twoThetaDeg, wavelengthA } = frames;
      return Promise.resolve(
        frame === undefined ? undefined : { twoThetaDeg, counts: frames.counts(frame), wavelengthA },
      );
    },
  };
}
