/**
 * The campaign: brings the instruments up, lets 96 cells cycle and the beam visit them, and ends by saying how. The
 * two clocks are apart: the beam region may wait, hold or fail without a single event reaching a cell.
 */
import { assign, sendTo, type ActorRefFrom } from "xstate";
import { NO_NUMBERS } from "../beam/request-numbers.ts";
import { BEFORE_FIRST_SWEEP } from "../beam/sweeps.ts";
import type { CampaignContext, CampaignMachineDeps } from "./campaign-news.ts";
import { parkingOf, setupCampaign } from "./campaign-setup.ts";
import { faultNote } from "./errors.ts";
import { waitingFor } from "./waiting.ts";

export function createCampaignMachine(deps: CampaignMachineDeps) {
  const { clock } = deps;

  /** While the stage is under way without a cell to expose. */
  const underWay = {
    INTERLOCK_BROKEN: { target: "planning", actions: "noteNews" },
    // The permit to move is no interlock of the beam, and is gone all the same.
    HUTCH_CHANGED: { guard: "mayNotMove", target: "planning" },
    SUPERVISOR_BLIND: { guard: "isDefect", target: "held", actions: "noteBlind" },
    BEAM_LOST: { actions: "recordBeamLost" },
    BEAM_BACK: { actions: "recordBeamBack" },
    STOP_EXPOSING: "held",
    TIME_OVER: "planning",
  } as const;

  return setupCampaign(deps).createMachine({
    id: "campaign",
    context: {
      crew: [],
      ready: new Set(),
      isolated: new Set(),
      finishedCellCount: 0,
      sweep: deps.resumed?.sweep ?? BEFORE_FIRST_SWEEP,
      wanted: deps.resumed?.wanted ?? [],
      lastNumbers: deps.resumed?.lastNumbers ?? NO_NUMBERS,
      act: { kind: "end" },
      orderedAtMs: 0,
      fault: deps.resumed?.held?.fault ?? null,
      waiting: null,
      failuresInRowCount: 0,
      mayPark: true,
      isHomed: false,
      isGuarded: false,
      defect: null,
      wasHeld: (deps.resumed?.held ?? null) !== null,
    },
    initial: "connecting",
    entry: "spawnAll",
    on: {
      LINK_READY: { actions: ["noteReady", "noteNews", "passOnLinkNews"] },
      LINK_LOST: { actions: ["noteLost", "noteNews", "passOnLinkNews"] },
      LINK_ISOLATED: { actions: ["noteLost", "noteNews", "passOnLinkNews"] },
      INSTRUMENT_FAULT: { actions: "passOnInstrumentFault" },
      CHANNEL_SUSPECT: { actions: "passOnInstrumentFault" },
      CHANNEL_NEWS: { actions: "passOnToCell" },
      CELL_FINISHED: { actions: ["countCell", "passOnSignal"] },
      CELL_ISOLATED: { actions: ["countCell", "noteNews", "passOnSignal"] },
      CELL_SPARED: { actions: "noteNews" },
      CELL_NOT_OFF: { actions: "noteNews" },
      STEP_PASSED: { actions: "passOnSignal" },
      EXPOSURES_WANTED: { actions: "noteWanted" },
      WISHES: { actions: "noteWishes" },
      PERMIT_GRANTED: { actions: sendTo("exposure", ({ event }) => event) },
      PERMIT_REFUSED: { actions: sendTo("exposure", ({ event }) => event) },
      WANT_PERMIT: {
        actions: sendTo("supervisor", ({ event }) => ({ type: "PERMIT_WANTED", request: event.request })),
      },
      USE_PERMIT: {
        actions: sendTo("supervisor", ({ event }) => ({ type: "PERMIT_USED", exposureId: event.exposureId })),
      },
      RETURN_PERMIT: {
        actions: sendTo("supervisor", ({ event }) => ({ type: "PERMIT_RETURNED", exposureId: event.exposureId })),
      },
      BEAM_NOT_OFF: { actions: ["noteNews", "noteBeamNotOff"] },
      INTERLOCK_BROKEN: { actions: "noteNews" },
      SUPERVISOR_BLIND: { actions: "noteBlind" },
      SUPERVISOR_SEES: { actions: [assign({ isGuarded: true }), "noteNews"] },
      RE_ARM: { actions: "rearm" },
      CELL_ORDERED: { actions: "passOnToCell" },
      CELLS_JOINED: { actions: "spawnJoined" },
      // Cells cycle before all instruments have answered, and those that joined once the others were done.
      STOP_CELLS: { actions: "openCells" },
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
        always: { guard: "allSettled", target: "running" },
        on: { DEADLINE: "running" },
      },
      running: {
        entry: "recordStart",
        type: "parallel",
        states: {
          beam: {
            initial: "planning",
            states: {
              /** Nothing is planned for a stage that does not know where it is. */
              planning: {
                always: [
                  { guard: "hasDefect", target: "held" },
                  { guard: ({ context }) => context.wasHeld, target: "held" },
                  { guard: "mustHome", target: "homing" },
                  { target: "scheduling" },
                ],
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
                invoke: {
                  src: "home",
                  input: () => ({ of: undefined, atMs: clock.monoMs() + deps.homingDeadlineMs }),
                  onDone: { target: "scheduling", actions: assign({ isHomed: true }) },
                  onError: {
                    target: "weighing",
                    actions: [assign({ fault: ({ event }) => faultNote(event.error) }), "noteHomingFailed"],
                  },
                },
                on: {
                  DEADLINE: { target: "weighing", actions: "noteHomingFailed" },
                  ...underWay,
                },
              },
              scheduling: {
                entry: "planNext",
                always: [
                  { guard: "mustExpose", target: "exposing" },
                  { guard: "mustTakeDark", target: "takingDark" },
                  { guard: "mustPark", target: "parking" },
                  { guard: "mustWait", target: "waiting" },
                  { target: "ended" },
                ],
              },
              exposing: {
                entry: "giveOrder",
                on: {
                  BEAM_LOST: { actions: ["recordBeamLost", "stopExposure"] },
                  BEAM_BACK: { actions: "recordBeamBack" },
                  INTERLOCK_BROKEN: { actions: ["noteNews", "stopExposure"] },
                  SUPERVISOR_BLIND: { guard: "isDefect", target: "stopping", actions: ["noteBlind", "stopExposure"] },
                  STOP_EXPOSING: { target: "stopping", actions: "stopExposure" },
                  TIME_OVER: { actions: "stopExposure" },
                  EXPOSURE_DONE: [
                    { guard: "shutterFailed", target: "held", actions: "noteExposure" },
                    { target: "weighing", actions: "noteExposure" },
                  ],
                },
              },
              /** With the shutter closed, where the stage stands: for what the detector counts of itself. */
              takingDark: {
                entry: assign({
                  fault: null,
                  waiting: () =>
                    waitingFor(
                      "a dark frame to be taken",
                      "detector",
                      clock.monoMs(),
                      clock.monoMs() + (deps.dark?.deadlineMs ?? 0),
                    ),
                }),
                exit: "leaveDark",
                invoke: {
                  src: "takeDark",
                  input: ({ context }) => ({ of: context.act, atMs: clock.monoMs() + (deps.dark?.deadlineMs ?? 0) }),
                  onDone: "planning",
                  onError: {
                    target: "weighing",
                    actions: [assign({ fault: ({ event }) => faultNote(event.error) }), "noteDarkFailed"],
                  },
                },
                on: {
                  DEADLINE: { target: "weighing", actions: "noteDarkFailed" },
                  SUPERVISOR_BLIND: { guard: "isDefect", target: "held", actions: "noteBlind" },
                  BEAM_LOST: { actions: "recordBeamLost" },
                  BEAM_BACK: { actions: "recordBeamBack" },
                  STOP_EXPOSING: "held",
                  TIME_OVER: "planning",
                },
              },
              weighing: {
                entry: "suspectInstrument",
                always: [
                  { guard: "hasDefect", target: "held" },
                  { guard: "tooManyFailures", target: "held" },
                  { guard: ({ context }) => context.failuresInRowCount > 0, target: "pausing" },
                  { target: "planning" },
                ],
              },
              /** Something went wrong with the last exposure; a pause keeps trouble from becoming a storm. */
              pausing: {
                entry: assign({
                  waiting: ({ context }) =>
                    waitingFor(
                      `a pause after trouble: ${context.fault?.what ?? "exposure failed"}`,
                      context.fault?.where ?? "beamrack",
                      clock.monoMs(),
                      clock.monoMs() + troublePauseMs(context, deps),
                    ),
                }),
                invoke: {
                  src: "deadline",
                  input: ({ context }) => ({ atMs: clock.monoMs() + troublePauseMs(context, deps) }),
                },
                on: {
                  DEADLINE: "planning",
                  BEAM_LOST: { actions: "recordBeamLost" },
                  BEAM_BACK: { target: "planning", actions: "recordBeamBack" },
                  SUPERVISOR_BLIND: { guard: "isDefect", target: "held", actions: "noteBlind" },
                  STOP_EXPOSING: "held",
                  TIME_OVER: "planning",
                },
              },
              /** With time on its hands the stage goes where it is to wait: into the shadow, or to the cell that is next. */
              parking: {
                entry: assign({
                  waiting: () =>
                    waitingFor(
                      "the stage to come where it waits",
                      deps.stageName,
                      clock.monoMs(),
                      clock.monoMs() + (deps.parkingDeadlineMs ?? 0),
                    ),
                }),
                invoke: {
                  src: "park",
                  input: ({ context }) => ({
                    of: parkingOf(context),
                    atMs: clock.monoMs() + (deps.parkingDeadlineMs ?? 0),
                  }),
                  onDone: "planning",
                  onError: {
                    target: "weighing",
                    actions: [assign({ fault: ({ event }) => faultNote(event.error) }), "noteParkingFailed"],
                  },
                },
                on: {
                  DEADLINE: { target: "weighing", actions: "noteParkingFailed" },
                  ...underWay,
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
                  HUTCH_CHANGED: "planning",
                  EXPOSURES_WANTED: { target: "planning", actions: "noteWanted" },
                  WISHES: { target: "planning", actions: "noteWishes" },
                  // The last cell that might ask is over: perhaps there is nothing to wait for.
                  CELL_FINISHED: { guard: "mayBeAsked", target: "planning", actions: ["countCell", "passOnSignal"] },
                  CELL_ISOLATED: {
                    guard: "mayBeAsked",
                    target: "planning",
                    actions: ["countCell", "noteNews", "passOnSignal"],
                  },
                  SUPERVISOR_BLIND: { guard: "isDefect", target: "held", actions: "noteBlind" },
                  SUPERVISOR_SEES: { target: "planning", actions: [assign({ isGuarded: true }), "noteNews"] },
                  LINK_READY: { target: "planning", actions: ["noteReady", "noteNews", "passOnLinkNews"] },
                  STOP_EXPOSING: "held",
                  TIME_OVER: "planning",
                },
              },
              stopping: {
                on: {
                  EXPOSURE_DONE: { target: "held", actions: "noteExposure" },
                  TIME_OVER: { actions: "stopExposure" },
                },
              },
              /** No exposure is begun until a person says so. Cells go on. */
              held: {
                tags: ["needs-operator"],
                entry: [
                  "recordHeld",
                  assign({
                    waiting: ({ context }) =>
                      waitingFor(`a person to resume exposing${heldAfter(context)}`, "operator", clock.monoMs(), null),
                  }),
                ],
                // What was held when the time ran out has nothing to wait for.
                always: { guard: "isOver", target: "scheduling" },
                on: {
                  RESUME_EXPOSING: [
                    {
                      guard: "mayResume",
                      target: "planning",
                      actions: [
                        "recordResumed",
                        assign({ failuresInRowCount: 0, fault: null, defect: null, wasHeld: false, mayPark: true }),
                      ],
                    },
                    { actions: "recordNotResumed" },
                  ],
                  BEAM_LOST: { actions: "recordBeamLost" },
                  BEAM_BACK: { actions: "recordBeamBack" },
                  TIME_OVER: "scheduling",
                },
              },
              ended: { type: "final" },
            },
          },
          cells: {
            initial: "cycling",
            // Also when all others are over.
            on: { CELLS_JOINED: { target: ".cycling", actions: "spawnJoined" } },
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
        entry: ["recordComplete", assign({ waiting: null })],
        type: "final",
      },
    },
  });
}

function heldAfter({ defect, fault }: CampaignContext): string {
  const cause = defect ?? fault;
  return cause === null ? "" : ` after: ${cause.what}`;
}

export type CampaignMachine = ReturnType<typeof createCampaignMachine>;
export type CampaignActor = ActorRefFrom<CampaignMachine>;

/** No instrument is back the sooner for being asked more often than this, and no request is to be lost to it meanwhile. */
const TROUBLE_PAUSE_MAX_MS = 40_000;

/** Longer from failure to failure: each takes a request with it, which trouble that lasts would use up one after the other. */
function troublePauseMs(
  { failuresInRowCount }: Pick<CampaignContext, "failuresInRowCount">,
  deps: Pick<CampaignMachineDeps, "troublePauseMs">,
): number {
  return Math.min(deps.troublePauseMs * 2 ** Math.max(0, failuresInRowCount - 1), TROUBLE_PAUSE_MAX_MS);
}
