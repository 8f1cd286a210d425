/** What a protocol of the library is built with for a cell: voltages that a manifest does not give are those of the chemistry. */
import { CHEMISTRIES, type ChemistryId } from "../campaign/chemistry.ts";
import { LIBRARY } from "../echem/library/library.ts";
import type { ManifestProtocol } from "./manifest.ts";

export function libraryParameters(
  { name, parameters }: Extract<ManifestProtocol, { readonly kind: "library" }>,
  chemistryId: ChemistryId,
): Readonly<Record<string, number>> {
  const entry = LIBRARY.find((known) => known.name === name);
  if (entry === undefined) return parameters;
  const { voltageMinV, voltageMaxV } = CHEMISTRIES[chemistryId];
  const [lower, upper] = entry.window;
  return { [lower]: voltageMinV, [upper]: voltageMaxV, ...parameters };
}
