/** The frames of an export: which image of which file belongs to which exposure, with checksum and geometry. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { ExportedCampaign, ExportedExposure, FrameFile } from "./exported-campaign.ts";
import { correctionsJson } from "./corrections-json.ts";
import { isoTime } from "./file-names.ts";
import { detectorJson } from "./provenance.ts";
import { exposureMs } from "./told-dose.ts";

/** Of the image in its file, from 0: one frame to an exposure, one file to a frame. */
export const IMAGE_INDEX = 0;

/** What was done to counts, and by what they can be made comparable. */
export const NORMALISATION =
  "none: images and patterns hold counts as they were counted. I0 (photons/s at the sample before filters, mean of the open time) times filter transmission times open time is the number of photons that met the cell; ring current stands beside it as a second witness. It (the diode behind the rack, mean while the shutter was open) over I0 times filter transmission is the transmission of the cell";

/** Of the cell: It over what met it. Null where either is not known. */
export function transmissionOf({
  transmittedPhS,
  i0PhS,
  filterTransmission,
}: Pick<ExportedExposure, "transmittedPhS" | "i0PhS" | "filterTransmission">): number | null {
  const metPhS = i0PhS * filterTransmission;
  return transmittedPhS === null || !(metPhS > 0) ? null : transmittedPhS / metPhS;
}

/** In order of cells and booking. `found`: by exposure. */
export function withFrameFiles(campaign: ExportedCampaign, found: ReadonlyMap<string, FrameFile>): ExportedCampaign {
  const withFile = (one: ExportedExposure): ExportedExposure => ({
    ...one,
    frameFile: found.get(one.exposureId) ?? null,
  });
  return {
    ...campaign,
    corrections: campaign.corrections.map((one) => ({ ...one, frameFile: found.get(one.id) ?? null })),
    cells: campaign.cells.map((cell) => ({ ...cell, exposures: cell.exposures.map(withFile) })),
  };
}

/** Null where there are no frames. */
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
              image_index: one.frameRead?.imageIndex ?? IMAGE_INDEX,
              found_as: one.frameFile?.name ?? null,
              bytes: one.frameFile?.bytes ?? null,
              sha256: one.frameFile?.sha256 ?? null,
              copied_as: one.frameFile?.copiedAs ?? null,
              read: readJson(one),
              monitor: {
                i0_ph_s: one.i0PhS,
                i0_source: one.i0Source,
                ring_current_mA: one.ringCurrentMa,
                it_A: one.transmittedA,
                it_ph_s: one.transmittedPhS,
                transmission: transmissionOf(one),
                filter_transmission: one.filterTransmission,
              },
            },
          ],
    ),
  );
  const { corrections } = campaign;
  if (frames.length === 0 && corrections.length === 0) return null;
  return {
    ...{ detector: detectorJson(campaign), normalisation: NORMALISATION, frames },
    ...(corrections.length === 0 ? {} : { corrections: correctionsJson(campaign) }),
  };
}

/** The image as it was when its first pattern was made, and what of. `unchanged`: null where no file was looked for. */
function readJson({ frameRead, frameFile }: ExportedExposure): Json {
  if (frameRead === null) return null;
  return {
    bytes: frameRead.bytes,
    sha256: frameRead.sha256,
    unchanged: frameFile === null ? null : frameFile.sha256 === frameRead.sha256,
    geometry: frameRead.geometry === null ? null : { file: frameRead.geometry.file, sha256: frameRead.geometry.sha256 },
    corrections: frameRead.corrections,
  };
}
