/** What stands on the command line of `beamrack device`. */
import { parseArgs } from "node:util";
import { Fault } from "../../protocols/base/fault.ts";
import type { AttenuationTables } from "../../protocols/dose/attenuation.ts";
import type { Site } from "../../protocols/site/site.ts";
import { parseDurationS } from "../duration.ts";

export interface DeviceArguments {
  readonly sitePath: string;
  /** Undefined: list what there is. */
  readonly name: string | undefined;
  readonly command: string | undefined;
  readonly args: readonly string[];
  readonly isDryRun: boolean;
  readonly isConfirmed: boolean;
  readonly captureFolder: string | undefined;
  readonly timeoutS: number | undefined;
  readonly dataFolder: string | undefined;
  readonly forS: number | undefined;
  readonly spot: number | undefined;
  readonly homesFirst: boolean;
  readonly isAlone: boolean;
  readonly listsPorts: boolean;
}

/** What acts are made from, beside their own words. */
export interface DeviceOptions extends Pick<
  DeviceArguments,
  "dataFolder" | "forS" | "spot" | "homesFirst" | "isAlone"
> {
  readonly site: Site;
  readonly readText: (path: string) => string;
  readonly tables: () => AttenuationTables;
}

const WHERE = "beamrack device";

/** Throws Fault `command.usage`. */
export function parseDeviceArguments(argv: readonly string[]): DeviceArguments {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    strict: true,
    options: {
      "dry-run": { type: "boolean", default: false },
      yes: { type: "boolean", default: false },
      capture: { type: "string" },
      timeout: { type: "string" },
      data: { type: "string" },
      for: { type: "string" },
      spot: { type: "string" },
      home: { type: "boolean", default: false },
      alone: { type: "boolean", default: false },
      ports: { type: "boolean", default: false },
    },
  });
  const [sitePath, name, command, ...args] = positionals;
  if (sitePath === undefined) throw new Fault("command.usage", WHERE, "takes a site file, then a name and a command");
  if (name !== undefined && command === undefined) {
    throw new Fault(
      "command.usage",
      WHERE,
      `what shall ${name} do? identify, status, read, ...; without a name all are listed`,
    );
  }
  for (const option of ["capture", "data"] as const) {
    if (values[option] === "") throw new Fault("command.usage", `--${option}`, "names no folder");
  }
  return {
    sitePath,
    name,
    command,
    args,
    isDryRun: values["dry-run"],
    isConfirmed: values.yes,
    captureFolder: values.capture,
    timeoutS: durationOf("--timeout", values.timeout),
    dataFolder: values.data,
    forS: durationOf("--for", values.for),
    spot: spotOf(values.spot),
    homesFirst: values.home,
    isAlone: values.alone,
    listsPorts: values.ports,
  };
}

/** `2s`, `1min`, or bare seconds. */
function durationOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : parseDurationS(text);
  if (seconds !== undefined && seconds > 0) return seconds;
  throw new Fault("command.usage", option, `${text} is no time; write 2s, 0.5s or 1min`);
}

/** Counted from 1, as people count. */
function spotOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const spot = Number(text);
  if (Number.isInteger(spot) && spot >= 1) return spot;
  throw new Fault("command.usage", "--spot", `${text} is no number of a spot, which count from 1`);
}
