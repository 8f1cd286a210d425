/** What the linked data of all forms have in common. */
import type { Json } from "../../protocols/base/canonical-json.ts";

export type Node = { readonly [key: string]: Json };

export const EMMO_CONTEXT = "https://w3id.org/emmo/domain/battery/context";

/** A JSON literal, which no reader of linked data drops, whatever its keys. */
export const BEAMRACK_TERM: Node = { "@id": "https://schema.org/additionalProperty", "@type": "@json" };

/** What the published context lacks: units by their prefixes, and `beamrack`. */
export const UNIT_TERMS: Node = {
  emmo: "https://w3id.org/emmo#",
  unit: "https://qudt.org/vocab/unit/",
  hasMeasurementUnit: {
    "@id": "https://w3id.org/emmo#EMMO_bed1d005_b04e_4a90_94cf_02bc678a8569",
    "@type": "@vocab",
  },
};

/** A quantity as EMMO has it. `type` is a term of the context, `unit` a QUDT unit. */
export function quantity(type: string, value: number, unit: string): Node {
  return {
    "@type": type,
    hasNumericalPart: { "@type": "RealData", hasNumberValue: value },
    hasMeasurementUnit: `unit:${unit}`,
  };
}
