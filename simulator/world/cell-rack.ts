/**
 * The cells of the rack as they truly are: each drawn from its own seed, watched at its terminals, and ill from the
 * moment something goes wrong with it. A cell in order costs nothing of that.
 */
import type { Felt } from "../plant/felt.ts";
import type { CellDesign, CellModels } from "../cell/cell-design.ts";
import type { CellFault } from "../cell/cell-fault.ts";
import { cellParameters, drawVariation } from "../cell/cell-parameters.ts";
import { createCellPlant, IDEAL_SINE, type ObservedCellPlant, type SineTraits } from "../cell/cell-plant.ts";
import { type Cell, createCell } from "../cell/cell.ts";
import { createFaultyCellPlant, type FaultyCellPlant } from "../cell/faulty-cell-plant.ts";
import { clipHolder } from "../cell/thermal-balance.ts";
import type { CellPlant, Chance } from "../plant/plant.ts";
import { createRackSensors, type RackSensors } from "../plant/rack-sensors.ts";
import { type CellObserver, observeCell, TOLERANCES } from "./cell-observer.ts";
import { createOpenTerminals, scaledDesign } from "./world-cells.ts";
import type { WorldCell } from "./world-site.ts";

/** After its time a sample may come so late. */
const LOOK_LATE_MS = 2000;

export interface CellRackDeps {
  readonly cells: readonly WorldCell[];
  /** By id. */
  readonly designs: ReadonlyMap<string, CellDesign>;
  readonly models: CellModels;
  /** The world's own. */
  readonly chance: Chance;
  readonly startMs: number;
  readonly ambientC: number;
  readonly sideReactions: boolean;
  /** No instrument of the site looks more often than this at a cell. */
  readonly looksEveryMs: number;
  /** A cell was taken beyond its limits, or driven although it was put in wrongly. */
  readonly onExcursion: (positionIndex: number, atMs: number, what: string) => void;
}

export interface CellRack {
  /** By position, for each cell. */
  readonly observers: ReadonlyMap<number, CellObserver>;
  /** What a channel finds at a position; open terminals where there is no cell. */
  plant(positionIndex: number): CellPlant;
  /** What hangs over the rack; cells in order do not show there. */
  readonly sensors: RackSensors;
  /**
   * Something goes wrong with a cell now; of what is wrong when it is loaded, nothing may drive it. Returns false
   * where there is no cell.
   */
  fail(atMs: number, positionIndex: number, fault: CellFault, felt?: Felt): boolean;
}

/** Of cells that come formed: nearly empty, as they are sent (chosen). */
const DELIVERED_SOC = 0.05;
/** A cell like that must fail its proof, so that no current is ever sent through it. */
const NEVER_DRIVEN: ReadonlySet<CellFault["kind"]> = new Set(["reversed", "open-circuit"]);

export function createCellRack(deps: CellRackDeps): CellRack {
  const { startMs, models, chance, ambientC } = deps;
  const openTerminals = createOpenTerminals();
  const sine: SineTraits = deps.sideReactions
    ? { inductanceH: models.impedance.inductance_H, phaseExponent: models.impedance.cpeExponent }
    : IDEAL_SINE;
  const faulty = new Map<number, FaultyCellPlant>();
  const inTheAir: FaultyCellPlant[] = [];
  const plants = new Map<number, ObservedCellPlant>();
  const observers = new Map(deps.cells.map((cell) => [cell.positionIndex, observed(cell)] as const));

  function observed(cell: WorldCell): CellObserver {
    const { positionIndex } = cell;
    const design = deps.designs.get(cell.designId);
    if (design === undefined) throw new RangeError(`no cell design named ${cell.designId}`);
    const variation = drawVariation(chance.stream(`cell ${positionIndex}`), design, models);
    const scale = cell.nominalCapacityMah / design.cell.nominalCapacity_mAh;
    const parameters = cellParameters(scaledDesign(design, scale), models, variation, {
      sideReactions: deps.sideReactions,
    });
    const made = asDelivered(cell, createCell(design, parameters, cell.initial));
    const plant = createCellPlant(made, startMs, { sine });
    plants.set(positionIndex, plant);
    const excursion = (atMs: number, what: string): void => {
      deps.onExcursion(positionIndex, atMs, what);
    };
    return observeCell(plant, cell.limits, excursion, {
      ...TOLERANCES,
      lookMaxMs: Math.max(TOLERANCES.lookMaxMs, deps.looksEveryMs + LOOK_LATE_MS),
    });
  }

  /** A fresh cell rests far below the window of most chemistries; one that may not be there comes formed. */
  function asDelivered(cell: WorldCell, made: Cell): Cell {
    const design = deps.designs.get(cell.designId);
    if (design === undefined || !("pristine" in cell.initial) || made.state.voltageV >= cell.limits.voltageMinV) {
      return made;
    }
    return createCell(design, made.parameters, { soc: DELIVERED_SOC });
  }

  /** The same cell from here on with an illness of its own, on the channel as that stands. */
  function fallIll(atMs: number, positionIndex: number, healthy: ObservedCellPlant): FaultyCellPlant {
    healthy.read(atMs);
    const ill = createFaultyCellPlant(healthy.cell, atMs, {
      thermal: clipHolder(models, ambientC),
      chance: chance.stream(`cell ${positionIndex}`).stream("faults"),
      sine,
      drive: healthy,
    });
    faulty.set(positionIndex, ill);
    inTheAir.push(ill);
    observers.get(positionIndex)?.become(ill);
    return ill;
  }

  function fail(atMs: number, positionIndex: number, fault: CellFault, felt?: Felt): boolean {
    const healthy = plants.get(positionIndex);
    if (healthy === undefined) return false;
    const ill = faulty.get(positionIndex) ?? fallIll(atMs, positionIndex, healthy);
    ill.begin(atMs, fault, felt);
    const observer = observers.get(positionIndex);
    if (atMs <= startMs && NEVER_DRIVEN.has(fault.kind)) observer?.forbid(fault.kind);
    return true;
  }

  const sensors = createRackSensors({ cells: inTheAir, ambientC }, startMs);
  for (const cell of deps.cells) {
    for (const fault of cell.faults ?? []) fail(startMs, cell.positionIndex, fault);
  }

  return {
    observers,
    plant: (positionIndex) => observers.get(positionIndex)?.plant ?? openTerminals,
    sensors,
    fail,
  };
}
