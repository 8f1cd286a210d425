/** Tells the bus what a folder holds already, so that doses and last exposures are whole after a restart. */
import type { ControllerBus } from "../../controller/bus/controller-bus.ts";
import { openRecord } from "../../controller/record/record-reader.ts";
import { parseJson } from "../../controller/record/record-header.ts";

export function recallFolder(folder: string, bus: ControllerBus): void {
  const record = openRecord(folder);
  try {
    for (const scanned of record.events()) {
      if (scanned.kind === "damaged") continue;
      const { seq, atMs, type, dataText } = scanned.row;
      bus.recall({ seq, atMs, type, data: parseJson(dataText) ?? null });
    }
  } finally {
    record.close();
  }
}
