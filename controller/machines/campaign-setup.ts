/** The parts of the campaign's machine: what it runs, judges, notes and tells. Which of it when, the machine itself says. */
import { Fault } from "../../protocols/base/fault.ts";
import { nextNumber, withNumbers } from "../beam/request-numbers.ts";
import type { ParkingPlace } from "../beam/sweeps.ts";
import { isMoved, isNear, type ExposureWish, type WantedExposure } from "../beam/wanted.ts";
import { WINDOW_PASSED } from "./exposure-notes.ts";
import { isBesideCells, type ExposureOrder } from "./exposure-order.ts";
import { assign, enqueueActions, setup } from "xstate";
import {
  besideOf,
  cellActorId,
  cellMeant,
  isNews,
  linkActorId,
  type CampaignContext,
  type CampaignEvent,
  type CampaignMachineDeps,
} from "./campaign-news.ts";
import { deadlineActor } from "./deadline.ts";
import { faultJson, faultNote, isDefect, type FaultNote } from "./errors.ts";
import { taskActor } from "./task.ts";
import { waitingFor } from "./waiting.ts";

/** The shutter does not close: a person looks before anything else is exposed. */
const OPEN_SHUTTER_CODES: readonly string[] = ["shutter.stuck-open", "shutter.contradiction"];

const DARK_LATE: FaultNote = faultNote(new Fault("detector.late", "detector", "a dark frame is not over in its time"));

function isSilence(code: string): boolean {
  return code.startsWith("link.") || code === "device.unknown-outcome" || code === "detector.late";
}

export function setupCampaign(deps: CampaignMachineDeps) {
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
      home: taskActor(clock, ({ signal }) => deps.home(signal)),
      park: taskActor<unknown, ParkingPlace | null>(clock, ({ input, signal }) =>
        input === null || deps.park === undefined ? Promise.resolve() : deps.park(input, signal),
      ),
      takeDark: taskActor<unknown, CampaignContext["act"]>(clock, ({ input, signal }) =>
        input.kind !== "correct" || deps.dark === undefined
          ? Promise.resolve()
          : deps.dark.takeDark(input.frame, signal),
      ),
      deadline: deadlineActor(clock),
    },
    guards: {
      allSettled: ({ context }) => context.ready.size + context.isolated.size >= deps.links.length,
      mustHome: ({ context }) =>
        !context.isHomed && context.isGuarded && context.ready.has(deps.stageName) && deps.mayHome(),
      allCellsDone: ({ context }) => context.finishedCellCount >= deps.cells.length,
      mustExpose: ({ context }) =>
        context.act.kind === "expose" ||
        context.act.kind === "align" ||
        (context.act.kind === "correct" && context.act.frame.kind !== "dark"),
      mustTakeDark: ({ context }) => context.act.kind === "correct",
      mustPark: ({ context }) =>
        context.mayPark &&
        context.isHomed &&
        deps.park !== undefined &&
        parkingOf(context) !== null &&
        context.ready.has(deps.stageName) &&
        deps.mayHome(),
      mustWait: ({ context }) => context.act.kind === "wait",
      isDefect: ({ event }) => event.type === "SUPERVISOR_BLIND" && isDefect(event.fault),
      hasDefect: ({ context }) => context.defect !== null || isDefect(context.fault),
      isOver: () => deps.isOver(),
      mayNotMove: () => !deps.mayHome(),
      mayBeAsked: () => deps.mayBeAsked,
      mayResume: () => deps.mayResume(),
      tooManyFailures: ({ context }) => context.failuresInRowCount >= deps.failuresInRowMax,
      shutterFailed: ({ event }) =>
        event.type === "EXPOSURE_DONE" &&
        (event.outcome === "shutter-failure" || OPEN_SHUTTER_CODES.includes(event.fault?.code ?? "")),
    },
    actions: {
      // All in one assignment: each of two hundred by itself would have the machine copy what it has of them so far.
      spawnAll: assign(({ spawn }) => {
        const links = deps.links.map((input) => ({
          place: input.instrument.name,
          machine: spawn("link", { id: linkActorId(input.instrument.name), input }),
        }));
        const cells = deps.cells.map((input) => ({
          place: input.position,
          machine: spawn("cell", { id: cellActorId(input.position), input }),
        }));
        const exposure = { place: "exposure", machine: spawn("exposure", { id: "exposure" }) };
        const supervisor = { place: "supervisor", machine: spawn("supervisor", { id: "supervisor" }) };
        return { crew: [...links, ...cells, exposure, supervisor] };
      }),
      spawnJoined: assign(({ context, spawn, event }) => {
        if (event.type !== "CELLS_JOINED") return {};
        const cells = event.cells.map((input) => ({
          place: input.position,
          machine: spawn("cell", { id: cellActorId(input.position), input }),
        }));
        const links = event.links.map((input) => ({
          place: input.instrument.name,
          machine: spawn("link", { id: linkActorId(input.instrument.name), input }),
        }));
        return { crew: [...context.crew, ...cells, ...links] };
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
        const isHomed = context.isHomed && event.name !== deps.stageName;
        if (event.type === "LINK_LOST") return { ready, isHomed };
        return { ready, isHomed, isolated: new Set(context.isolated).add(event.name) };
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
        // Of a place that had several in turn to all: one that was withdrawn may not be off yet.
        for (const { channelName, position } of deps.cells) {
          if (channelName !== event.name) continue;
          const id = cellActorId(position);
          if (event.type === "LINK_READY") enqueue.sendTo(id, { type: "CHANNEL_READY" });
          else if (event.type === "LINK_LOST") enqueue.sendTo(id, { type: "CHANNEL_LOST", fault: event.fault });
          else enqueue.sendTo(id, { type: "CHANNEL_ISOLATED", fault: event.fault });
        }
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
      /** What a channel tells, and what a person orders of one cell. */
      passOnToCell: enqueueActions(({ enqueue, event }) => {
        if (event.type !== "CHANNEL_NEWS" && event.type !== "CELL_ORDERED") return;
        const cell = cellMeant(deps.cells, event);
        if (cell !== undefined) enqueue.sendTo(cellActorId(cell.position), event.event);
      }),
      rearm: enqueueActions(({ enqueue, event }) => {
        if (event.type === "RE_ARM") enqueue.sendTo("supervisor", event);
      }),
      noteNews: ({ event }) => {
        if (isNews(event)) deps.noteNews(event);
      },
      countCell: assign({ finishedCellCount: ({ context }) => context.finishedCellCount + 1 }),
      stopCells: enqueueActions(({ enqueue }) => {
        for (const cell of deps.cells) {
          enqueue.sendTo(cellActorId(cell.position), { type: "TIME_OVER" });
        }
      }),
      openCells: enqueueActions(({ enqueue, event }) => {
        if (event.type !== "STOP_CELLS") return;
        const { author, reason, positions } = event;
        const only = positions === undefined ? {} : { positions: [...positions] };
        recorder.record("cells-ordered-off", { author, reason, ...only });
        for (const { position } of deps.cells) {
          if (positions?.includes(position) ?? true) enqueue.sendTo(cellActorId(position), { type: "STOP_CELL" });
        }
      }),
      stopExposure: enqueueActions(({ enqueue, event }) => {
        const reason =
          event.type === "BEAM_LOST"
            ? "machine beam lost"
            : event.type === "STOP_EXPOSING"
              ? event.reason
              : event.type === "INTERLOCK_BROKEN"
                ? `interlock ${event.broken.join(", ")} broke`
                : event.type === "SUPERVISOR_BLIND"
                  ? `the safety supervisor broke: ${event.fault.what}`
                  : "campaign time over";
        enqueue.sendTo("exposure", { type: "STOP_EXPOSING", reason, isOver: event.type === "TIME_OVER" });
      }),
      planNext: assign(({ context }) => {
        const plan = deps.plan(context);
        deps.notePlan(plan);
        return {
          sweep: plan.state,
          wanted: plan.wanted,
          act: besideOf(plan) ?? plan.act,
          waiting:
            plan.act.kind === "wait"
              ? waitingFor(plan.act.reason, plan.act.who, clock.monoMs(), plan.act.untilMs)
              : null,
        };
      }),
      giveOrder: enqueueActions(({ enqueue, context }) => {
        if (context.act.kind === "wait" || context.act.kind === "end") return;
        const order = deps.order(context.act);
        const untilMs = clock.monoMs() + order.exposureS * 1000 + deps.exposureOverheadMaxMs;
        enqueue.assign({
          orderedAtMs: clock.monoMs(),
          waiting: waitingFor(`exposure ${order.exposureId} to end`, "exposure", clock.monoMs(), untilMs),
        });
        enqueue.sendTo("exposure", { type: "EXPOSE", order });
      }),
      noteExposure: enqueueActions(({ context, event, enqueue }) => {
        if (event.type !== "EXPOSURE_DONE") return;
        const { order, outcome } = event;
        if (isBesideCells(order)) {
          enqueue(() => deps.noteBeside?.(order, outcome, event.fault));
          // Nobody asked for it: it is tried again in its own time, and no row of such failures keeps cells from the beam.
          enqueue.assign({
            fault: event.fault,
            defect: isDefect(event.fault) ? event.fault : context.defect,
            failuresInRowCount: outcome === "made" ? 0 : context.failuresInRowCount,
            isHomed: context.isHomed && event.fault?.code !== "stage.not-homed",
            mayPark: true,
          });
          return;
        }
        const asked = context.act.kind === "expose" ? (context.act.wanted ?? null) : null;
        const { sweep } = context.sweep;
        const latestMs = asked?.latestMs ?? context.sweep.latestMs;
        const ruled = deps.rule({ order, outcome, fault: event.fault, wanted: asked, latestMs });
        const isMet = outcome === "made" || ruled.then === "accept";
        const isTooLate = event.fault?.code === WINDOW_PASSED.code;
        const openedAtMs = deps.openedAtMs?.() ?? null;
        const answered = isMet
          ? context.wanted.filter(
              (one) =>
                one.cellIndex === order.cellIndex &&
                one.controlIndex === undefined &&
                one.askedAtMs <= context.orderedAtMs &&
                (one.wish === undefined || isNear(one.wish, openedAtMs, order.presetName)),
            )
          : [];
        const control = outcome === "made" && asked === null ? (deps.controlAfter?.(order, sweep) ?? null) : null;
        const next = { number: nextNumber(context.lastNumbers, order.position), askedAtMs: clock.monoMs() };
        const further = [
          ...(control === null ? [] : [controlVisit(order, control, next)]),
          ...(ruled.then === "repeat" ? [repeatOf(order, latestMs, next, asked?.wish)] : []),
        ];
        enqueue(() => {
          deps.noteExposure(order, outcome, event.fault, { sweep, latestMs, wanted: asked, openedAtMs, ruled });
          for (const one of answered) deps.noteAnswered(one, order.exposureId);
          further.forEach(deps.noteWanted);
        });
        if (isMet) {
          const what = `exposure ${order.exposureId} is ${outcome === "made" ? "made" : "accepted as it is"}`;
          enqueue.sendTo(cellActorId(order.position), {
            type: "AWAITED",
            for: "exposure",
            sinceMs: context.orderedAtMs,
            what,
          });
        }
        enqueue.assign({
          wanted: [...context.wanted.filter((one) => !answered.includes(one)), ...further],
          lastNumbers: withNumbers(context.lastNumbers, further),
          fault: event.fault,
          defect: isDefect(event.fault) ? event.fault : context.defect,
          // One that came too late is a miss like any other: nothing is broken, and what is due now need not pause.
          failuresInRowCount: isMet ? 0 : context.failuresInRowCount + (isTooLate ? 0 : 1),
          isHomed: context.isHomed && event.fault?.code !== "stage.not-homed",
          ...(isMet ? { mayPark: true } : {}),
        });
      }),
      noteWanted: enqueueActions(({ context, event, enqueue }) => {
        if (event.type !== "EXPOSURES_WANTED") return;
        const { position, asks } = event;
        const cellIndex = deps.cells.findIndex((cell) => cell.position === position);
        const askedAtMs = clock.monoMs();
        let { lastNumbers } = context;
        const wanted = asks.map(({ withinS, reason }) => {
          const number = nextNumber(lastNumbers, position);
          lastNumbers = withNumbers(lastNumbers, [{ position, number }]);
          return { number, cellIndex, position, reason, askedAtMs, latestMs: askedAtMs + withinS * 1000 };
        });
        enqueue(() => {
          wanted.forEach(deps.noteWanted);
        });
        enqueue.assign({
          wanted: [...context.wanted, ...wanted],
          lastNumbers,
        });
      }),
      /** By its key a wish is one request, however often its window moves. */
      noteWishes: enqueueActions(({ context, event, enqueue }) => {
        if (event.type !== "WISHES") return;
        let { wanted } = context;
        let { lastNumbers } = context;
        const withdrawn = new Map(event.withdrawn.map(({ key, reason }) => [key, reason]));
        if (withdrawn.size > 0) {
          wanted = wanted.filter((one) => {
            const reason = one.wish === undefined ? undefined : withdrawn.get(one.wish.key);
            if (reason === undefined) return true;
            enqueue(() => deps.noteWithdrawn?.(one, reason));
            return false;
          });
        }
        const openAt = new Map<string, number>();
        wanted.forEach(({ wish }, index) => {
          if (wish !== undefined) openAt.set(wish.key, index);
        });
        const next = [...wanted];
        for (const wish of event.asked) {
          const index = openAt.get(wish.key);
          const before = index === undefined ? undefined : next[index];
          if (index !== undefined && before?.wish !== undefined) {
            if (!isMoved(before.wish, wish)) continue;
            const { latestMs, reason } = wish;
            const moved = { ...before, latestMs, reason, wish };
            next[index] = moved;
            enqueue(() => deps.noteRetimed?.(moved));
            continue;
          }
          const cell = deps.cells[wish.cellIndex];
          if (cell === undefined || deps.hasAsked?.(wish.key) === true || openAt.has(wish.key)) continue;
          const number = nextNumber(lastNumbers, cell.position);
          lastNumbers = withNumbers(lastNumbers, [{ position: cell.position, number }]);
          const one = wantedOf(wish, cell.position, { number, askedAtMs: clock.monoMs() });
          openAt.set(wish.key, next.push(one) - 1);
          enqueue(() => {
            deps.noteWanted(one);
          });
        }
        enqueue.assign({ wanted: next, lastNumbers });
      }),
      passOnSignal: enqueueActions(({ event, enqueue }) => {
        if (event.type !== "STEP_PASSED" && event.type !== "CELL_FINISHED" && event.type !== "CELL_ISOLATED") return;
        const stepIndex = event.type === "STEP_PASSED" ? event.stepNumber - 1 : null;
        const what = `${event.position} ${stepIndex === null ? "is over" : `has ended its step ${String(stepIndex + 1)}`}`;
        for (const position of deps.noteSignal(event.position, stepIndex)) {
          const signal = `${event.position} ${stepIndex === null ? "over" : String(stepIndex + 1)}`;
          enqueue.sendTo(cellActorId(position), { type: "AWAITED", for: signal, sinceMs: clock.monoMs(), what });
        }
      }),
      /** An instrument that fell silent is asked who it is before it is used again. */
      suspectInstrument: enqueueActions(({ enqueue, context }) => {
        const { fault } = context;
        if (fault === null || !isSilence(fault.code)) return;
        const link = deps.links.find((item) => item.instrument.name === fault.where);
        if (link !== undefined) {
          enqueue.sendTo(linkActorId(link.instrument.name), { type: "LINK_FAULT", fault });
        }
      }),
      noteBlind: enqueueActions(({ enqueue, event }) => {
        if (event.type !== "SUPERVISOR_BLIND") return;
        enqueue.assign(isDefect(event.fault) ? { isGuarded: false, defect: event.fault } : { isGuarded: false });
        enqueue("noteNews");
      }),
      noteBeamNotOff: assign(({ event }) =>
        event.type === "BEAM_NOT_OFF" ? { waiting: waitingFor(event.fault.what, "shutter", clock.monoMs(), null) } : {},
      ),
      noteHomingFailed: assign(({ context }) => ({ failuresInRowCount: context.failuresInRowCount + 1 })),
      noteParkingFailed: assign(({ context }) => ({
        failuresInRowCount: context.failuresInRowCount + 1,
        mayPark: false,
      })),
      noteDarkFailed: ({ context }) => {
        const { act, fault } = context;
        if (act.kind === "correct") deps.dark?.darkFailed(act.frame, fault ?? DARK_LATE);
      },
      leaveDark: ({ context }) => {
        if (context.act.kind === "correct") deps.dark?.leaveDark(context.act.frame);
      },
      recordBeamLost: () => {
        recorder.record("beam-lost", {});
      },
      recordBeamBack: () => {
        recorder.record("beam-back", {});
      },
      recordHeld: ({ context }) => {
        const fault = context.defect ?? context.fault;
        recorder.record("exposing-held", fault === null ? {} : faultJson(fault));
        if (context.failuresInRowCount >= deps.failuresInRowMax) deps.noteNews({ type: "EXPOSING_HELD", fault });
      },
      recordResumed: ({ event }) => {
        recorder.record("exposing-resumed", { author: "author" in event ? event.author : "beamrack" });
      },
      recordNotResumed: ({ event }) => {
        const reason = "an input or a sensor at the rack tells of trouble";
        recorder.record("exposing-not-resumed", { author: "author" in event ? event.author : "beamrack", reason });
      },
      recordComplete: () => {
        recorder.record("campaign-complete", {});
      },
      recordStart: () => {
        recorder.record("campaign-running", {});
      },
    },
  });
}

/** Where the stage is to wait; null where it stands. */
export function parkingOf({ act }: Pick<CampaignContext, "act">): ParkingPlace | null {
  return act.kind === "wait" ? (act.park ?? null) : null;
}

function wantedOf(
  wish: ExposureWish,
  position: string,
  { number, askedAtMs }: { readonly number: number; readonly askedAtMs: number },
): WantedExposure {
  const { cellIndex, reason, latestMs } = wish;
  return { number, cellIndex, position, reason, askedAtMs, latestMs, wish };
}

/** On whatever spot has had least by then: not on the one that has just had part of it, as long as another is cooler. */
function repeatOf(
  { cellIndex, position, exposureId }: ExposureOrder,
  latestMs: number,
  { number, askedAtMs }: { readonly number: number; readonly askedAtMs: number },
  wish?: ExposureWish,
): WantedExposure {
  const reason = `repeat of ${exposureId}`;
  const again = wish === undefined ? {} : { wish: { ...wish, key: `${wish.key}, again`, reason } };
  return { number, cellIndex, position, reason, askedAtMs, latestMs, repeatOf: exposureId, ...again };
}

function controlVisit(
  { cellIndex, position }: ExposureOrder,
  {
    controlIndex,
    reason,
    withinS,
  }: { readonly controlIndex: number; readonly reason: string; readonly withinS: number },
  { number, askedAtMs }: { readonly number: number; readonly askedAtMs: number },
): WantedExposure {
  return { number, cellIndex, position, reason, askedAtMs, latestMs: askedAtMs + withinS * 1000, controlIndex };
}
