/** What people noted of cells, in the order in which they did. */
import type { ExportedCampaign, ExportedCell } from "../../controller/export/exported-campaign.ts";
import { isoTime } from "../../controller/export/file-names.ts";
import { isRecord } from "../../controller/record/ledger-row.ts";
import { parseJson } from "../../controller/record/record-header.ts";
import type { RecordReader } from "../../controller/record/record-reader.ts";
import type { Row } from "./data-tables.ts";

export function noteRows(
  record: Pick<RecordReader, "events">,
  { clock }: Pick<ExportedCampaign, "clock">,
  cells: readonly Pick<ExportedCell, "position">[],
): readonly Row[] {
  const positions = new Set<string>(cells.map(({ position }) => position));
  const rows: Row[] = [];
  for (const scanned of record.events()) {
    if (scanned.kind !== "row" || scanned.row.type !== "cell-noted") continue;
    const data = parseJson(scanned.row.dataText);
    if (!isRecord(data)) continue;
    const { position, author, text } = data;
    if (typeof position !== "string" || !positions.has(position)) continue;
    rows.push({
      ...{ position, at: isoTime(clock.startMs + scanned.row.atMs) },
      ...{ author: typeof author === "string" ? author : null, text: typeof text === "string" ? text : null },
    });
  }
  return rows;
}
