/** A table of the Battery Data Format as comma-separated text. Numbers are the shortest that read back the same. */
import type { ExportFile } from "../export-target.ts";
import type { BdfColumn } from "./bdf-columns.ts";

/** Text gathered before it is handed on. */
const TEXT_LENGTH = 1 << 18;

export interface BdfTableFile<Rows> {
  write(rows: Rows): void;
  close(): void;
}

export function createBdfCsv<Rows>(file: ExportFile, columns: readonly BdfColumn<Rows>[]): BdfTableFile<Rows> {
  file.write(Buffer.from(`${columns.map(({ label }) => label).join(",")}\n`));
  return {
    write(rows) {
      const values = columns.map((column) => column.values(rows));
      const count = values[0]?.length ?? 0;
      let text = "";
      for (let row = 0; row < count; row += 1) {
        for (let column = 0; column < values.length; column += 1) {
          const value = values[column]?.[row] ?? NaN;
          // An empty field is what the format has for a value that is not there.
          text += `${column === 0 ? "" : ","}${Number.isNaN(value) ? "" : String(value)}`;
        }
        text += "\n";
        if (text.length >= TEXT_LENGTH) {
          file.write(Buffer.from(text));
          text = "";
        }
      }
      if (text !== "") file.write(Buffer.from(text));
    },
    close() {
      file.close();
    },
  };
}
