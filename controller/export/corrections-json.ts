/** Frames of what is no cell, as exports tell of them. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { RecordedCorrection } from "../corrections/correction-events.ts";
import { parseImageEvidence } from "../frames/frame-event.ts";
import { numberOrNull, textOrNull } from "./event-fields.ts";
import type { ExportedCampaign, ExportedCorrection } from "./exported-campaign.ts";
import { isoTime } from "./file-names.ts";
import type { Field } from "./summaries/csv-table.ts";

export function exportedCorrection(one: RecordedCorrection): ExportedCorrection {
  const { id, kind, what, begunMs, exposureS, ended, judged } = one;
  const data = ended?.data ?? {};
  return {
    ...{ id, kind, what, begunMs, exposureS, outcome: ended?.outcome ?? "not-ended" },
    openS: numberOrNull(data["open_s"]),
    photons: numberOrNull(data["photons"]),
    fluxPhS: numberOrNull(data["i0_ph_s"]),
    fluxSource: textOrNull(data["flux_source"]),
    filterTransmission: numberOrNull(data["filter_transmission"]),
    transmittedA: numberOrNull(data["it_A"]),
    transmittedPhS: numberOrNull(data["it_ph_s"]),
    ringCurrentMa: numberOrNull(data["ring_current_mA"]),
    frame: textOrNull(data["frame"]),
    frameFile: null,
    frameRead: judged === null ? null : parseImageEvidence(judged),
    judged:
      judged === null
        ? null
        : {
            finding: textOrNull(judged["finding"]) ?? "",
            text: textOrNull(judged["text"]) ?? "",
            levelPerS: numberOrNull(judged["level_per_s"]),
            radiusOff: numberOrNull(judged["radius_off"]),
          },
  };
}

export function correctionsJson({ corrections, clock }: ExportedCampaign): readonly Json[] {
  return corrections.map(({ id, kind, what, begunMs, frame, frameFile, frameRead, judged, ...one }) => ({
    ...{ frame_id: id, kind, what, begun_at: isoTime(clock.startMs + begunMs), outcome: one.outcome },
    ...{ exposure_s: one.exposureS, open_s: one.openS, photons: one.photons, ring_current_mA: one.ringCurrentMa },
    ...{ i0_ph_s: one.fluxPhS, flux_source: one.fluxSource, filter_transmission: one.filterTransmission },
    ...{ it_A: one.transmittedA, it_ph_s: one.transmittedPhS },
    ...{ file: frame, found_as: frameFile?.name ?? null, bytes: frameFile?.bytes ?? null },
    ...{ sha256: frameFile?.sha256 ?? null, copied_as: frameFile?.copiedAs ?? null },
    ...{ read_sha256: frameRead?.sha256 ?? null, geometry_sha256: frameRead?.geometry?.sha256 ?? null },
    ...{ finding: judged?.finding ?? null, text: judged?.text ?? null },
    ...{ level_per_s: judged?.levelPerS ?? null, radius_off: judged?.radiusOff ?? null },
  }));
}

export const CORRECTION_COLUMNS = [
  ...["frame_id", "kind", "what", "begun_at", "outcome", "exposure_s", "open_s", "photons", "ring_current_mA"],
  ...["i0_ph_s", "flux_source", "filter_transmission", "it_A", "it_ph_s"],
  ...["frame", "frame_sha256", "read_sha256", "finding", "level_per_s", "radius_off"],
] as const;

export function* correctionRows({ corrections, clock }: ExportedCampaign): Generator<Field[]> {
  for (const one of corrections) {
    yield [
      ...[one.id, one.kind, one.what, isoTime(clock.startMs + one.begunMs), one.outcome, one.exposureS, one.openS],
      ...[one.photons, one.ringCurrentMa, one.fluxPhS, one.fluxSource, one.filterTransmission],
      ...[
        one.transmittedA,
        one.transmittedPhS,
        one.frame,
        one.frameFile?.sha256 ?? null,
        one.frameRead?.sha256 ?? null,
      ],
      ...[one.judged?.finding ?? null, one.judged?.levelPerS ?? null, one.judged?.radiusOff ?? null],
    ];
  }
}
