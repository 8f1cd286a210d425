/** `beamrack integrate`: one image to a pattern, or a program that answers a site's questions for patterns. */
import { existsSync, statSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Fault } from "../../protocols/base/fault.ts";
import type { CommandContext } from "../command-context.ts";
import { readCalibrant, type CalibrantName } from "../../protocols/images/calibrant-lines.ts";
import { calibratedFiles, CORRECTION_KINDS, correctionFiles } from "../images/correction-files.ts";
import { openImagePatterns, type PatternOfFile } from "../images/image-patterns.ts";
import type { ListeningServer, TcpPlace } from "../bench/tcp-listener.ts";
import { findBusPlace, type BusPlace } from "../bus/bus-place.ts";
import { openBusSession, type BusSession } from "../bus/bus-session.ts";
import { createIntegratorServer, createMessageDesk } from "../images/integrator-server.ts";
import { brailleLines, rangeOf } from "../terminal/text/braille-plot.ts";

const WHERE = "beamrack integrate";
const PLOT_ROWS = 8;

/** Resolves to 0. Throws Fault `command.usage`, `image.geometry`, `image.calibration`, `image.refused`, `bench.listen`, `output.unwritable`. */
export async function integrateCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: true,
    options: {
      geometry: { type: "string" },
      mask: { type: "string" },
      dark: { type: "string" },
      flat: { type: "string" },
      calibrations: { type: "string" },
      csv: { type: "string" },
      listen: { type: "string" },
      frames: { type: "string" },
      calibrant: { type: "string" },
      tolerance: { type: "string", default: "0.0005" },
      broker: { type: "string" },
      credentials: { type: "string" },
      topic: { type: "string" },
    },
  });
  const [path, ...more] = positionals;
  const way = wayOf(context, values);
  if (way !== undefined && values.listen !== undefined) {
    const what = "listens on a port or to a broker, not both: a site asks either (docs/instruments/json-integrator.md)";
    throw new Fault("command.usage", WHERE, what);
  }
  const { calibrations, csv, frames } = values;
  // A table is written over the one of before, and over no other file; a pipe, or /dev/stdout, is none.
  if (csv !== undefined && existsSync(csv) && !/\.csv$/i.test(csv) && statSync(csv).isFile()) {
    throw new Fault("export.exists", csv, "there is a file of this name, and it is no table");
  }
  if (way !== undefined && frames === undefined) {
    const what = "questions from a broker need --frames, the only folder in which images are then opened";
    throw new Fault("command.usage", WHERE, what);
  }
  const calibrated =
    calibrations === undefined
      ? {}
      : calibratedFiles(context.readText(calibrations), calibrations, context.clock.wallMs());
  const named = Object.fromEntries(
    CORRECTION_KINDS.flatMap((kind) => (values[kind] === undefined ? [] : [[kind, { path: values[kind] }]])),
  );
  const read = openImagePatterns(correctionFiles(WHERE, calibrated, named));
  if (values.listen !== undefined) {
    if (path !== undefined) throw new Fault("command.usage", WHERE, "takes an image or --listen, not both");
    return listen(context, read, values.listen, frames);
  }
  if (way !== undefined) {
    if (path !== undefined) throw new Fault("command.usage", WHERE, "takes an image or --broker, not both");
    return answerMessages(context, read, frames, way);
  }
  if (path === undefined || more.length > 0) throw new Fault("command.usage", WHERE, "takes one image, or --listen");
  const calibrant = calibrantOf(values.calibrant, values.tolerance);
  const code = integrateOne(context, read, path, csv, calibrant !== undefined);
  return calibrant === undefined ? code : compareLines(context, read, path, calibrant);
}

interface CalibrantOrder {
  readonly name: CalibrantName;
  /** Of the radius of the rings, a share. */
  readonly tolerance: number;
}

/** Throws Fault `command.usage`. */
function calibrantOf(named: string | undefined, toleranceText: string): CalibrantOrder | undefined {
  if (named === undefined) return undefined;
  const tolerance = Number(toleranceText);
  if (!(tolerance > 0 && tolerance < 0.1)) {
    throw new Fault("command.usage", "--tolerance", `${toleranceText} is no share such as 0.0005`);
  }
  if (named === "CeO2" || named === "LaB6") return { name: named, tolerance };
  throw new Fault("command.usage", "--calibrant", `no lines of ${named} are known; there are CeO2 and LaB6`);
}

/** Resolves to 3 where the lines lie elsewhere than they belong. */
function compareLines(
  context: CommandContext,
  read: PatternOfFile,
  path: string,
  { name, tolerance }: CalibrantOrder,
): number {
  const found = read(path);
  if (found.kind !== "pattern") throw new Fault("image.refused", path, found.reason);
  const lines = readCalibrant(found.pattern, name);
  if (lines.kind === "unclear") throw new Fault("calibrate.unclear", path, lines.reason);
  const { radiusOff, sigma } = lines;
  const isOff = Math.abs(radiusOff) > tolerance;
  if (context.json) {
    const verdict = { ok: !isOff, lines: lines.found, radius_off: radiusOff, uncertainty: sigma, tolerance };
    context.print(JSON.stringify({ calibrant: name, ...verdict }));
  } else {
    const share = `${(100 * radiusOff).toFixed(3)} ± ${(100 * sigma).toFixed(3)} %`;
    const what = isOff ? "more than is allowed: calibrate the geometry again" : "within what is allowed";
    context.print(`${name}: ${lines.found} lines, their rings ${share} off in radius, ${what} (${100 * tolerance} %)`);
  }
  return isOff ? 3 : 0;
}

function integrateOne(
  context: CommandContext,
  read: PatternOfFile,
  path: string,
  csv: string | undefined,
  isCompared: boolean,
): number {
  const found = read(path);
  if (found.kind !== "pattern") throw new Fault("image.refused", path, found.reason);
  const { pattern, image } = found;
  const points = Array.from(pattern.counts, (count, at) => ({
    x: pattern.twoThetaDeg[at] ?? NaN,
    y: Math.log1p(count),
  }));
  if (csv !== undefined) {
    const rows = Array.from(pattern.counts, (count, at) => `${(pattern.twoThetaDeg[at] ?? NaN).toFixed(5)},${count}`);
    try {
      writeFileSync(csv, `two_theta_deg,counts\n${rows.join("\n")}\n`);
    } catch (error) {
      throw new Fault("output.unwritable", csv, error instanceof Error ? error.message : String(error), {}, error);
    }
  }
  if (context.json) {
    // One document: what is compared has its own.
    if (isCompared) return 0;
    context.print(
      JSON.stringify({
        ...{ image: path, detector: image.header.detector, width_px: image.widthPx, height_px: image.heightPx },
        ...{ bytes: pattern.image?.bytes, sha256: pattern.image?.sha256, geometry: pattern.image?.geometry },
        ...{ corrections: pattern.image?.corrections, saturated: pattern.saturatedPixels ?? null },
        ...{ wavelength_A: pattern.wavelengthA, exposure_s: image.header.exposureS },
        two_theta_deg: Array.from(pattern.twoThetaDeg),
        counts: Array.from(pattern.counts),
      }),
    );
    return 0;
  }
  const x = rangeOf(points.map((point) => point.x));
  const y = rangeOf(points.map((point) => point.y));
  context.print(`${image.header.detector ?? "detector not named"}, ${image.widthPx} x ${image.heightPx} pixels`);
  if (x !== null && y !== null) {
    const width = Math.max(20, Math.min(120, context.progress.columns()) - 1);
    for (const line of brailleLines(points, width, PLOT_ROWS, x, y)) context.print(line);
    context.print(`${x.from.toFixed(2)} to ${x.to.toFixed(2)} degrees, ${points.length} bins, logarithm of the counts`);
  }
  const saturated =
    pattern.saturatedPixels === undefined ? "saturation not told" : `${pattern.saturatedPixels} pixels saturated`;
  context.print(`${saturated}; sha256 ${pattern.image?.sha256 ?? ""}`);
  context.print(pattern.image?.corrections ?? "");
  return 0;
}

/** Where questions come and answers go as messages. */
interface MessageWay {
  readonly place: BusPlace;
  readonly topic: string;
}

/** Undefined where no broker is named. Throws Fault `command.usage`. */
function wayOf(
  context: CommandContext,
  { broker, credentials, topic }: { readonly broker?: string; readonly credentials?: string; readonly topic?: string },
): MessageWay | undefined {
  if (broker === undefined && topic === undefined) return undefined;
  if (broker === undefined || topic === undefined || !/^[^+#\0\s]+$/.test(topic)) {
    throw new Fault(
      "command.usage",
      "--topic",
      "goes with --broker: a topic without wildcards, such as beamline/integrator",
    );
  }
  return { place: findBusPlace({ broker, credentials }, context.environment ?? {}), topic };
}

/** Throws Fault `command.usage`. */
function placeOf(where: string): TcpPlace {
  const [, host, port] = /^\[?([^[\]]+?)\]?:(\d{1,5})$/.exec(where) ?? [];
  if (host !== undefined && port !== undefined && Number(port) <= 65_535) return { host, port: Number(port) };
  throw new Fault("command.usage", "--listen", `${where} is no place such as 127.0.0.1:41300`);
}

function sessionOf(
  context: CommandContext,
  { place, topic }: MessageWay,
  heard: (payload: Uint8Array) => void,
): BusSession {
  return openBusSession({
    ...{ place, clock: context.clock, clientId: `beamrack-integrate-${context.self.pid}`, topics: [`${topic}/ask`] },
    message(_, payload, isRetained) {
      // A broker's memory asks nothing.
      if (!isRetained) heard(payload);
    },
    opened() {
      context.printError(`${place.url}: listens to ${topic}/ask`);
    },
    lost(fault) {
      context.printError(`${fault.where}: ${fault.message}; it is tried again`);
    },
  });
}

/** Resolves to 0 once it is interrupted. */
async function answerMessages(
  context: CommandContext,
  read: PatternOfFile,
  folder: string | undefined,
  way: MessageWay,
): Promise<number> {
  const desk = createMessageDesk(
    {
      ...{ clock: context.clock, read, folder, version: context.version },
      onAnswered(framePath, problem) {
        if (problem !== null) context.printError(`${framePath}: ${problem}`);
      },
    },
    (payload) => {
      session.publish(`${way.topic}/answer`, payload, false);
    },
  );
  const session = sessionOf(context, way, desk);
  await interrupted(context);
  await session.close();
  return 0;
}

function interrupted(context: CommandContext): Promise<void> {
  return new Promise((resolve) => {
    const release = context.onInterrupt(() => {
      release();
      resolve();
    });
  });
}

async function listen(
  context: CommandContext,
  read: PatternOfFile,
  where: string,
  folder: string | undefined,
): Promise<number> {
  const server = createIntegratorServer({
    ...{ place: placeOf(where), clock: context.clock, read, folder, version: context.version },
    onAnswered(framePath, problem) {
      if (problem !== null) context.printError(`${framePath}: ${problem}`);
    },
  });
  await serve(context, server);
  return 0;
}

async function serve(context: CommandContext, server: ListeningServer): Promise<void> {
  const ended = interrupted(context);
  try {
    await server.open();
    context.print(
      context.json
        ? JSON.stringify({ ready: true, where: server.where })
        : `listens at ${server.where}; Ctrl-C ends it`,
    );
    await ended;
  } finally {
    await server.shut();
  }
}
