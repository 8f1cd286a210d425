/** What the bus says of a group's cells, without words of other groups: their names, cells, places and channels. */
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { createCensor, type Censor } from "../report/foreign-words.ts";
import type { CampaignRoles } from "../run/roles.ts";

export interface GroupCensors {
  readonly of: (group: string) => Censor;
  /** For one who sees these groups; without any for what everybody is told. */
  readonly ofAll: (groups: readonly string[]) => Censor;
}

/** The same few sentences are told again and again. */
const KEPT_MAX = 500;

export function createGroupCensors(
  { cells }: Pick<Campaign, "cells">,
  { channels }: Pick<CampaignRoles, "channels">,
): GroupCensors {
  const censors = new Map<string, Censor>();
  let counted = 0;

  /** Of cells that joined there are words to be taken out too. */
  function forgetOld(): void {
    const count = cells.length + channels.length;
    if (count !== counted) censors.clear();
    counted = count;
  }

  function make(groups: readonly string[]): Censor {
    if (new Set(cells.map(({ group }) => group)).size <= 1) return (text) => text;
    const plan = {
      cells: cells.map((cell, cellIndex) => ({ ...cell, channel: channels[cellIndex]?.name ?? null })),
    };
    const own = new Set<string>(cells.filter(({ group }) => groups.includes(group)).map(({ position }) => position));
    const censor = createCensor(plan, own);
    const kept = new Map<string, string>();
    return (text) => {
      const known = kept.get(text);
      if (known !== undefined) return known;
      if (kept.size >= KEPT_MAX) kept.clear();
      const said = censor(text);
      kept.set(text, said);
      return said;
    };
  }

  const keptOf = (key: string, groups: () => readonly string[]): Censor => {
    forgetOld();
    const known = censors.get(key) ?? make(groups());
    censors.set(key, known);
    return known;
  };

  return {
    of: (group) => keptOf(group, () => [group]),
    ofAll: (groups) => keptOf(`\n${groups.join("\n")}`, () => groups),
  };
}
