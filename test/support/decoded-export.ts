/** Everything that an export says, decoded: texts and numbers of Parquet, HDF5, JSON and comma-separated files alike. */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";
import * as hdf5 from "h5wasm/node";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { filesIn } from "./exports.ts";

const compressors = { GZIP: (bytes: Uint8Array): Uint8Array => gunzipSync(bytes) };

export interface Decoded {
  /** Names of files, keys, columns and values, a line each. */
  readonly texts: ReadonlySet<string>;
  readonly numbers: ReadonlySet<number>;
}

/** What stands in an export, told piece by piece. */
export interface ExportSink {
  text(text: string): void;
  number(value: number): void;
}

export async function decodedExport(folder: string): Promise<Decoded> {
  const texts = new Set<string>();
  const numbers = new Set<number>();
  await visitExport(folder, { text: (text) => texts.add(text), number: (value) => numbers.add(value) });
  return { texts, numbers };
}

/** The same without keeping it: an export of a week has more numbers than fit into a set. */
export async function visitExport(folder: string, sink: ExportSink): Promise<void> {
  const texts = {
    add: (text: string): void => {
      sink.text(text);
    },
  };
  const numbers = {
    add: (value: number): void => {
      sink.number(value);
    },
  };

  function take(value: unknown): void {
    if (typeof value === "string") takeText(value);
    else if (typeof value === "number") numbers.add(value);
    else if (typeof value === "bigint") numbers.add(Number(value));
    else if (ArrayBuffer.isView(value) && !(value instanceof DataView))
      for (const one of value as never as Iterable<unknown>) take(one);
    else if (Array.isArray(value)) for (const one of value) take(one);
    else if (typeof value === "object" && value !== null)
      for (const [key, inner] of Object.entries(value)) {
        texts.add(key);
        take(inner);
      }
  }

  /** A text may be a document of its own: notes of HDF5, metadata of Parquet. */
  function takeText(text: string): void {
    texts.add(text);
    if (!/^\s*[[{]/.test(text)) return;
    try {
      take(JSON.parse(text));
    } catch {
      // Then it is a text that only begins like one.
    }
  }

  function takeHdf5(group: hdf5.Group): void {
    takeAttributes(group);
    for (const name of group.keys()) {
      texts.add(name);
      // What lies in another file is taken there.
      const elsewhere = externalLink(group, name);
      if (elsewhere !== null) {
        take(elsewhere);
        continue;
      }
      const found = group.get(name);
      if (found instanceof hdf5.Group) takeHdf5(found);
      else if (found instanceof hdf5.Dataset) {
        takeAttributes(found);
        take(found.value);
      }
    }
  }

  function takeAttributes({ attrs }: hdf5.Group | hdf5.Dataset): void {
    for (const [name, attribute] of Object.entries(attrs)) {
      texts.add(name);
      take(attribute.value);
    }
  }

  await hdf5.ready;
  for (const name of filesIn(folder).filter((one) => basename(one).includes("."))) {
    texts.add(name);
    const path = join(folder, name);
    if (/\.(nxs|h5)$/.test(name)) {
      const file = new hdf5.File(path, "r");
      takeHdf5(file);
      file.close();
      continue;
    }
    const bytes = readFileSync(path);
    if (name.endsWith(".parquet")) {
      const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
      for (const { key, value } of parquetMetadata(file).key_value_metadata ?? []) take({ [key]: value });
      for (const row of await parquetReadObjects({ file, compressors })) take(row);
      continue;
    }
    const text = bytes.toString("utf8");
    if (/\.jsonl$/.test(name)) for (const line of text.split("\n").filter((one) => one !== "")) take(JSON.parse(line));
    else if (/\.json(ld)?$/.test(name)) take(JSON.parse(text));
    else
      for (const field of text.split(/[,\n"]/)) {
        texts.add(field);
        if (field !== "" && Number.isFinite(Number(field))) numbers.add(Number(field));
      }
  }
}

function externalLink(group: hdf5.Group, name: string): readonly string[] | null {
  const link: Partial<{ filename: string; obj_path: string }> = group.get_external_link(`${group.path}/${name}`);
  return link.filename === undefined ? null : [link.filename, link.obj_path ?? ""];
}
