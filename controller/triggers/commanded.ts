/** Exposures by command: a person's, or a program's outside, which the campaign has to name for that. Pure. */
import { meetsBeam, type Campaign } from "../../protocols/campaign/campaign.ts";
import type { CommandTrigger } from "../../protocols/campaign/trigger.ts";
import type { ExposureWish } from "../beam/wanted.ts";

export interface ExposeCommand {
  readonly by: "operator" | "agent";
  readonly position: string;
  readonly author: string;
  /** Names the command for good: the same one asks once. */
  readonly id: string;
  /** One of the campaign's triggers of this kind; left out: the first that has the cell. */
  readonly triggerName?: string;
  /** How long it stands; left out: as long as the trigger's window. */
  readonly withinS?: number;
  readonly reason?: string;
}

export type CommandedWish =
  | { readonly ok: true; readonly wish: ExposureWish }
  | { readonly ok: false; readonly what: string; readonly advice: string };

/** Where the campaign says nothing of people who ask. */
const PERSON = { lateS: 3600, weight: 4 } as const;

export function commandedWish(
  campaign: Pick<Campaign, "cells" | "triggers" | "sweeps" | "presets">,
  command: ExposeCommand,
  nowMs: number,
): CommandedWish {
  const { by, position, author, id, triggerName } = command;
  const cellIndex = campaign.cells.findIndex((cell) => cell.position === position);
  const cell = campaign.cells[cellIndex];
  if (cell === undefined) return refused(`there is no cell at ${position}`, "Name a position of the campaign.");
  if (!meetsBeam(cell)) {
    return refused(
      `${position} is a dark control`,
      "It is never exposed: what others are compared with would be lost.",
    );
  }
  const own = (campaign.triggers ?? []).filter((trigger): trigger is CommandTrigger => trigger.kind === by);
  const named = own.filter((trigger) => triggerName === undefined || trigger.name === triggerName);
  const trigger = named.find(({ cells }) => cells.some((one) => one.cellIndex === cellIndex));
  const reason = command.reason ?? `asked by ${author}`;
  if (trigger !== undefined) {
    const { name, preset, weight, owner, window } = trigger;
    return asked({ name, presetName: preset.name, weight, owner: owner ?? cell.group, lateS: window.lateS });
  }
  if (triggerName !== undefined && named.length === 0) {
    const names = own.map(({ name }) => name).join(", ");
    return refused(
      `the campaign has no trigger ${triggerName} of kind ${by}`,
      names === "" ? "Leave the trigger out." : `It has ${names}.`,
    );
  }
  if (own.length > 0) return refused(`no trigger of kind ${by} has ${position}`, "Name a cell that one of them has.");
  const preset = campaign.sweeps[0]?.preset ?? campaign.presets[0];
  if (by === "agent" || preset === undefined) {
    return refused(`the campaign lets no ${by} ask`, `Give it a trigger of kind ${by}, with a preset.`);
  }
  return asked({ name: by, presetName: preset.name, owner: cell.group, ...PERSON });

  function asked(rules: {
    readonly name: string;
    readonly presetName: string;
    readonly weight: number;
    readonly owner: string | null;
    readonly lateS: number;
  }): CommandedWish {
    const { name, presetName, weight, owner, lateS } = rules;
    return {
      ok: true,
      wish: {
        ...{ key: `${name} ${position} ${id}`, trigger: name, cellIndex, presetName, weight, owner, reason },
        ...{ earliestMs: nowMs, wantedMs: nowMs, latestMs: nowMs + 1000 * (command.withinS ?? lateS) },
        ...(by === "operator" ? { isByHand: true } : {}),
      },
    };
  }
}

function refused(what: string, advice: string): CommandedWish {
  return { ok: false, what, advice };
}
