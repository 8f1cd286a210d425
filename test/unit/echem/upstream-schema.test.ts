import { describe, expect, it } from "vitest";
import {
  recordSchema,
  safetySchema,
  sampleSchema,
  STEP_NAMES,
  stepSchema,
} from "../../../protocols/echem/protocol-schema.ts";
import { repositoryText } from "../../support/campaign-files.ts";

interface Upstream {
  readonly $defs: Readonly<
    Record<string, { readonly properties: Readonly<Record<string, { readonly const?: string }>> }>
  >;
}

const upstream = JSON.parse(repositoryText("protocols/data/unicycler/unicycler-0.4.6.schema.json")) as Upstream;

function fieldsOf(name: string): readonly string[] {
  return Object.keys(upstream.$defs[name]?.properties ?? {}).sort();
}

describe("the fields of a protocol file", () => {
  it("are those of the published schema, technique by technique", () => {
    const techniques = Object.entries(upstream.$defs).filter(([, def]) => def.properties["step"] !== undefined);
    expect(techniques.map(([, def]) => def.properties["step"]?.const).sort()).toEqual([...STEP_NAMES].sort());
    for (const [name, def] of techniques) {
      const own = stepSchema.options.find((option) => option.shape.step.value === def.properties["step"]?.const);
      expect(Object.keys(own?.shape ?? {}).sort(), name).toEqual(fieldsOf(name));
    }
  });

  it("are those of the published schema for sample, record and safety", () => {
    expect(Object.keys(sampleSchema.shape).sort()).toEqual(fieldsOf("SampleParams"));
    expect(Object.keys(recordSchema.shape).sort()).toEqual(fieldsOf("RecordParams"));
    expect(Object.keys(safetySchema.shape).sort()).toEqual(fieldsOf("SafetyParams"));
  });
});
