/** Small words for writing NeXus: groups with their class, fields with their units, columns that grow. */
import type { Dataset, Group } from "h5wasm/node";

/** One block of rows of a column that grows; compressed as a whole. */
export const CHUNK_ROWS = 16_384;
const GZIP_LEVEL = 1;

export function nexusGroup(parent: Group, name: string, nexusClass: string): Group {
  const made = parent.create_group(name);
  made.create_attribute("NX_class", nexusClass);
  return made;
}

export function textField(parent: Group, name: string, value: string): Dataset {
  return parent.create_dataset({ name, data: value });
}

export function textFields(parent: Group, name: string, values: readonly string[]): Dataset {
  return parent.create_dataset({ name, data: [...values] });
}

export function numberField(parent: Group, name: string, value: number, units?: string): Dataset {
  return withUnits(parent.create_dataset({ name, data: value, dtype: "<d" }), units);
}

export function wholeField(parent: Group, name: string, value: number): Dataset {
  return parent.create_dataset({ name, data: value, dtype: "<i" });
}

export function numberFields(parent: Group, name: string, values: ArrayLike<number>, units?: string): Dataset {
  return withUnits(parent.create_dataset({ name, data: Float64Array.from(values), dtype: "<d" }), units);
}

/** Row after row of `width` values. */
export function tableField(parent: Group, name: string, values: Float64Array, width: number, units: string): Dataset {
  const shape = [values.length / Math.max(1, width), width];
  return withUnits(parent.create_dataset({ name, data: values, shape, dtype: "<d" }), units);
}

/** JSON as bytes with its type, as a note wants it. */
export function jsonNote(parent: Group, name: string, description: string, value: unknown): void {
  const note = nexusGroup(parent, name, "NXnote");
  textField(note, "type", "application/json");
  textField(note, "description", description);
  note.create_dataset({ name: "data", data: new Uint8Array(Buffer.from(JSON.stringify(value))) });
}

export function plotOf(group: Group, signal: string, axis: string): void {
  group.create_attribute("signal", signal);
  group.create_attribute("axes", [axis]);
  group.create_attribute(`${axis}_indices`, 0, null, "<i");
}

export interface GrowingColumn {
  append(values: Float64Array | Int32Array): void;
}

export function growingColumn(parent: Group, name: string, kind: "real" | "whole", units: string): GrowingColumn {
  const dataset = parent.create_dataset({
    name,
    data: kind === "real" ? new Float64Array(0) : new Int32Array(0),
    dtype: kind === "real" ? "<d" : "<i",
    shape: [0],
    maxshape: [null],
    chunks: [CHUNK_ROWS],
    compression: "gzip",
    compression_opts: GZIP_LEVEL,
  });
  withUnits(dataset, units);
  let rows = 0;
  return {
    append(values) {
      const from = rows;
      rows += values.length;
      dataset.resize([rows]);
      dataset.write_slice([[from, rows]], values);
    },
  };
}

function withUnits(dataset: Dataset, units: string | undefined): Dataset {
  if (units !== undefined && units !== "") dataset.create_attribute("units", units);
  return dataset;
}
