/** Every state machine of the controller, made with effects that do nothing: for drawing, not for running. */
import type { AnyStateMachine } from "xstate";
import { createCampaignMachine } from "../controller/machines/campaign-machine.ts";
import { createCellMachine } from "../controller/machines/cell-machine.ts";
import { createExposureMachine } from "../controller/machines/exposure-machine.ts";
import { createInstrumentLinkMachine } from "../controller/machines/instrument-link-machine.ts";
import { createSafetySupervisorMachine } from "../controller/machines/safety-supervisor-machine.ts";
import type { Clock } from "../protocols/base/clock.ts";
import type { BeamIo, InputLevels } from "../protocols/roles/beam-io.ts";

const clock: Clock = {
  wallMs: () => 0,
  monoMs: () => 0,
  setTimeout: () => 0,
  clearTimeout: () => undefined,
};
const recorder = { record: (): void => undefined };

function notRun(): never {
  throw new Error("a machine that is only drawn does nothing");
}

const io: BeamIo = {
  name: "io",
  driver: "none",
  connect: notRun,
  disconnect: notRun,
  onFault: notRun,
  readInputs: (): Promise<InputLevels> => notRun(),
  requestShutterOpen: notRun,
  requestShutterClosed: notRun,
  requestSafetyShutter: notRun,
  setFilters: notRun,
  permit: { renewShutterPermit: notRun, dropShutterPermit: notRun, rearmWatchdog: notRun },
};

export interface NamedMachine {
  readonly name: string;
  readonly about: string;
  readonly machine: AnyStateMachine;
}

export function allMachines(): readonly NamedMachine[] {
  const shared = { clock, recorder };
  const linkMachine = createInstrumentLinkMachine({ ...shared, triesMax: 5, connectDeadlineMs: 1 });
  const cellMachine = createCellMachine({
    ...shared,
    kept: notRun,
    commandDeadlineMs: 1,
    proofDeadlineMs: 1,
    stepGraceMs: 1,
  });
  const exposureMachine = createExposureMachine({
    ...shared,
    effects: {
      check: notRun,
      move: notRun,
      book: notRun,
      arm: notRun,
      open: notRun,
      expose: notRun,
      stopDetector: notRun,
      close: notRun,
      makeSafe: notRun,
      awaitClosed: notRun,
      settle: notRun,
    },
    bringDeadlineMs: 1,
    permitDeadlineMs: 1,
    permitLifeMs: notRun,
    exposeGraceMs: 1,
    closeDeadlineMs: 1,
    unclosedRoundMs: 1,
    isOver: notRun,
  });
  const supervisorMachine = createSafetySupervisorMachine({
    ...shared,
    io,
    permitCycleMs: 1,
    idleCycleMs: 1,
    levelsMaximumAgeMs: 1,
    showLevels: notRun,
  });
  const campaignMachine = createCampaignMachine({
    ...shared,
    linkMachine,
    cellMachine,
    exposureMachine,
    supervisorMachine,
    links: [],
    cells: [],
    ioName: "io",
    stageName: "stage",
    home: notRun,
    mayHome: notRun,
    isOver: notRun,
    noteNews: notRun,
    startDeadlineMs: 1,
    homingDeadlineMs: 1,
    plan: notRun,
    order: notRun,
    notePlan: notRun,
    noteExposure: notRun,
    noteWanted: notRun,
    noteAnswered: notRun,
    rule: notRun,
    noteSignal: notRun,
    mayBeAsked: false,
    mayResume: () => true,
    exposureOverheadMaxMs: 1,
    troublePauseMs: 1,
    failuresInRowMax: 1,
  });
  return [
    {
      name: "campaign",
      about: "A rack of cells run as one; beam and cells are regions apart.",
      machine: campaignMachine,
    },
    { name: "cell", about: "One cell on its channel; 96 of them.", machine: cellMachine },
    { name: "exposure", about: "One exposure, from order to settled dose.", machine: exposureMachine },
    { name: "instrument-link", about: "One instrument's link; one for each instrument.", machine: linkMachine },
    { name: "safety-supervisor", about: "The only holder of the shutter permit.", machine: supervisorMachine },
  ];
}
