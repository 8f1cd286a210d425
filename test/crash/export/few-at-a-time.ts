/** A table for each cell of a record, three cells at a time, so that an export of a small rack has stages to lose. */
import { exportBdf } from "../../../controller/export/bdf/export-bdf.ts";
import { readCampaignRecord } from "../../../controller/export/read-campaign-record.ts";
import { openRecord } from "../../../controller/record/record-reader.ts";
import { createExportFolder } from "../../../tui/export/export-folder.ts";

export interface FewAtATime {
  readonly key?: string;
  /** Called as often as a block was gone through; told how many walks over the record have begun. */
  readonly onBlock?: (walks: number) => void;
}

/** Returns how many files were there already, and how many walks over the record were needed. */
export function exportFewAtATime(folder: string, out: string, options: FewAtATime = {}) {
  const target = createExportFolder(out, options.key ?? "a key");
  const opened = openRecord(folder);
  let walks = 0;
  const record = {
    frames() {
      walks += 1;
      return opened.frames();
    },
  };
  const campaign = readCampaignRecord(opened, null, folder);
  const attribution = { authors: [], license: null };
  const running = exportBdf(campaign, record, target, {
    ...{ softwareVersion: "9.9.9", attribution, forms: ["csv", "parquet"], cellsAtATime: 3 },
  });
  while (running.next().done !== true) options.onBlock?.(walks);
  target.finish();
  opened.close();
  return { kept: target.kept, walks };
}
