/** The frames of an export: which image of which file belongs to which exposure, with checksum and geometry. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { ExportedCampaign, ExportedExposure, FrameFile } from "./exported-campaign.ts";
import { isoTime } from "./file-names.ts";
import { detectorJson } from "./provenance.ts";
import { exposureMs } from "./told-dose.ts";

/** Of the image in its file, from 0: one frame to an exposure, one file to a frame. */
export const IMAGE_INDEX = 0;

/** In order of cells and booking. `found`: by exposure. */
export function withFrameFiles(campaign: ExportedCampaign, found: ReadonlyMap<string, FrameFile>): ExportedCampaign {
  const withFile = (one: ExportedExposure): ExportedExposure => ({
    ...one,
    frameFile: found.get(one.exposureId) ?? null,
  });
  return {
    ...campaign,
    cells: campaign.cells.map((cell) => ({ ...cell, exposures: cell.exposures.map(withFile) })),
  };
}

/** Null where no exposure has a frame. */
export function framesJson(campaign: ExportedCampaign): Json {
  const frames = campaign.cells.flatMap((cell) =>
    cell.exposures.flatMap((one) =>
      one.frame === null
        ? []
        : [
            {
              exposure: one.exposureId,
              position: cell.position,
              barcode: cell.barcode,
              opened_at: isoTime(campaign.clock.startMs + exposureMs(one)),
              open_s: one.openTimeS,
              spot: { index: one.spotIndex, x_mm: one.spotXMm, y_mm: one.spotYMm },
              file: one.frame,
              image_index: IMAGE_INDEX,
              found_as: one.frameFile?.name ?? null,
              bytes: one.frameFile?.bytes ?? null,
              sha256: one.frameFile?.sha256 ?? null,
              copied_as: one.frameFile?.copiedAs ?? null,
            },
          ],
    ),
  );
  return frames.length === 0 ? null : { detector: detectorJson(campaign), frames };
}
