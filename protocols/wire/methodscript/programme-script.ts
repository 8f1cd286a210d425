/**
 * A whole protocol as scripts that an instrument runs by itself: loops with counters of their own, each step with its
 * cut-offs and limits, the cell off at every end. A step's lines are those it has when it runs alone; it begins by
 * taking the cell over anew, so the cell is open for the moment between two steps in either way of running.
 *
 * What does not fit into one script becomes segments. Each begins and ends with the cell off and says `segment N of
 * M done` when it came to its end; the next may only be run after that word. A loop that is longer than a segment is
 * left to whoever runs them: the order says which segments to repeat.
 */
import { channelStep } from "../../echem/channel-step.ts";
import type { Protocol } from "../../echem/protocol.ts";
import type { CellLimits } from "../../roles/channel.ts";
import type { DeviceModel } from "./device-models.ts";
import { loopDepth, protocolBlocks, type ProtocolBlock } from "./programme-blocks.ts";
import { cellOffLines, encodeScript, finishedLines, SCRIPT_LINE_BYTES_MAX } from "./script-lines.ts";
import { compileStepBody, type StepBody } from "./step-script.ts";
import { SAMPLE_INTERVAL_MIN_S } from "./even-intervals.ts";

/** Chosen: no manual at hand tells the size of the script memory; the instrument says 4005 when a script is too large. */
export const SCRIPT_BYTES_MAX = 15_000;
/** Chosen, as above. */
export const SCRIPT_LINES_MAX = 1_000;
/** Chosen: each depth costs a variable. */
export const LOOP_DEPTH_MAX = 16;
/** Counters are 32-bit integers in the instrument. */
const COUNT_MAX = 2_147_483_647;

export interface ProgrammeRequest {
  readonly protocol: Protocol;
  readonly device: DeviceModel;
  readonly limits: CellLimits;
  /** What rates are rates of; null refuses them. */
  readonly nominalCapacityMah: number | null;
  /** As in `ScriptOptions`. */
  readonly measuresHeldPotential: boolean;
  readonly scriptBytesMax?: number;
  readonly scriptLinesMax?: number;
}

export interface ProgrammeSegment {
  /** From 1. */
  readonly number: number;
  /** Without the leading command, line ends and the closing blank line. */
  readonly lines: readonly string[];
  /** Steps of the protocol in it, counted from 1. */
  readonly firstStep: number;
  readonly lastStep: number;
}

/** What is run one after the other. */
export type ProgrammeRun =
  | { readonly kind: "segment"; readonly number: number }
  | { readonly kind: "repeat"; readonly count: number; readonly runs: readonly ProgrammeRun[] };

export interface ProgrammeRefusal {
  /** Step of the protocol from 1, or null for the whole. */
  readonly step: number | null;
  readonly reason: string;
}

export type CompiledProgramme =
  | { readonly ok: true; readonly segments: readonly ProgrammeSegment[]; readonly order: readonly ProgrammeRun[] }
  | { readonly ok: false; readonly refusals: readonly ProgrammeRefusal[] };

/** The word by which a script says that it came to its end; without it the next one must not be run. */
export function segmentDoneText(number: number, count: number): string {
  return `segment ${number} of ${count} done`;
}

/** Said as a step begins; steps are counted from 1 over all steps of the protocol. */
export function stepText(stepNumber: number): string {
  return `step ${stepNumber}`;
}

/** Every refusal at once: a technique the instrument lacks, a value beyond limits or device, a rate without capacity. */
export function compileProgramme(request: ProgrammeRequest): CompiledProgramme {
  const blocks = protocolBlocks(request.protocol);
  const refusals: ProgrammeRefusal[] = [];
  const bodies = compileBodies(request, blocks, refusals);
  if (bodies.size === 0 && refusals.length === 0)
    refusals.push({ step: null, reason: "the protocol has no technique" });
  const depth = loopDepth(blocks);
  if (depth > LOOP_DEPTH_MAX)
    refusals.push({ step: null, reason: `${depth} loops lie inside each other; ${LOOP_DEPTH_MAX} are possible` });
  if (refusals.length > 0) return { ok: false, refusals };
  return segmented(request, blocks, bodies);
}

/** `1, (2, 3) x 20, 4`. */
export function orderText(order: readonly ProgrammeRun[]): string {
  return order
    .map((run) => {
      if (run.kind === "segment") return String(run.number);
      const inside = orderText(run.runs);
      return `${run.runs.length === 1 && run.runs[0]?.kind === "segment" ? inside : `(${inside})`} x ${run.count}`;
    })
    .join(", ");
}

type Bodies = ReadonlyMap<number, StepBody>;

function compileBodies(
  request: ProgrammeRequest,
  blocks: readonly ProtocolBlock[],
  refusals: ProgrammeRefusal[],
  bodies = new Map<number, StepBody>(),
): Bodies {
  const { protocol, device, limits, nominalCapacityMah, measuresHeldPotential } = request;
  for (const block of blocks) {
    if (block.kind === "loop") {
      if (block.count > COUNT_MAX) refusals.push({ step: null, reason: `${block.count} passes cannot be counted` });
      compileBodies(request, block.blocks, refusals, bodies);
      continue;
    }
    const number = block.stepIndex + 1;
    const { step } = block;
    const hasRate =
      (step.kind === "constant-current" && step.rateC !== null) ||
      (step.kind === "constant-voltage" && step.untilRateC !== null);
    const needsCapacity = hasRate || (step.kind === "constant-current" && step.untilTimeS === null);
    if (nominalCapacityMah === null && needsCapacity) {
      const what = hasRate ? "a rate" : "a current without a time";
      refusals.push({ step: number, reason: `${what} needs the cell's nominal capacity` });
      continue;
    }
    const asked = channelStep(protocol, step, {
      nominalCapacityMah: nominalCapacityMah ?? 0,
      limits,
      sampleIntervalMinS: SAMPLE_INTERVAL_MIN_S,
    });
    if (asked.kind === "not-here") {
      refusals.push({ step: number, reason: asked.why });
      continue;
    }
    // A step shorter than the record interval is sampled once, at its end.
    const sampleIntervalS = Math.min(asked.step.sampleIntervalS, asked.step.untilTimeS);
    const compiled = compileStepBody({ ...asked.step, sampleIntervalS }, device, { measuresHeldPotential });
    if (compiled.ok) bodies.set(block.stepIndex, compiled.body);
    else refusals.push({ step: number, reason: compiled.reason });
  }
  return bodies;
}

/** Blocks that share one script. */
interface Part {
  readonly blocks: readonly ProtocolBlock[];
}

type Plan =
  | { readonly kind: "part"; readonly part: Part }
  | { readonly kind: "repeat"; readonly count: number; readonly plans: readonly Plan[] };

function segmented(request: ProgrammeRequest, blocks: readonly ProtocolBlock[], bodies: Bodies): CompiledProgramme {
  const refusals: ProgrammeRefusal[] = [];
  const bytesMax = request.scriptBytesMax ?? SCRIPT_BYTES_MAX;
  const linesMax = request.scriptLinesMax ?? SCRIPT_LINES_MAX;
  const parts: Part[] = [];

  function fits(some: readonly ProtocolBlock[]): boolean {
    // Their numbers are not known yet: five digits stand for any.
    const lines = segmentLines(request.protocol.name, { blocks: some }, bodies, 99_999, 99_999);
    return lines.length <= linesMax && encodeScript("l", lines).length <= bytesMax;
  }

  function pack(some: readonly ProtocolBlock[]): readonly Plan[] {
    const plans: Plan[] = [];
    let open: readonly ProtocolBlock[] = [];
    const close = (): void => {
      if (open.length === 0) return;
      const part: Part = { blocks: open };
      parts.push(part);
      plans.push({ kind: "part", part });
      open = [];
    };
    for (const block of some) {
      if (fits([...open, block])) {
        open = [...open, block];
        continue;
      }
      close();
      if (fits([block])) open = [block];
      else if (block.kind === "loop") plans.push({ kind: "repeat", count: block.count, plans: pack(block.blocks) });
      else refusals.push({ step: block.stepIndex + 1, reason: "the step alone is longer than the script memory" });
    }
    close();
    return plans;
  }

  const plans = pack(blocks);
  if (refusals.length > 0) return { ok: false, refusals };
  const segments = parts.map((part, index): ProgrammeSegment => {
    const [firstStep, lastStep] = stepRange(part.blocks);
    const lines = segmentLines(request.protocol.name, part, bodies, index + 1, parts.length);
    return { number: index + 1, lines, firstStep, lastStep };
  });
  const runsOf = (some: readonly Plan[]): readonly ProgrammeRun[] =>
    some.map((plan) =>
      plan.kind === "part"
        ? { kind: "segment", number: parts.indexOf(plan.part) + 1 }
        : { kind: "repeat", count: plan.count, runs: runsOf(plan.plans) },
    );
  return { ok: true, segments, order: runsOf(plans) };
}

function segmentLines(
  protocolName: string,
  part: Part,
  bodies: Bodies,
  number: number,
  count: number,
): readonly string[] {
  const variables = new Set<string>();
  const counters = loopDepth(part.blocks);
  const lines = blockLines(part.blocks, bodies, variables, 1);
  const [firstStep, lastStep] = stepRange(part.blocks);
  const name = protocolName.replace(/[^ -~]/g, "?").slice(0, SCRIPT_LINE_BYTES_MAX - 70);
  return [
    `# ${name}: segment ${number} of ${count}, steps ${firstStep} to ${lastStep}`,
    ...[...variables].map((variable) => `var ${variable}`),
    ...Array.from({ length: counters }, (_, index) => `var ${counterName(index + 1)}`),
    ...lines,
    ...cellOffLines(),
    `send_string "${segmentDoneText(number, count)}"`,
    ...finishedLines(),
  ];
}

function counterName(depth: number): string {
  return `n${depth}`;
}

/** Collects the names to declare in `variables`. */
function blockLines(
  blocks: readonly ProtocolBlock[],
  bodies: Bodies,
  variables: Set<string>,
  depth: number,
): readonly string[] {
  return blocks.flatMap((block) => {
    if (block.kind === "loop") {
      const counter = counterName(depth);
      return [
        `store_var ${counter} 0i ja`,
        `loop ${counter} < ${block.count}i`,
        ...blockLines(block.blocks, bodies, variables, depth + 1),
        `add_var ${counter} 1i`,
        "endloop",
      ];
    }
    const body = bodies.get(block.stepIndex);
    if (body === undefined) throw new RangeError(`step ${block.stepIndex + 1} was not compiled`);
    for (const name of body.variables) variables.add(name);
    return ["cell_off", `send_string "${stepText(block.stepIndex + 1)}"`, ...body.lines];
  });
}

/** Numbers from 1 of the first and the last technique. */
function stepRange(blocks: readonly ProtocolBlock[]): readonly [number, number] {
  const edge = (some: readonly ProtocolBlock[], at: 0 | -1): number => {
    const block = some.at(at);
    if (block === undefined) return 0;
    return block.kind === "technique" ? block.stepIndex + 1 : edge(block.blocks, at);
  };
  return [edge(blocks, 0), edge(blocks, -1)];
}
