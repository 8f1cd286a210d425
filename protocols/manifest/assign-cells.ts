/**
 * Which cell of which box goes into which slot: channels that can hold its limits and run its protocol, zones of its
 * temperature, no hazard beside another, groups and wishes together so that the stage travels little. Pure.
 */
import { columnIndex, positionIndex, rowIndex, type Position } from "../base/position.ts";
import type { ChannelTechnique, SiteChannel } from "../site/site.ts";
import { HAZARDS_TO_NEIGHBOURS, type Manifest, type ManifestCell } from "./manifest.ts";

/** Slots that are kept at a temperature; slots in none are at that of the room. */
export interface TemperatureZone {
  readonly positions: ReadonlySet<Position>;
  readonly temperatureC: number;
}

export interface AssignInputs {
  readonly manifests: readonly Manifest[];
  readonly channels: readonly SiteChannel[];
  readonly zones: readonly TemperatureZone[];
  readonly roomC: number;
  /** What the protocol of a cell asks of its channel. */
  readonly techniquesOf: (cell: ManifestCell, manifest: Manifest) => ReadonlySet<ChannelTechnique>;
}

export interface PlacedCell {
  readonly position: Position;
  readonly cell: ManifestCell;
  readonly manifest: Manifest;
}

export interface Assignment {
  /** In the order of positions. */
  readonly placed: readonly PlacedCell[];
  /** Cells without a slot, and why. */
  readonly left: readonly { readonly cell: ManifestCell; readonly manifest: Manifest; readonly what: string }[];
  /** Placed beside another of their hazard, because there was no other slot. */
  readonly beside: readonly { readonly position: Position; readonly other: Position }[];
}

interface Wanted {
  readonly cell: ManifestCell;
  readonly manifest: Manifest;
  readonly eligible: readonly SiteChannel[];
  readonly why: string;
}

/** Costs, in slots of distance (chosen): a hazard beside another outweighs any way; a range too wide, a little of it. */
const HAZARD_COST = 1000;
const RANGE_COST = 0.5;
const APART_COST = 0.05;

export function assignCells(inputs: AssignInputs): Assignment {
  const wanted = inputs.manifests.flatMap((manifest) => manifest.cells.map((cell) => wantedOf(inputs, cell, manifest)));
  // Cells that fit into few slots choose first; the others fill up group by group, wish by wish.
  const groups = [...new Set(wanted.map(({ manifest }) => manifest.group))];
  const order = [...wanted].sort(
    (a, b) =>
      a.eligible.length - b.eligible.length ||
      groups.indexOf(a.manifest.group) - groups.indexOf(b.manifest.group) ||
      compareText(wishOf(a.cell), wishOf(b.cell)) ||
      a.cell.priority - b.cell.priority,
  );
  const held = new Map<Position, Wanted>();
  const left: Wanted[] = [];
  const lastOf = new Map<string, Position>();
  for (const one of order) {
    const position = cheapest(one, held, lastOf.get(one.manifest.group)) ?? madeFree(one, held);
    if (position === undefined) left.push(one);
    else {
      held.set(position, one);
      lastOf.set(one.manifest.group, position);
    }
  }
  const placed = [...held]
    .map(([position, { cell, manifest }]): PlacedCell => ({ position, cell, manifest }))
    .sort((a, b) => positionIndex(a.position) - positionIndex(b.position));
  return {
    placed,
    left: left.map(({ cell, manifest, eligible, why }) => ({
      cell,
      manifest,
      what: eligible.length === 0 ? why : "every slot that it fits into is taken",
    })),
    beside: placed.flatMap((one) => {
      const other = isHazard(one.cell)
        ? placed.find(
            (two) =>
              isHazard(two.cell) &&
              positionIndex(two.position) > positionIndex(one.position) &&
              areNear(one.position, two.position),
          )
        : undefined;
      return other === undefined ? [] : [{ position: one.position, other: other.position }];
    }),
  };
}

function wantedOf(
  { channels, zones, roomC, techniquesOf }: AssignInputs,
  cell: ManifestCell,
  manifest: Manifest,
): Wanted {
  const techniques = techniquesOf(cell, manifest);
  let candidates = channels;
  let why = "the site has no channels";
  const keep = (fits: (channel: SiteChannel) => boolean, what: string): void => {
    if (candidates.length === 0) return;
    why = what;
    candidates = candidates.filter(fits);
  };
  keep(
    ({ voltageMinV, voltageMaxV }) => voltageMinV <= cell.voltageMinV && voltageMaxV >= cell.voltageMaxV,
    `no channel holds ${cell.voltageMinV} to ${cell.voltageMaxV} V`,
  );
  keep(({ currentMaxA }) => 1000 * currentMaxA >= cell.currentMaxMa, `no channel gives ${cell.currentMaxMa} mA`);
  keep(
    ({ techniques: has }) => [...techniques].every((technique) => has.includes(technique)),
    `no channel has ${[...techniques].join(", ")}`,
  );
  keep(
    ({ position }) => {
      const temperatureC = zones.find(({ positions }) => positions.has(position))?.temperatureC ?? roomC;
      return temperatureC >= (cell.temperatureMinC ?? -Infinity) && temperatureC <= (cell.temperatureMaxC ?? Infinity);
    },
    `no slot stands at ${cell.temperatureMinC ?? "-"} to ${cell.temperatureMaxC ?? "-"} C`,
  );
  return { cell, manifest, eligible: candidates, why };
}

function cheapest(one: Wanted, held: ReadonlyMap<Position, Wanted>, last: Position | undefined): Position | undefined {
  let best: Position | undefined;
  let bestCost = Infinity;
  for (const { position, currentMaxA } of one.eligible) {
    if (held.has(position)) continue;
    const range = Math.log2(Math.max(1, (1000 * currentMaxA) / one.cell.currentMaxMa));
    // Without a neighbour of its group it fills up from the first slot on.
    const way = last === undefined ? 0 : distance(position, last);
    const hazard = isHazard(one.cell) && hasHazardNear(position, held) ? HAZARD_COST : 0;
    const cost = hazard + RANGE_COST * range + way + APART_COST * positionIndex(position);
    if (cost >= bestCost) continue;
    best = position;
    bestCost = cost;
  }
  return best;
}

/** A slot that its holder can leave for another; undefined where none can. */
function madeFree(one: Wanted, held: Map<Position, Wanted>): Position | undefined {
  const seen = new Set<Position>();
  const find = (wanted: Wanted): Position | undefined => {
    for (const { position } of wanted.eligible) {
      if (seen.has(position)) continue;
      seen.add(position);
      const holder = held.get(position);
      if (holder === undefined) return position;
      const other = find(holder);
      if (other === undefined) continue;
      held.delete(position);
      held.set(other, holder);
      return position;
    }
    return undefined;
  };
  return find(one);
}

export function isHazard({ hazards }: ManifestCell): boolean {
  return hazards.some((hazard) => HAZARDS_TO_NEIGHBOURS.includes(hazard));
}

function hasHazardNear(position: Position, held: ReadonlyMap<Position, Wanted>): boolean {
  for (const [other, { cell }] of held) if (isHazard(cell) && areNear(position, other)) return true;
  return false;
}

/** Side by side, or corner to corner. */
function areNear(a: Position, b: Position): boolean {
  return Math.abs(rowIndex(a) - rowIndex(b)) <= 1 && Math.abs(columnIndex(a) - columnIndex(b)) <= 1;
}

function distance(a: Position, b: Position): number {
  return Math.hypot(rowIndex(a) - rowIndex(b), columnIndex(a) - columnIndex(b));
}

/** Cells with the same wishes are visited one after the other. */
export function wishOf({ triggers, priority, role, protocol }: ManifestCell): string {
  return JSON.stringify([role, triggers, priority, protocol]);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
