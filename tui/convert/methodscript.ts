/** `protocol convert --to methodscript`: one script, or segments in files of their own with the order to run them in. */
import { Fault } from "../../protocols/base/fault.ts";
import type { Protocol } from "../../protocols/echem/protocol.ts";
import {
  compileProgramme,
  orderText,
  SCRIPT_BYTES_MAX,
  segmentDoneText,
  type CompiledProgramme,
  type ProgrammeSegment,
} from "../../protocols/wire/methodscript/programme-script.ts";
import type { CommandContext } from "../command-context.ts";
import { writeWhole } from "../virtual/world-files.ts";
import { deviceOf, limitsOf } from "./methodscript-options.ts";

/** For `parseArgs`. */
export const METHODSCRIPT_OPTIONS = {
  model: { type: "string", default: "mes4hr" },
  chemistry: { type: "string" },
  limits: { type: "string" },
  "script-bytes": { type: "string", default: String(SCRIPT_BYTES_MAX) },
  "without-add-meas": { type: "boolean", default: false },
} as const;

export interface MethodScriptOptions {
  readonly model: string;
  readonly chemistry: string | undefined;
  readonly limits: string | undefined;
  readonly scriptBytesMax: number;
  readonly measuresHeldPotential: boolean;
}

/** Below this not even one step and its limits fit. */
const SCRIPT_BYTES_LEAST = 1_000;

/** Throws Fault `command.usage`. */
export function methodScriptOptions(values: {
  readonly model: string;
  readonly chemistry?: string | undefined;
  readonly limits?: string | undefined;
  readonly "script-bytes": string;
  readonly "without-add-meas": boolean;
}): MethodScriptOptions {
  const scriptBytesMax = Number(values["script-bytes"]);
  if (!(Number.isInteger(scriptBytesMax) && scriptBytesMax >= SCRIPT_BYTES_LEAST))
    throw new Fault(
      "command.usage",
      "--script-bytes",
      `${values["script-bytes"]} is no size; write a whole number from ${SCRIPT_BYTES_LEAST}`,
    );
  return {
    model: values.model,
    chemistry: values.chemistry,
    limits: values.limits,
    scriptBytesMax,
    measuresHeldPotential: !values["without-add-meas"],
  };
}

/** Returns the exit code. Throws Fault `command.usage`, and `protocol.invalid` with every step that is refused. */
export function convertToMethodScript(
  context: CommandContext,
  path: string,
  protocol: Protocol,
  outPath: string | undefined,
  options: MethodScriptOptions,
): number {
  const programme = compileProgramme({
    protocol,
    device: deviceOf(options.model),
    limits: limitsOf(protocol, protocol.sampleCapacityMah, options.chemistry, options.limits),
    nominalCapacityMah: protocol.sampleCapacityMah,
    measuresHeldPotential: options.measuresHeldPotential,
    scriptBytesMax: options.scriptBytesMax,
  });
  if (!programme.ok) {
    const all = programme.refusals.map(({ step, reason }) => (step === null ? reason : `step ${step}: ${reason}`));
    throw new Fault("protocol.invalid", path, all.join("; "));
  }
  return outPath === undefined ? print(context, programme) : write(context, programme, outPath);
}

type Compiled = Extract<CompiledProgramme, { ok: true }>;

function print(context: CommandContext, { segments, order }: Compiled): number {
  if (context.json) {
    const scripts = segments.map((segment) => ({
      segment: segment.number,
      first_step: segment.firstStep,
      last_step: segment.lastStep,
      text: scriptText(segment),
    }));
    context.print(JSON.stringify({ to: "methodscript", order: orderText(order), segments: scripts }));
    return 0;
  }
  if (segments.length > 1) context.printError(handOver(segments.length, orderText(order)));
  // A blank line ends a script, so it also stands between two.
  context.print(
    segments
      .map((segment) => scriptText(segment))
      .join("\n")
      .trimEnd(),
  );
  return 0;
}

function write(context: CommandContext, { segments, order }: Compiled, outPath: string): number {
  const stem = outPath.replace(/\.mscr$/, "");
  const files = segments.map((segment) => ({
    path: segments.length === 1 ? outPath : `${stem}.${segment.number}.mscr`,
    segment,
  }));
  for (const { path, segment } of files) writeWhole(path, scriptText(segment));
  if (context.json) {
    context.print(JSON.stringify({ to: "methodscript", out: files.map(({ path }) => path), order: orderText(order) }));
    return 0;
  }
  for (const { path, segment } of files)
    context.print(`methodscript: ${path} (steps ${segment.firstStep} to ${segment.lastStep})`);
  if (segments.length > 1) context.print(handOver(segments.length, orderText(order)));
  return 0;
}

function scriptText(segment: ProgrammeSegment): string {
  return `${segment.lines.join("\n")}\n`;
}

function handOver(count: number, order: string): string {
  return (
    `Run the segments in this order: ${order}. Each begins and ends with the cell off; run the next only after ` +
    `"${segmentDoneText(1, count)}" of the one before. After a limit or an abort that word does not come; after an ` +
    "error number send cell_off as a script of its own."
  );
}
