/** A shipment manifest: a box of cells from one group, with what is wanted of each. Plain JSON values only. */
import type { ChemistryId } from "../campaign/chemistry.ts";

export const MANIFEST_VERSION = 1;
/** Of one manifest. */
export const CELLS_MAX = 960;

export const CASES = ["R2032", "R2025", "R2016"] as const;
export type CellCase = (typeof CASES)[number];

/** What those who handle a cell must know. `none` stands alone. */
export const HAZARDS = [
  "none",
  "flammable_electrolyte",
  "toxic_electrolyte",
  "lithium_metal",
  "sodium_metal",
  "may_leak",
  "may_swell",
  "may_short",
] as const;
export type Hazard = (typeof HAZARDS)[number];
/** A cell with one of these is kept away from others like it. */
export const HAZARDS_TO_NEIGHBOURS: readonly Hazard[] = ["may_leak", "may_swell", "may_short"];

/** Cells that are exposed rarely are those that wish for it rarely. */
export const MANIFEST_ROLES = ["exposed", "dark-control"] as const;

/** 1 comes first. */
export type Priority = 1 | 2 | 3;

/** An exposure that the group wishes for. */
export type WishedTrigger =
  | { readonly kind: "every"; readonly everyMin: number }
  | { readonly kind: "state-of-charge"; readonly step: number }
  | { readonly kind: "rest-end" }
  | { readonly kind: "step-edge" }
  | { readonly kind: "cycle" };

export type ManifestProtocol =
  | { readonly kind: "library"; readonly name: string; readonly parameters: Readonly<Record<string, number>> }
  /** A file of its own, sent along beside the manifest. */
  | { readonly kind: "file"; readonly path: string };

export interface ManifestCell {
  readonly barcode: string;
  readonly chemistry: ChemistryId;
  readonly case: CellCase;
  readonly positiveActiveMassMg: number;
  readonly negativeActiveMassMg: number;
  readonly positiveAreaCm2: number;
  readonly negativeAreaCm2: number;
  readonly electrolyte: string;
  readonly electrolyteUl: number | null;
  readonly nominalCapacityMah: number;
  readonly voltageMinV: number;
  readonly voltageMaxV: number;
  /** Largest current either way. */
  readonly currentMaxMa: number;
  readonly temperatureMinC: number | null;
  readonly temperatureMaxC: number | null;
  /** Surface of the positive electrode, of one spot; null for a cell that is never exposed. */
  readonly doseLimitGy: number | null;
  readonly hazards: readonly Hazard[];
  readonly protocol: ManifestProtocol;
  readonly triggers: readonly WishedTrigger[];
  readonly priority: Priority;
  readonly role: (typeof MANIFEST_ROLES)[number];
  /** As it was before it was sent; null where it was not measured. */
  readonly openCircuitV: number | null;
  readonly impedanceOhm: number | null;
  /** Day of both, milliseconds of UTC. */
  readonly measuredMs: number | null;
  readonly note: string | null;
  /** Where it stands in the file, for whoever finds fault with it later. */
  readonly where: string;
}

export interface Manifest {
  readonly fileName: string;
  readonly proposal: string;
  readonly group: string;
  readonly contactName: string;
  readonly contactEmail: string;
  /** The box. */
  readonly shipment: string;
  /** Nothing of it is shown to others before; milliseconds of UTC. */
  readonly embargoUntilMs: number | null;
  readonly after: "return" | "dispose";
  readonly returnAddress: string | null;
  /** Its dark controls may serve other groups too. */
  readonly sharesDarkControls: boolean;
  readonly note: string | null;
  readonly cells: readonly ManifestCell[];
}
