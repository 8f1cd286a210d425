/** The simulator's own tables, read and parsed apart from the controller's. */
import { Fault } from "../../protocols/base/fault.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { parseLatticeTables, type LatticeTables } from "../../protocols/diffraction/lattice-tables.ts";
import type { Site } from "../../protocols/site/site.ts";
import {
  parseCellDesign,
  parseCellModels,
  type CellDesign,
  type CellModels,
} from "../../simulator/cell/cell-design.ts";
import { parseWorldAttenuation, type WorldAttenuation } from "../../simulator/world/world-attenuation.ts";
import { parseResponseParameters } from "../../simulator/damage/response-parameters.ts";
import { parseStructures } from "../../simulator/diffraction/structures.ts";
import type { FrameTables } from "../../simulator/world/frame-world.ts";
import type { CommandContext } from "../command-context.ts";

export interface WorldData {
  readonly designs: ReadonlyMap<string, CellDesign>;
  readonly models: CellModels;
  readonly attenuation: WorldAttenuation;
}

type PackageText = Pick<CommandContext, "readPackageText">;

const CELL_FOLDER = "protocols/data/cells";

/** Reads the designs named, each once. */
export function loadWorldData(context: PackageText, designIds: Iterable<string>): WorldData {
  const readJson = jsonReader(context);
  const designs = new Map<string, CellDesign>();
  for (const id of new Set(designIds)) {
    const path = `${CELL_FOLDER}/${id}.json`;
    designs.set(id, parseCellDesign(readJson(path), path));
  }
  return {
    designs,
    models: parseCellModels(readJson(`${CELL_FOLDER}/models.json`), `${CELL_FOLDER}/models.json`),
    attenuation: parseWorldAttenuation(readJson("protocols/data/xray/mass_attenuation.json")),
  };
}

/** Whether a run looks into frames: control spots are compared by what they hold, and so are correction frames. */
export function areFramesLookedAt(campaign: Campaign, site: Pick<Site, "corrections">): boolean {
  return campaign.controls !== undefined || campaign.frameRules !== undefined || site.corrections !== undefined;
}

/** What frames and the beam's harm need beside that. */
export function loadFrameTables(context: PackageText): FrameTables {
  const readJson = jsonReader(context);
  const [structures, models] = [`${CELL_FOLDER}/structures.json`, `${CELL_FOLDER}/models.json`] as const;
  return {
    structures: parseStructures(readJson(structures), structures),
    response: parseResponseParameters(readJson(models), models),
  };
}

/** What the controller reads patterns with. */
export function loadLatticeTables(context: PackageText): LatticeTables {
  const structures = `${CELL_FOLDER}/structures.json`;
  return parseLatticeTables(jsonReader(context)(structures), structures);
}

function jsonReader(context: PackageText): (path: string) => unknown {
  return (path): unknown => {
    try {
      return JSON.parse(context.readPackageText(path));
    } catch (error) {
      if (error instanceof SyntaxError) throw new Fault("file.syntax", path, error.message, {}, error);
      throw error;
    }
  };
}
