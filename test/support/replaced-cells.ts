/** Cells that follow others in their places, or come back, during a run in the virtual world: in the file, in the world, and by people's hands. */
import { parseOccupant, placeOf, positionIndex, turnOf } from "../../protocols/base/position.ts";
import type { Writable } from "../../protocols/base/writable.ts";
import type { Campaign, CampaignCell } from "../../protocols/campaign/campaign.ts";
import { isPresent } from "../../protocols/campaign/present-cell.ts";
import type { createChance } from "../../simulator/chance/chance.ts";
import { lyingAt, type PersonHands } from "../../simulator/world/person-hands.ts";
import { worldIndexOf, type VirtualCampaign } from "../../tui/virtual/virtual-campaign.ts";

/** So many cells in turn the world has for each place. */
const TURNS = 3;

/** The campaign with every cell that may follow in it: those that its world has. */
export function withFollowers(campaign: Campaign): Campaign {
  const more = campaign.cells.flatMap((cell) => {
    const followers: CampaignCell[] = [];
    for (let last = cell; followers.length < TURNS - 1;) {
      const position = nextAt(last);
      if (position === undefined) break;
      followers.push((last = { ...cell, position, barcode: newOne(position) }));
    }
    return followers;
  });
  return { ...campaign, cells: [...campaign.cells, ...more] };
}

function nextAt({ position }: CampaignCell): CampaignCell["position"] | undefined {
  return parseOccupant(`${placeOf(position)}.${turnOf(position) + 1}`);
}

/** What is printed on the cell that the world has for a turn. */
function newOne(position: string): string {
  return `N-${position}`;
}

/** The last in their places, which are over. */
export function replaceable({ cells }: Campaign, over: ReadonlySet<string>): readonly CampaignCell[] {
  return cells.filter(({ position }, cellIndex) => isPresent(cells, cellIndex) && over.has(position));
}

export function isOut({ cells }: Campaign, over: ReadonlySet<string>, barcode: string): boolean {
  return cells.every((cell) => cell.barcode !== barcode || over.has(cell.position));
}

/** The campaign with another cell in the place of `before`, or with `back`; undefined where the world has no further one. */
export function following(campaign: Campaign, before: CampaignCell, back?: CampaignCell): Campaign | undefined {
  const position = nextAt(before);
  if (position === undefined || turnOf(position) > TURNS) return undefined;
  const barcode = back?.barcode ?? newOne(position);
  const cells = campaign.cells.map((cell): CampaignCell =>
    cell.position === before.position || cell.barcode === barcode
      ? { ...cell, isWithdrawn: true, role: "dark-control" }
      : cell,
  );
  const next: Writable<CampaignCell> = { ...(back ?? before), position, barcode, role: "exposed" };
  delete next.isWithdrawn;
  return { ...campaign, cells: [...cells, next] };
}

/** A person asks for access to cells that are to come, brings some, and now and then says a wrong code before. */
export function bringCells(
  { run }: Pick<VirtualCampaign, "run">,
  hands: PersonHands,
  world: Campaign,
  chance: ReturnType<ReturnType<typeof createChance>["stream"]>,
): number {
  const by = { author: "anna", reason: "another cell" };
  let brought = 0;
  for (const [cellIndex, { position, barcode }] of run.campaign.cells.entries()) {
    if (!run.views.isToCome(cellIndex)) continue;
    if (run.access.refusal("begin", position, by) === null && chance.uniform() < 0.7) run.access.begin(position, by);
    if (!run.access.open.has(position)) continue;
    if (chance.uniform() < 0.2 && run.access.refusal("end", position, by, { code: "another" }) === null) return NaN;
    const lies = worldIndexOf(world, barcode);
    for (const index of world.cells.map((cell) => positionIndex(cell.position))) {
      if (lyingAt(hands, index) === lies) hands.cells.set(index, null);
    }
    const index = positionIndex(position);
    for (const where of [hands.homes, hands.cells]) where.set(index, lies);
    if (run.access.refusal("end", position, by, { code: barcode }) !== null) continue;
    run.access.end(position, by, { code: barcode });
    brought += 1;
  }
  return brought;
}

/** From the amendment on the place is that of the cell that follows: what drives or lights the one before it does wrong. */
export function belongsThere(hands: PersonHands, world: Campaign, campaign: Campaign | undefined): void {
  for (const [cellIndex, { position, barcode }] of campaign?.cells.entries() ?? []) {
    if (campaign === undefined || turnOf(position) === 1 || !isPresent(campaign.cells, cellIndex)) continue;
    hands.homes.set(positionIndex(position), worldIndexOf(world, barcode));
  }
}
