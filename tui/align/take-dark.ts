/** A dark image: the detector exposed with the shutter closed, before and after, and the file it wrote. */
import { Fault } from "../../protocols/base/fault.ts";
import type { BeamIo } from "../../protocols/roles/beam-io.ts";
import type { Site } from "../../protocols/site/site.ts";
import { createCaptureFolder } from "../capture/capture-folder.ts";
import type { CommandContext } from "../command-context.ts";
import { createSiteDrivers } from "../rig/drivers.ts";
import { createRealLinks } from "../rig/real-links.ts";
import { takeLock } from "./on-site.ts";
import { imageName, takenImage } from "./taken-image.ts";

export interface DarkOrder {
  /** As the site's lock names it. */
  readonly command: string;
  readonly exposureS: number;
  /** Where this computer finds what the detector writes, by its name; undefined: under the detector's own path. */
  readonly framesFolder: string | undefined;
  readonly captureFolder: string | undefined;
}

/** The path of the image. Rejects with `calibrate.dark`, `site.in-use`, and as the instruments do. */
export async function takeDark(context: CommandContext, site: Site, order: DarkOrder): Promise<string> {
  const { clock } = context;
  const capture =
    order.captureFolder === undefined
      ? undefined
      : createCaptureFolder(order.captureFolder, clock, (fault) => {
          context.printError(fault.message);
        });
  const lock = takeLock(context, site, order.command);
  const ending = new AbortController();
  const release = context.onInterrupt((reason) => {
    ending.abort(new Fault("device.interrupted", order.command, `it was ended by ${reason}`, { reason }));
  });
  const drivers = createSiteDrivers(site, createRealLinks(clock, capture));
  const [io, detector] = [drivers.io(), drivers.detector()];
  try {
    await io.connect();
    await closedOrRefused(io);
    await detector.connect();
    const fileName = imageName("dark", clock.wallMs());
    await detector.arm({ exposureS: order.exposureS, folder: site.detector.folder, fileName });
    ending.signal.addEventListener("abort", () => void detector.abort().catch(() => undefined), { once: true });
    const { finished } = await detector.start();
    const frame = await finished;
    ending.signal.throwIfAborted();
    await closedOrRefused(io);
    const { signal } = ending;
    return (await takenImage({ clock, signal }, frame.path, order.framesFolder, "calibrate.dark")).path;
  } finally {
    detector.disconnect();
    io.disconnect();
    release();
    lock.release();
  }
}

async function closedOrRefused(io: BeamIo): Promise<void> {
  const { shutterClosedSwitch, shutterOpenSwitch, safetyShutterClosedSwitch } = await io.readInputs();
  if ((shutterClosedSwitch && !shutterOpenSwitch) || safetyShutterClosedSwitch) return;
  throw new Fault("calibrate.dark", io.name, "no shutter reads closed: there would be beam in a dark image");
}
