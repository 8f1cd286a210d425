/** A table of the Battery Data Format as Parquet: a row group for each chunk of rows, so that memory is bounded. */
import { constants, gzipSync } from "node:zlib";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import type { ExportFile } from "../export-target.ts";
import type { BdfColumn } from "./bdf-columns.ts";
import type { BdfTableFile } from "./bdf-csv.ts";

const BUFFER_BYTES = 1 << 16;

/** `metadata` goes into the file as key-value pairs; asked for when it is closed. */
export function createBdfParquet<Rows>(
  file: ExportFile,
  columns: readonly BdfColumn<Rows>[],
  metadata: () => Readonly<Record<string, string>>,
): BdfTableFile<Rows> {
  const writer = new ByteWriter(BUFFER_BYTES);
  const handOn = (): void => {
    file.write(writer.getBytes());
    writer.index = 0;
  };
  writer.finish = handOn;
  /** Written behind the rows, as it stands then. */
  const kvMetadata: { readonly key: string; readonly value: string }[] = [];
  const parquet = new ParquetWriter({
    writer: Object.assign(writer, { flush: handOn }),
    schema: [
      { name: "root", num_children: columns.length },
      ...columns.map(({ label, kind }) => ({
        name: label,
        type: kind === "real" ? ("DOUBLE" as const) : ("INT32" as const),
        repetition_type: "REQUIRED" as const,
      })),
    ],
    // Lowest and highest of each chunk: a seventh of the time, for tables that are read whole.
    statistics: false,
    codec: "GZIP",
    compressors: { GZIP: (bytes) => gzipSync(bytes, { level: constants.Z_BEST_SPEED }) },
    kvMetadata,
    createdBy: "beamrack",
  });
  return {
    write(rows) {
      const columnData = columns.map((column) => {
        const data = column.values(rows);
        // Counts repeat, and are left to the dictionary.
        return { name: column.label, data, ...(column.kind === "real" ? { encoding: "PLAIN" as const } : {}) };
      });
      const rowGroupSize = Math.max(1, columnData[0]?.data.length ?? 1);
      void parquet.write({ columnData, rowGroupSize });
    },
    close() {
      for (const [key, value] of Object.entries(metadata())) kvMetadata.push({ key, value });
      void parquet.finish();
      file.close();
    },
  };
}
