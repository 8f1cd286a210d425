/** The control desk of a campaign as its run has it: with the run's samples and record, or idle where nothing is compared. */
import type { WholePlan } from "../beam/wanted.ts";
import type { SampleIntake } from "../cells/sample-intake.ts";
import type { CampaignRoles } from "../run/roles.ts";
import { createControlDesk, type ControlDesk, type ControlDeskDeps, type RecordedEvent } from "./control-desk.ts";

export interface CampaignControlsDeps extends Pick<
  ControlDeskDeps,
  "campaign" | "sweepCountPlanned" | "recorder" | "alarms" | "nowMs" | "fail" | "stateOfHealth"
> {
  readonly roles: Pick<CampaignRoles, "integrator">;
  readonly lattice: ControlDeskDeps["lattice"] | undefined;
  readonly past: readonly RecordedEvent[] | undefined;
  readonly samples: Pick<SampleIntake, "lastCurrentA" | "chargeAh" | "firstVoltageV" | "firstCurrentA" | "firstTimeS">;
}

/** No control exposure is wanted, nothing held back, nothing told. */
const IDLE: ControlDesk = {
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

export function createCampaignControls(deps: CampaignControlsDeps): ControlDesk {
  const { roles, lattice, past, samples, ...rest } = deps;
  const { controls } = rest.campaign;
  if (controls === undefined) return IDLE;
  return createControlDesk({
    ...rest,
    controls,
    firstSamples: samples,
    ...(roles.integrator === undefined ? {} : { integrator: roles.integrator }),
    ...(lattice === undefined ? {} : { lattice }),
    ...(past === undefined ? {} : { past }),
    currentA: (cellIndex) => samples.lastCurrentA[cellIndex] ?? NaN,
    chargeAh: (cellIndex) => samples.chargeAh[cellIndex] ?? NaN,
  });
}

/** The sweep of this plan has nothing left to expose, its control visits included. */
export function isSweepOver({ act, state, wanted }: WholePlan): boolean {
  return act.kind !== "expose" && state.remaining.length === 0 && wanted.length === 0;
}
