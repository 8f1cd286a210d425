/** What `beamrack device` can do with a detector. It opens no shutter. */
import { Fault } from "../../protocols/base/fault.ts";
import type { Detector } from "../../protocols/roles/detector.ts";
import { ASK_MS, driverActs, entry, TAKES_OVER, withConnected, type ActEntry } from "./act-entry.ts";

export function detectorActs(detector: Detector): readonly ActEntry[] {
  const acting = { needsConfirmation: false, admitsBeam: false, notBeside: TAKES_OVER, timeoutMs: ASK_MS };
  const exposure = (name: string, args: readonly string[], folder: string) => {
    const [seconds, fileName, ...more] = args;
    const exposureS = Number(seconds);
    if (fileName === undefined || more.length > 0 || !(exposureS > 0) || !Number.isFinite(exposureS)) {
      throw new Fault("command.usage", name, `takes seconds and a file name: ${name} 0.5 test.tif`);
    }
    return { exposureS, fileName, folder };
  };
  return [
    ...driverActs(detector),
    {
      name: "arm",
      usage: "arm SECONDS FILE",
      summary: "set exposure and file name, and read them back",
      make(args, options) {
        const acquisition = exposure("arm", args, options.site.detector.folder);
        return {
          ...acting,
          command: `arm ${acquisition.exposureS} ${acquisition.fileName}`,
          words: [
            `Sets the detector to ${acquisition.exposureS} s into ${acquisition.folder}/${acquisition.fileName}.`,
          ],
          perform: (bench) =>
            withConnected(bench, detector, async () => {
              await detector.arm(acquisition);
              return { armed: true, exposure_s: acquisition.exposureS, file: acquisition.fileName };
            }),
        };
      },
    },
    {
      name: "trigger",
      usage: "trigger SECONDS FILE",
      summary: "one exposure of the detector; opens no shutter",
      make(args, options) {
        const acquisition = exposure("trigger", args, options.site.detector.folder);
        return {
          ...acting,
          command: `trigger ${acquisition.exposureS} ${acquisition.fileName}`,
          words: [
            `Exposes the detector for ${acquisition.exposureS} s into ${acquisition.folder}/${acquisition.fileName}.`,
            "Opens no shutter.",
          ],
          timeoutMs: ASK_MS + acquisition.exposureS * 1000,
          perform: (bench) =>
            withConnected(bench, detector, async () => {
              await detector.arm(acquisition);
              const stop = (): void => {
                detector.abort().catch(() => undefined);
              };
              bench.signal.addEventListener("abort", stop, { once: true });
              const { finished } = await detector.start();
              const frame = await finished;
              return { frame: frame.path, exposure_s: frame.exposureS };
            }),
        };
      },
    },
    entry("abort", { usage: "abort", summary: "end an exposure" }, () => ({
      ...acting,
      command: "abort",
      words: ["Ends an exposure that runs."],
      perform: (bench) =>
        withConnected(bench, detector, async () => {
          await detector.abort();
          return { state: "idle" };
        }),
    })),
  ];
}
