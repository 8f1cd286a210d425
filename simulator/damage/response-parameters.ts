/** How much beam each active material bears: the placeholder model of `models.json`, beam.response. */
import { z } from "zod";
import { Fault } from "../../protocols/base/fault.ts";

const positive = z.number().positive();

const materialResponse = z.object({
  D50_Gy: positive,
  p: positive,
  kOn_per_Gy: z.number().min(0),
  tauOff_s: positive,
  tauEq_s: positive,
});

const schema = z.object({
  beam: z.object({
    response: z.object({
      parameters: z.object({
        nmc811: materialResponse,
        lno: materialResponse,
        lco: materialResponse,
        lfp: materialResponse,
        graphite: materialResponse,
      }),
    }),
  }),
});

export interface ResponseParameters {
  /** Dose at which half the material has gone silent for good. */
  readonly halfDoseGy: number;
  readonly power: number;
  /** Temporary blocking per dose. */
  readonly blockingPerGy: number;
  readonly recoveryS: number;
  /** How fast a lagging spot draws level with the cell. */
  readonly equilibrationS: number;
}

export type ResponsiveMaterial = "nmc811" | "lno" | "lco" | "lfp" | "graphite";

/** Reads `models.json`; throws Fault `file.schema` naming the path. */
export function parseResponseParameters(
  json: unknown,
  where = "cell models",
): Readonly<Record<ResponsiveMaterial, ResponseParameters>> {
  const result = schema.safeParse(json);
  if (!result.success) {
    const issues = result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new Fault("file.schema", where, issues.join("; "));
  }
  const { nmc811, lno, lco, lfp, graphite } = result.data.beam.response.parameters;
  const read = (row: z.infer<typeof materialResponse>): ResponseParameters => ({
    halfDoseGy: row.D50_Gy,
    power: row.p,
    blockingPerGy: row.kOn_per_Gy,
    recoveryS: row.tauOff_s,
    equilibrationS: row.tauEq_s,
  });
  return { nmc811: read(nmc811), lno: read(lno), lco: read(lco), lfp: read(lfp), graphite: read(graphite) };
}
