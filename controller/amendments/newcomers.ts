/**
 * Cells that join while their run goes on: each gets a place for its samples, a driver of its channel and a machine of its
 * own. Nothing is measured or driven there before a person has brought the cell and it is proven (access/).
 */
import { createStepCode, type StepCode } from "../cells/step-code.ts";
import { forerunnerOf, parseOccupant, placeOf, type Occupant } from "../../protocols/base/position.ts";
import type { Writable } from "../../protocols/base/writable.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { InstrumentLinkInput } from "../machines/instrument-link-machine.ts";
import type { Recorder } from "../machines/recorder.ts";
import type { AccessDesk } from "../access/access-desk.ts";
import type { ActorViews } from "../run/actor-views.ts";
import type { Alarms } from "../run/alarms.ts";
import type { CellInputs } from "../run/cell-inputs.ts";
import { listenToInstrument, type ListeningDeps } from "../run/listening.ts";
import type { CampaignRoles } from "../run/roles.ts";
import { JOINED_EVENT } from "../resume/recorded-cell.ts";

export interface Newcomers {
  /** Why cells at these positions cannot join now; null when they may. Those that are withdrawn with it are off before anybody has access. */
  refusal(positions: readonly string[], withdrawn: readonly string[]): string | null;
  /** The campaign has cells more than `before`, by this person's amendment. */
  join(before: number, author: string): void;
}

export interface NewcomersDeps {
  /** Amended in place. */
  readonly campaign: Pick<Campaign, "cells">;
  readonly roles: Pick<CampaignRoles, "addChannel" | "channels" | "changer">;
  /** Of the proofs that begin from now on. */
  readonly code: Writable<StepCode>;
  /** Those of the campaign's machine, added to here. */
  readonly links: InstrumentLinkInput[];
  readonly cellInputs: CellInputs;
  readonly recorder: Recorder;
  readonly alarms: Alarms;
  readonly send: ListeningDeps["send"];
  /** Undefined where the campaign names no custody. */
  readonly identity: object | undefined;
  readonly views: Pick<ActorViews, "stateOf">;
  readonly access: Pick<AccessDesk, "isTouched">;
  /** Places for cells' samples, those that are taken included. */
  readonly seats: number;
}

/** In these nothing more is done with a cell, or its channel. */
const OVER: readonly string[] = ["complete", "stopped", "isolated"];

export function createNewcomers(deps: NewcomersDeps): Newcomers {
  const { campaign, roles, code, links, cellInputs } = deps;

  function joinOne(cellIndex: number, position: Occupant, barcode: string, author: string): void {
    const added = roles.addChannel?.(placeOf(position));
    deps.recorder.record(JOINED_EVENT, { position, cell: barcode, author });
    Object.assign(
      code,
      createStepCode(
        campaign.cells.length,
        roles.channels.map(({ capabilities }) => capabilities),
      ),
    );
    const fresh: InstrumentLinkInput[] = [];
    if (added?.isNew === true) {
      fresh.push({ instrument: added.channel, isNeededByAll: false });
      listenToInstrument(added.channel, deps);
    }
    links.push(...fresh);
    deps.send({ type: "CELLS_JOINED", links: fresh, cells: [cellInputs.join(cellIndex)] });
  }

  /** What hinders another cell to follow the one that had its place; null for nothing. */
  function stillThere(position: string, withdrawn: readonly string[]): string | null {
    const cell = parseOccupant(position);
    const before = cell === undefined ? undefined : forerunnerOf(cell);
    if (before === undefined) return null;
    if (deps.access.isTouched(before)) return `somebody has access to ${before}: it has to be given back before`;
    if (withdrawn.includes(before)) return null;
    const state = deps.views.stateOf(campaign.cells.findIndex((one) => one.position === before));
    return OVER.includes(state) ? null : `${before} is ${state}: its channel has not confirmed it off yet`;
  }

  return {
    refusal(positions, withdrawn) {
      if (roles.changer !== undefined)
        return "a robot brings the cells of this site to the beam, and knows its slots as it begins";
      if (deps.identity !== undefined) return "custody is asked of the cells as the controller begins";
      if (roles.addChannel === undefined) return "this controller can link no further channels";
      const busy = positions.flatMap((position) => stillThere(position, withdrawn) ?? []);
      if (busy.length > 0) return busy.join("; ");
      if (campaign.cells.length + positions.length <= deps.seats) return null;
      return `there is room for ${deps.seats - campaign.cells.length} cells more before the controller is started again`;
    },
    join(before, author) {
      for (const [cellIndex, { position, barcode }] of campaign.cells.entries()) {
        if (cellIndex >= before) joinOne(cellIndex, position, barcode, author);
      }
    },
  };
}
