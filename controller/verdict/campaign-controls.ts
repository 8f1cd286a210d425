/**
 * What is made of a campaign's frames as its run has it: control visits compared, every frame looked at; each idle where
 * the campaign does not ask for it.
 */
import type { Site } from "../../protocols/site/site.ts";
import type { WholePlan } from "../beam/wanted.ts";
import type { BeamOnCell } from "../dose/dose-ledger.ts";
import type { SampleIntake } from "../cells/sample-intake.ts";
import { createFrameDesk, type FrameDesk } from "../frames/frame-desk.ts";
import type { ActorViews } from "../run/actor-views.ts";
import type { Alarms } from "../run/alarms.ts";
import type { CampaignRoles } from "../run/roles.ts";
import { createControlDesk, type ControlDesk, type ControlDeskDeps, type RecordedEvent } from "./control-desk.ts";

export interface CampaignControlsDeps extends Pick<
  ControlDeskDeps,
  "campaign" | "sweepCountPlanned" | "recorder" | "nowMs" | "fail"
> {
  readonly site: Pick<Site, "detector">;
  readonly roles: Pick<CampaignRoles, "integrator">;
  readonly alarms: Pick<Alarms, "raise" | "clearAll">;
  readonly lattice: ControlDeskDeps["lattice"] | undefined;
  readonly past: readonly RecordedEvent[] | undefined;
  readonly samples: Pick<SampleIntake, "lastCurrentA" | "chargeAh" | "firstVoltageV" | "firstCurrentA" | "firstTimeS">;
  readonly views: Pick<ActorViews, "cell" | "charge">;
  readonly beam: (filtersIn: readonly boolean[]) => BeamOnCell;
  readonly stopExposing: (reason: string) => void;
}

export interface CampaignControls extends Omit<ControlDesk, "heldBack"> {
  /** Why a cell is not exposed in this sweep; 0 for what belongs to none. What a person asks for is not kept from a frame. */
  heldBack(cellIndex: number, sweep: number, isByHand: boolean): string | null;
  lastFrame: FrameDesk["lastFrame"];
}

/** No control exposure is wanted, nothing held back, nothing told. */
const NO_CONTROLS: ControlDesk = {
  heard: () => undefined,
  exposureFraction: () => 1,
  noteExposed: () => undefined,
  controlAfter: () => null,
  heldBack: () => null,
  isAlone: () => null,
  sweepIsOver: () => undefined,
  verdict: () => null,
  cellView: () => null,
};
const NO_FRAMES: FrameDesk = { noteExposed: () => undefined, heldBack: () => null, lastFrame: () => null };

export function createCampaignControls(deps: CampaignControlsDeps): CampaignControls {
  const compared = comparedControls(deps);
  const frames = lookedAtFrames(deps);
  return {
    ...compared,
    noteExposed(...exposed) {
      compared.noteExposed(...exposed);
      frames.noteExposed(...exposed);
    },
    heldBack: (cellIndex, sweep, isByHand) =>
      compared.heldBack(cellIndex, sweep) ?? (isByHand ? null : frames.heldBack(cellIndex)),
    lastFrame: (cellIndex) => frames.lastFrame(cellIndex),
  };
}

function comparedControls(deps: CampaignControlsDeps): ControlDesk {
  const { campaign, sweepCountPlanned, recorder, alarms, nowMs, fail, roles, lattice, past, samples, views } = deps;
  const { controls } = campaign;
  if (controls === undefined) return NO_CONTROLS;
  return createControlDesk({
    ...{ campaign, controls, sweepCountPlanned, recorder, alarms, nowMs, fail },
    firstSamples: samples,
    ...(roles.integrator === undefined ? {} : { integrator: roles.integrator }),
    ...(lattice === undefined ? {} : { lattice }),
    ...(past === undefined ? {} : { past }),
    currentA: (cellIndex) => samples.lastCurrentA[cellIndex] ?? NaN,
    chargeAh: (cellIndex) => samples.chargeAh[cellIndex] ?? NaN,
    stateOfHealth: (cellIndex) => views.cell(cellIndex)?.stateOfHealth ?? null,
  });
}

function lookedAtFrames(deps: CampaignControlsDeps): FrameDesk {
  const { campaign, site, recorder, alarms, fail, roles, lattice, past, views, beam, stopExposing } = deps;
  const { frameRules: rules } = campaign;
  if (rules === undefined) return NO_FRAMES;
  return createFrameDesk({
    ...{ campaign, rules, recorder, alarms, fail, lattice, stopExposing },
    integrator: roles.integrator,
    saturationCounts: site.detector.saturationCounts ?? null,
    ...(past === undefined ? {} : { past }),
    stateOfCharge(cellIndex) {
      const charge = views.charge(cellIndex);
      return charge === null ? null : { value: charge.value, error: charge.uncertainty };
    },
    filterTransmission: ({ filtersIn }) => beam(filtersIn).filterTransmission,
  });
}

/** The sweep of this plan has nothing left to expose, its control visits included. */
export function isSweepOver({ act, state, wanted }: WholePlan): boolean {
  return act.kind !== "expose" && state.remaining.length === 0 && wanted.length === 0;
}
