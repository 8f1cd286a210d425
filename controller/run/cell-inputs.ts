/** What the machine of each cell is given: its programme, its rules, what the record left of it, and its hold on the channel. */
import { assert } from "../../protocols/base/assert.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { Site } from "../../protocols/site/site.ts";
import { createCellEffects, type CellEffectsDeps } from "../cells/cell-effects.ts";
import { firstProgrammeStep } from "../cells/programme.ts";
import { accountRules } from "../cells/cell-account.ts";
import type { StepCode } from "../cells/step-code.ts";
import { stepIntervalMinS } from "../cells/step-interval.ts";
import { objectionTo, type IdentitySource } from "../custody/identity-proof.ts";
import { withIdleTime, type CellInput } from "../machines/cell-news.ts";
import { faultNote } from "../machines/errors.ts";
import type { LeftRun } from "../resume/read-run.ts";
import type { CampaignRoles } from "./roles.ts";

export interface CellInputsDeps extends Required<
  Pick<CellEffectsDeps, "clock" | "intake" | "recorder" | "gap" | "signals" | "tell">
> {
  readonly campaign: Campaign;
  readonly site: Pick<Site, "channels">;
  readonly roles: Pick<CampaignRoles, "channels" | "changer">;
  readonly code: StepCode;
  readonly left: LeftRun | undefined;
  /** Undefined where the campaign names no custody. */
  readonly identity: IdentitySource | undefined;
}

export interface CellInputs {
  /** One for each cell of the campaign as it began, in its order; those that join are added behind them. */
  readonly all: CellInput[];
  /** Of a cell that joined, and that a person is still to bring. */
  join(cellIndex: number): CellInput;
}

export function createCellInputs(deps: CellInputsDeps): CellInputs {
  const { campaign, roles, clock, intake, recorder, code, left, gap, signals, tell } = deps;

  const identity = deps.identity;
  /** Told to all that may have come: who does not wait does not listen. What lies in its slot, and is held back by now, is switched off. */
  identity?.onChange(() => {
    for (const [cellIndex, { position }] of campaign.cells.entries()) {
      if (identity.awaited(cellIndex) !== null) continue;
      tell(cellIndex, { type: "CELL_HAS_COME" });
      const evidence = identity.evidence(cellIndex);
      const objection = evidence.scanned === null ? null : objectionTo(evidence);
      if (objection === null) continue;
      const { kind, what } = objection;
      const fault = new Fault(kind === "wrong" ? "cell.wrong" : "cell.identity-unknown", position, what);
      tell(cellIndex, { type: "LIMIT_PASSED", fault: faultNote(fault) });
    }
  });

  function cellInput(cellIndex: number, joins = false): CellInput {
    const cell = campaign.cells[cellIndex];
    const channel = roles.channels[cellIndex];
    assert(cell !== undefined && channel !== undefined, `no channel for cell ${cellIndex}`);
    const leftCell = left?.recorded.cells[cellIndex]?.left;
    return {
      position: cell.position,
      ...(roles.changer === undefined ? { carriedBy: "person" as const } : {}),
      cellId: cell.barcode,
      channelName: channel.name,
      first: firstProgrammeStep(cell, stepIntervalMinS(deps.site, cell, channel.capabilities)),
      rules: accountRules(cell),
      ...(leftCell === undefined || left === undefined ? {} : { left: withIdleTime(leftCell, left.recorded.lastMs) }),
      effects: createCellEffects({
        clock,
        channel,
        cellIndex,
        position: cell.position,
        intake,
        recorder,
        proof: {
          code,
          positionOf: (index) => campaign.cells[index]?.position ?? "another cell",
          get limits() {
            return cell.limits;
          },
          nominalCapacityAh: cell.nominalCapacityMah / 1000,
        },
        gap,
        signals,
        ...(identity === undefined ? {} : { identity }),
        wasLeft: leftCell?.phase === "under-way",
        mayHaveBeenProven:
          leftCell !== undefined &&
          (identity?.awaited(cellIndex) ?? null) === null &&
          // A robot's are not proven by a current again.
          (leftCell.phase === "unproven" || (roles.changer === undefined && leftCell.isCarried === true)),
        listensFromProof: (joins || leftCell?.isNew === true) && roles.channels.indexOf(channel) < cellIndex,
        tell,
      }),
    };
  }

  const all = campaign.cells.map((_, cellIndex) => cellInput(cellIndex));
  return {
    all,
    join(cellIndex) {
      const input: CellInput = { ...cellInput(cellIndex, true), joins: true };
      all[cellIndex] = input;
      return input;
    },
  };
}
