/**
 * A flat field by command: the stage brings what is evenly lit into the beam, the shutter opens, the detector counts, and the
 * photons stand in the campaign's record as those that a running campaign takes.
 */
import type { RecordedLedger } from "../../controller/dose/recorded-ledger.ts";
import { sleep } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { correctionFrames, type CorrectionFrame } from "../../protocols/calibration/correction-frames.ts";
import type { Finding } from "../../protocols/base/finding.ts";
import type { AttenuationTables } from "../../protocols/dose/attenuation.ts";
import type { DetectorImage } from "../../protocols/images/cbf-image.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { ActBench } from "../device/act.ts";
import { closeSafety, openBooked, type Opening } from "../device/beam-opening.ts";
import { bookBeside } from "../device/opening-books.ts";
import { bringIn, movePermitted } from "./site-probe.ts";
import { imageName } from "./taken-image.ts";

/** Beyond its exposure: starting and reading out, while the shutter stays open. */
const OVERHEAD_S = 3;
/** With fewer counts a pixel differs from its neighbours by chance alone more than by what it is (a third and more). */
const MEAN_MIN = 10;
/** More pixels than that at their end are no flaw of single ones. */
const SATURATED_SHARE_MAX = 0.001;

/** With its place, its filters and the time it is to take. Throws Fault `calibrate.flat` where the site has no place for it. @param site with its rack as measured */
export function flatOrder(site: Site, exposureS: number): CorrectionFrame {
  const { calibrations } = site;
  const asked = calibrations?.frames?.find(({ kind }) => kind === "flat");
  if (calibrations === undefined || asked === undefined) {
    const what = "the site does not say where what is evenly lit stands (calibrations.frames.flat: x_mm, y_mm)";
    throw new Fault("calibrate.flat", site.name, what);
  }
  const findings: Finding[] = [];
  const [frame] = correctionFrames(
    { ...site, calibrations: { ...calibrations, frames: [asked] } },
    undefined,
    findings,
  );
  if (frame === undefined) throw new Fault("calibrate.flat", site.name, findings.map(({ what }) => what).join("; "));
  return { ...frame, exposureS };
}

export interface FlatExposure {
  readonly frame: CorrectionFrame;
  readonly ledger: RecordedLedger;
  readonly tables: () => AttenuationTables;
}

/** The image's path by the detector's own word. Rejects as stage, shutter and detector do; leaves both shutters closed. */
export async function exposeFlat(bench: ActBench, { frame, ledger, tables }: FlatExposure): Promise<string> {
  const { site, drivers, clock, signal } = bench;
  const [io, stage, detector] = [drivers.io(), drivers.stage(), drivers.detector()];
  const ring = ringCurrentOf(bench);
  const connected: { disconnect(): void }[] = [];
  const taken: { path: string | null } = { path: null };
  const abortDetector = (): void => {
    // What fails here is told by the exposure itself, which then does not end well.
    detector.abort().catch(() => undefined);
  };
  try {
    for (const instrument of [io, stage, detector, ...(ring === undefined ? [] : [ring.connection])]) {
      await instrument.connect();
      connected.push(instrument);
    }
    await bringIn(bench, io, frame.filtersIn);
    await movePermitted(bench, io);
    await stage.home();
    await movePermitted(bench, io);
    if (frame.place !== null) await stage.moveTo(frame.place, signal);
    await sleep(clock, site.stage.settleS * 1000, signal);
    const fileName = imageName("flat", clock.wallMs());
    signal.addEventListener("abort", abortDetector, { once: true });
    const opening: Opening = {
      what: "shutter",
      position: "the flat field",
      forS: frame.exposureS + site.detector.readOutS + OVERHEAD_S,
      async work() {
        const { finished } = await detector.start();
        taken.path = (await finished).path;
      },
    };
    const books = {
      opening,
      frame,
      ledger,
      tables,
      framePath: () => taken.path,
      ringCurrentMa: () => ring?.mA() ?? null,
    };
    try {
      await detector.arm({ exposureS: frame.exposureS, folder: site.detector.folder, fileName });
      signal.throwIfAborted();
      await openBooked(bench, io, opening, (levels) => bookBeside(bench, books, levels));
    } catch (error) {
      abortDetector();
      throw error;
    }
    if (taken.path === null) throw new Fault("calibrate.flat", detector.name, "the detector gave no image in its time");
    return taken.path;
  } finally {
    signal.removeEventListener("abort", abortDetector);
    if (connected.includes(io)) await closeSafety(bench, io).catch(() => undefined);
    for (const instrument of connected.reverse()) instrument.disconnect();
  }
}

/** Throws Fault `calibrate.flat` for one by which no image could be divided. */
export function assertFlat(path: string, { counts, header }: DetectorImage): void {
  let [sum, pixels, full] = [0, 0, 0];
  for (const count of counts) {
    if (count < 0) continue;
    pixels += 1;
    sum += count;
    if (header.countCutoff !== null && count >= header.countCutoff) full += 1;
  }
  const mean = sum / pixels;
  if (!(mean >= MEAN_MIN)) {
    const said = pixels === 0 ? "no pixel counts" : `${Number(mean.toPrecision(3))} counts a pixel`;
    throw new Fault("calibrate.flat", path, `${said}: too few to divide by, ${MEAN_MIN} are the least`);
  }
  if (full > SATURATED_SHARE_MAX * pixels) {
    throw new Fault("calibrate.flat", path, `${full} of ${pixels} pixels count no further: saturated`);
  }
}

function ringCurrentOf({ site, drivers }: ActBench) {
  for (const source of site.sensorSources) {
    const wanted = source.sensors.find(({ quantity }) => quantity === "ring_current");
    if (wanted === undefined) continue;
    const { connection, sensors } = drivers.sensorSource(source);
    return { connection, mA: () => sensors.get(wanted.name)?.fresh()?.value ?? null };
  }
  return undefined;
}
