/**
 * The campaign: brings the instruments up, lets 96 cells cycle and the beam visit them, and ends by saying how. The
 * two clocks are apart: the beam region may wait, hold or fail without a single event reaching a cell.
 */
import { assign, enqueueActions, fromPromise, setup, type ActorRefFrom } from "xstate";
import type { Clock } from "../../protocols/base/clock.ts";
import { BEFORE_FIRST_SWEEP, type BeamAct, type BeamPlan, type SweepState } from "../beam/sweeps.ts";
import type { CellInput, CellMachine, CellNews } from "./cell-machine.ts";
import { deadlineActor } from "./deadline.ts";
import { faultJson, faultNote, type FaultNote } from "./errors.ts";
import type { ExposureMachine, ExposureNews } from "./exposure-machine.ts";
import type { ExposureOrder, ExposureOutcome } from "./exposure-order.ts";
import type { InstrumentLinkInput, InstrumentLinkMachine, LinkNews } from "./instrument-link-machine.ts";
import type { Recorder } from "./recorder.ts";
import type { PermitNews, SafetySupervisorMachine } from "./safety-supervisor-machine.ts";
import { waitingFor, type Waiting } from "./waiting.ts";

export interface CampaignContext {
  /** Names of the instruments that are ready now. */
  readonly ready: ReadonlySet<string>;
  readonly isolated: ReadonlySet<string>;
  readonly finishedCellCount: number;
  readonly sweep: SweepState;
  readonly act: BeamAct;
  readonly fault: FaultNote | null;
  readonly waiting: Waiting | null;
  readonly failuresInRowCount: number;
}

export type CampaignEvent =
  | LinkNews
  | CellNews
  | ExposureNews
  | PermitNews
  | { readonly type: "INSTRUMENT_FAULT"; readonly name: string; readonly fault: FaultNote }
  | { readonly type: "CHANNEL_NEWS"; readonly cellIndex: number; readonly event: ChannelNews }
  | { readonly type: "BEAM_LOST" }
  | { readonly type: "BEAM_BACK" }
  | { readonly type: "STOP_EXPOSING"; readonly author: string; readonly reason: string }
  | { readonly type: "RESUME_EXPOSING"; readonly author: string }
  | { readonly type: "RE_ARM"; readonly author: string }
  | { readonly type: "TIME_OVER" }
  | { readonly type: "DEADLINE" };

/** Facts from a channel's stream, for its cell. */
export type ChannelNews =
  | {
      readonly type: "STEP_ENDED";
      readonly end: "voltage" | "current" | "time" | "limit" | "aborted";
      readonly voltageV: number;
      readonly currentA: number;
      readonly chargeAh: number;
    }
  | { readonly type: "STEP_FAILED"; readonly fault: FaultNote }
  | { readonly type: "LIMIT_PASSED"; readonly fault: FaultNote };

export interface CampaignMachineDeps {
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly linkMachine: InstrumentLinkMachine;
  readonly cellMachine: CellMachine;
  readonly exposureMachine: ExposureMachine;
  readonly supervisorMachine: SafetySupervisorMachine;
  /** Instruments by name, in the order they are connected. */
  readonly links: readonly InstrumentLinkInput[];
  readonly cells: readonly CellInput[];
  readonly ioName: string;
  readonly stageName: string;
  readonly home: () => Promise<void>;
  readonly startDeadlineMs: number;
  readonly homingDeadlineMs: number;
  /** Pure planning on the facts of the moment. */
  readonly plan: (context: CampaignContext) => BeamPlan;
  readonly order: (act: Extract<BeamAct, { kind: "expose" }>) => ExposureOrder;
  /** Books what planning and exposing came to: asked, met, missed. Never throws. */
  readonly notePlan: (plan: BeamPlan) => void;
  readonly noteExposure: (
    order: ExposureOrder,
    outcome: ExposureOutcome,
    fault: FaultNote | null,
    sweep: SweepState,
  ) => void;
  /** Pause after a failed exposure before the next is tried. */
  readonly troublePauseMs: number;
  /** Failed exposures in a row after which a person is asked. */
  readonly failuresInRowMax: number;
}

export function linkActorId(name: string): string {
  return `link-${name}`;
}

export function cellActorId(position: string): string {
  return `cell-${position}`;
}

export function createCampaignMachine(deps: CampaignMachineDeps) {
  const { clock, recorder } = deps;

  return setup({
    types: {
      context: {} as CampaignContext,
      events: {} as CampaignEvent,
    },
    actors: {
      link: deps.linkMachine,
      cell: deps.cellMachine,
      exposure: deps.exposureMachine,
      supervisor: deps.supervisorMachine,
      home: fromPromise(() => deps.home()),
      deadline: deadlineActor(clock),
    },
    guards: {
      allSettled: ({ context }) => context.ready.size + context.isolated.size >= deps.links.length,
      stageReady: ({ context }) => context.ready.has(deps.stageName),
      allCellsDone: ({ context }) => context.finishedCellCount >= deps.cells.length,
      mustExpose: ({ context }) => context.act.kind === "expose",
      mustWait: ({ context }) => context.act.kind === "wait",
      tooManyFailures: ({ context }) => context.failuresInRowCount >= deps.failuresInRowMax,
      shutterFailed: ({ event }) => event.type === "EXPOSURE_DONE" && event.outcome === "shutter-failure",
    },
    actions: {
      spawnAll: enqueueActions(({ enqueue }) => {
        for (const input of deps.links) {
          enqueue.spawnChild("link", { id: linkActorId(input.instrument.name), input });
        }
        for (const input of deps.cells) {
          enqueue.spawnChild("cell", { id: cellActorId(input.position), input });
        }
        enqueue.spawnChild("exposure", { id: "exposure" });
        enqueue.spawnChild("supervisor", { id: "supervisor" });
      }),
      noteReady: assign(({ context, event }) => {
        if (event.type !== "LINK_READY") return {};
        const isolated = new Set(context.isolated);
        isolated.delete(event.name);
        return { ready: new Set(context.ready).add(event.name), isolated };
      }),
      noteLost: assign(({ context, event }) => {
        if (event.type !== "LINK_LOST" && event.type !== "LINK_ISOLATED") return {};
        const ready = new Set(context.ready);
        ready.delete(event.name);
        if (event.type === "LINK_LOST") return { ready };
        return { ready, isolated: new Set(context.isolated).add(event.name) };
      }),
      passOnLinkNews: enqueueActions(({ enqueue, event }) => {
        if (event.type !== "LINK_READY" && event.type !== "LINK_LOST" && event.type !== "LINK_ISOLATED") return;
        if (event.name === deps.ioName) {
          enqueue.sendTo(
            "supervisor",
            event.type === "LINK_READY" ? { type: "IO_READY" } : { type: "IO_LOST", fault: event.fault },
          );
          return;
        }
        const cell = deps.cells.find((item) => item.channelName === event.name);
        if (cell === undefined) return;
        const id = cellActorId(cell.position);
        if (event.type === "LINK_READY") enqueue.sendTo(id, { type: "CHANNEL_READY" });
        else if (event.type === "LINK_LOST") enqueue.sendTo(id, { type: "CHANNEL_LOST", fault: event.fault });
        else enqueue.sendTo(id, { type: "CHANNEL_ISOLATED", fault: event.fault });
      }),
      passOnInstrumentFault: enqueueActions(({ enqueue, event }) => {
        if (event.type === "INSTRUMENT_FAULT") {
          enqueue.sendTo(linkActorId(event.name), { type: "LINK_FAULT", fault: event.fault });
        } else if (event.type === "CHANNEL_SUSPECT") {
          enqueue.sendTo(linkActorId(event.channelName), {
            type: "LINK_FAULT",
            fault: event.fault,
          });
        }
      }),
      passOnChannelNews: enqueueActions(({ enqueue, event }) => {
        if (event.type !== "CHANNEL_NEWS") return;
        const cell = deps.cells[event.cellIndex];
        if (cell !== undefined) enqueue.sendTo(cellActorId(cell.position), event.event);
      }),
      passOnPermit: enqueueActions(({ enqueue, event }) => {
        if (event.type === "PERMIT_GRANTED" || event.type === "PERMIT_REFUSED") enqueue.sendTo("exposure", event);
        else if (event.type === "WANT_PERMIT") {
          enqueue.sendTo("supervisor", { type: "PERMIT_WANTED", request: event.request });
        } else if (event.type === "RETURN_PERMIT") {
          enqueue.sendTo("supervisor", { type: "PERMIT_RETURNED", exposureId: event.exposureId });
        }
      }),
      rearm: enqueueActions(({ enqueue, event }) => {
        if (event.type === "RE_ARM") enqueue.sendTo("supervisor", event);
      }),
      countCell: assign({ finishedCellCount: ({ context }) => context.finishedCellCount + 1 }),
      stopCells: enqueueActions(({ enqueue }) => {
        for (const cell of deps.cells) {
          enqueue.sendTo(cellActorId(cell.position), { type: "TIME_OVER" });
        }
      }),
      stopExposure: enqueueActions(({ enqueue, event }) => {
        const reason =
          event.type === "BEAM_LOST"
            ? "machine beam lost"
            : event.type === "STOP_EXPOSING"
              ? event.reason
              : "campaign time over";
        enqueue.sendTo("exposure", { type: "STOP_EXPOSING", reason });
      }),
      planNext: assign(({ context }) => {
        const plan = deps.plan(context);
        deps.notePlan(plan);
        return {
          sweep: plan.state,
          act: plan.act,
          waiting:
            plan.act.kind === "wait"
              ? waitingFor(plan.act.reason, plan.act.who, clock.monoMs(), plan.act.untilMs)
              : null,
        };
      }),
      giveOrder: enqueueActions(({ enqueue, context }) => {
        if (context.act.kind === "expose")
          enqueue.sendTo("exposure", { type: "EXPOSE", order: deps.order(context.act) });
      }),
      noteExposure: assign(({ context, event }) => {
        if (event.type !== "EXPOSURE_DONE") return {};
        deps.noteExposure(event.order, event.outcome, event.fault, context.sweep);
        return {
          fault: event.fault,
          failuresInRowCount: event.outcome === "made" ? 0 : context.failuresInRowCount + 1,
        };
      }),
      recordBeamLost: () => {
        recorder.record("beam-lost", {});
      },
      recordBeamBack: () => {
        recorder.record("beam-back", {});
      },
      recordHeld: ({ context }) => {
        recorder.record("exposing-held", context.fault === null ? {} : faultJson(context.fault));
      },
      recordResumed: ({ event }) => {
        recorder.record("exposing-resumed", { author: "author" in event ? event.author : "beamrack" });
      },
      recordStart: () => {
        recorder.record("campaign-running", {});
      },
    },
  }).createMachine({
    id: "campaign",
    context: {
      ready: new Set(),
      isolated: new Set(),
      finishedCellCount: 0,
      sweep: BEFORE_FIRST_SWEEP,
      act: { kind: "end" },
      fault: null,
      waiting: null,
      failuresInRowCount: 0,
    },
    initial: "connecting",
    entry: "spawnAll",
    on: {
      LINK_READY: { actions: ["noteReady", "passOnLinkNews"] },
      LINK_LOST: { actions: ["noteLost", "passOnLinkNews"] },
      LINK_ISOLATED: { actions: ["noteLost", "passOnLinkNews"] },
      INSTRUMENT_FAULT: { actions: "passOnInstrumentFault" },
      CHANNEL_SUSPECT: { actions: "passOnInstrumentFault" },
      CHANNEL_NEWS: { actions: "passOnChannelNews" },
      CELL_FINISHED: { actions: "countCell" },
      CELL_ISOLATED: { actions: "countCell" },
      PERMIT_GRANTED: { actions: "passOnPermit" },
      PERMIT_REFUSED: { actions: "passOnPermit" },
      WANT_PERMIT: { actions: "passOnPermit" },
      RETURN_PERMIT: { actions: "passOnPermit" },
      RE_ARM: { actions: "rearm" },
    },
    states: {
      connecting: {
        entry: assign({
          waiting: () =>
            waitingFor(
              "the instruments to identify themselves",
              "instruments",
              clock.monoMs(),
              clock.monoMs() + deps.startDeadlineMs,
            ),
        }),
        invoke: { src: "deadline", input: () => ({ atMs: clock.monoMs() + deps.startDeadlineMs }) },
        always: { guard: "allSettled", target: "sorting" },
        on: { DEADLINE: "sorting" },
      },
      sorting: {
        always: [{ guard: "stageReady", target: "homing" }, { target: "running" }],
      },
      homing: {
        entry: assign({
          waiting: () =>
            waitingFor(
              "the stage to find its reference",
              deps.stageName,
              clock.monoMs(),
              clock.monoMs() + deps.homingDeadlineMs,
            ),
        }),
        invoke: [
          {
            src: "home",
            onDone: "running",
            onError: { target: "running", actions: assign({ fault: ({ event }) => faultNote(event.error) }) },
          },
          { src: "deadline", input: () => ({ atMs: clock.monoMs() + deps.homingDeadlineMs }) },
        ],
        on: { DEADLINE: "running" },
      },
      running: {
        entry: "recordStart",
        type: "parallel",
        states: {
          beam: {
            initial: "planning",
            states: {
              planning: {
                entry: "planNext",
                always: [
                  { guard: "mustExpose", target: "exposing" },
                  { guard: "mustWait", target: "waiting" },
                  { target: "ended" },
                ],
              },
              exposing: {
                entry: "giveOrder",
                on: {
                  BEAM_LOST: { actions: ["recordBeamLost", "stopExposure"] },
                  BEAM_BACK: { actions: "recordBeamBack" },
                  STOP_EXPOSING: { target: "stopping", actions: "stopExposure" },
                  TIME_OVER: { actions: "stopExposure" },
                  EXPOSURE_DONE: [
                    { guard: "shutterFailed", target: "held", actions: "noteExposure" },
                    { target: "weighing", actions: "noteExposure" },
                  ],
                },
              },
              weighing: {
                always: [
                  { guard: "tooManyFailures", target: "held" },
                  { guard: ({ context }) => context.failuresInRowCount > 0, target: "pausing" },
                  { target: "planning" },
                ],
              },
              /** Something went wrong with the last exposure; a short pause keeps trouble from becoming a storm. */
              pausing: {
                entry: assign({
                  waiting: ({ context }) =>
                    waitingFor(
                      `a pause after trouble: ${context.fault?.what ?? "exposure failed"}`,
                      context.fault?.where ?? "beamrack",
                      clock.monoMs(),
                      clock.monoMs() + deps.troublePauseMs,
                    ),
                }),
                invoke: { src: "deadline", input: () => ({ atMs: clock.monoMs() + deps.troublePauseMs }) },
                on: {
                  DEADLINE: "planning",
                  BEAM_LOST: { actions: "recordBeamLost" },
                  BEAM_BACK: { target: "planning", actions: "recordBeamBack" },
                  STOP_EXPOSING: "held",
                  TIME_OVER: "planning",
                },
              },
              waiting: {
                invoke: {
                  src: "deadline",
                  input: ({ context }) => ({
                    atMs: context.act.kind === "wait" ? context.act.untilMs : clock.monoMs(),
                  }),
                },
                on: {
                  DEADLINE: "planning",
                  BEAM_LOST: { target: "planning", actions: "recordBeamLost" },
                  BEAM_BACK: { target: "planning", actions: "recordBeamBack" },
                  LINK_READY: { target: "planning", actions: ["noteReady", "passOnLinkNews"] },
                  STOP_EXPOSING: "held",
                  TIME_OVER: "planning",
                },
              },
              stopping: {
                on: {
                  EXPOSURE_DONE: { target: "held", actions: "noteExposure" },
                  TIME_OVER: {},
                },
              },
              /** No exposure is begun until a person says so. Cells go on. */
              held: {
                tags: ["needs-operator"],
                entry: [
                  "recordHeld",
                  assign({
                    waiting: ({ context }) =>
                      waitingFor(
                        `a person to resume exposing${context.fault === null ? "" : ` after: ${context.fault.what}`}`,
                        "operator",
                        clock.monoMs(),
                        null,
                      ),
                  }),
                ],
                on: {
                  RESUME_EXPOSING: {
                    target: "planning",
                    actions: ["recordResumed", assign({ failuresInRowCount: 0, fault: null })],
                  },
                  BEAM_LOST: { actions: "recordBeamLost" },
                  BEAM_BACK: { actions: "recordBeamBack" },
                  TIME_OVER: "planning",
                },
              },
              ended: { type: "final" },
            },
          },
          cells: {
            initial: "cycling",
            states: {
              cycling: {
                always: { guard: "allCellsDone", target: "ended" },
                on: { TIME_OVER: { actions: "stopCells" } },
              },
              ended: { type: "final" },
            },
          },
        },
        onDone: "complete",
      },
      complete: {
        entry: assign({ waiting: null }),
        type: "final",
      },
    },
  });
}

export type CampaignMachine = ReturnType<typeof createCampaignMachine>;
export type CampaignActor = ActorRefFrom<CampaignMachine>;
