/** What the campaign's machine is given of links and cells, as it begins and when cells join; and the code of their proofs. */
import type { Writable } from "../../protocols/base/writable.ts";
import { createNewcomers, type Newcomers, type NewcomersDeps } from "../amendments/newcomers.ts";
import { createStepCode, type StepCode } from "../cells/step-code.ts";
import { proofTimeMaxMs } from "../cells/wiring-proof.ts";
import type { InstrumentLinkInput } from "../machines/instrument-link-machine.ts";
import { SPARE_SEATS } from "./campaign-intake.ts";
import { createCellInputs, type CellInputs, type CellInputsDeps } from "./cell-inputs.ts";
import type { CampaignRoles } from "./roles.ts";

export interface CampaignCells {
  /** For the campaign's machine; what joins is added to them. */
  readonly inputs: { readonly links: readonly InstrumentLinkInput[]; readonly cells: CellInputs["all"] };
  readonly newcomers: Newcomers;
  /** Longest that a proof of wiring takes now. */
  proofMaxMs(): number;
}

export interface CampaignCellsDeps extends Omit<CellInputsDeps, "code" | "roles"> {
  readonly roles: CampaignRoles;
  readonly alarms: NewcomersDeps["alarms"];
  readonly send: NewcomersDeps["send"];
  readonly views: NewcomersDeps["views"];
  readonly access: NewcomersDeps["access"];
}

export function createCampaignCells(deps: CampaignCellsDeps): CampaignCells {
  const { campaign, roles } = deps;
  const sheets = roles.channels.map(({ capabilities }) => capabilities);
  const code: Writable<StepCode> = createStepCode(campaign.cells.length, sheets);
  const links: InstrumentLinkInput[] = roles.instruments.map((instrument) => ({
    instrument,
    isNeededByAll: roles.beamline.includes(instrument.name),
  }));
  const cellInputs = createCellInputs({ ...deps, code });
  return {
    inputs: { links, cells: cellInputs.all },
    newcomers: createNewcomers({ ...deps, code, links, cellInputs, seats: campaign.cells.length + SPARE_SEATS }),
    proofMaxMs: () => proofTimeMaxMs(code),
  };
}
