/** The section `alignment` of `site.yaml`, and what must hold between it and the rest of the site. */
import * as z from "zod";
import { strictObject } from "../input/section.ts";
import { instrumentName as name } from "./by-driver.ts";
import type { SiteAlignment } from "./alignment.ts";
import type { Refuse } from "./check-site.ts";
import { bringsCells } from "./site-lookup.ts";
import type { Site, SiteFilter } from "./site.ts";

const positive = z.number().positive();

export const alignmentSchema = strictObject({
  diode: name,
  filters: z.array(z.string().min(1)).default([]),
  fiducials: z
    .array(strictObject({ name, x_mm: z.number(), y_mm: z.number(), side_mm: z.number().min(3).max(20) }))
    .min(2)
    .max(12),
  reach_mm: z.number().min(0.5).max(12).default(3.5),
  rotation_max_deg: z.number().min(0.1).max(3).default(1.5),
  cell_edge: strictObject({
    diameter_mm: z.number().min(1).max(20),
    inside: z.enum(["brighter", "darker"]),
    off_centre_max_mm: z.number().min(0.05).max(2).default(0.6),
  }),
  saturated_from: positive.exactOptional(),
  diode_silicon_mm: positive.max(5).exactOptional(),
});

/** Filters as the site lists them; undefined names are refused by `checkAlignment`. */
export function alignmentOf(section: z.output<typeof alignmentSchema>, filters: readonly SiteFilter[]): SiteAlignment {
  return {
    diode: section.diode,
    filtersIn: filters.map((filter) => section.filters.includes(filter.name)),
    fiducials: section.fiducials.map((fiducial) => ({
      name: fiducial.name,
      xMm: fiducial.x_mm,
      yMm: fiducial.y_mm,
      sideMm: fiducial.side_mm,
    })),
    reachMm: section.reach_mm,
    rotationMaxDeg: section.rotation_max_deg,
    cellEdge: {
      diameterMm: section.cell_edge.diameter_mm,
      inside: section.cell_edge.inside,
      offCentreMaxMm: section.cell_edge.off_centre_max_mm,
    },
    saturatedFrom: section.saturated_from ?? null,
    ...(section.diode_silicon_mm === undefined ? {} : { diodeSiliconMm: section.diode_silicon_mm }),
  };
}

/** What lets enough of a turned rack be found: the first two openings tell it. */
const LEAST_APART_MM = 50;

export function checkAlignment(site: Site, named: readonly string[], refuse: Refuse): void {
  const { alignment, stage, rack } = site;
  if (alignment === undefined) return;
  const diode = site.sensors?.find(({ name: own }) => own === alignment.diode);
  if (diode?.quantity !== "diode") {
    const what = diode === undefined ? "is no sensor with a cable of its own" : `gives ${diode.quantity}`;
    refuse(
      ["alignment", "diode"],
      "site.alignment",
      `${alignment.diode} ${what}`,
      "Name a sensor under `sensors` whose quantity is diode; it stands behind the rack.",
    );
  }
  named.forEach((filter, index) => {
    if (site.filters.some((known) => known.name === filter)) return;
    const known = site.filters.map((one) => one.name).join(", ");
    refuse(["alignment", "filters", index], "site.alignment", `no filter ${filter}`, `The site has ${known}.`);
  });
  if (bringsCells(site)) {
    refuse(
      ["alignment"],
      "site.alignment",
      "a rack to align, where a robot brings each cell to the beam",
      "Leave it out: the robot puts every cell into one holder.",
    );
  }
  const names = new Set<string>();
  const [first] = alignment.fiducials;
  alignment.fiducials.forEach((fiducial, index) => {
    const path = ["alignment", "fiducials", index] as const;
    if (names.has(fiducial.name)) {
      refuse(path, "site.alignment", `two openings named ${fiducial.name}`, "Give each a name of its own.");
    }
    names.add(fiducial.name);
    const [x, y] = [rack.originXMm + fiducial.xMm, rack.originYMm + fiducial.yMm];
    const room = alignment.reachMm + fiducial.sideMm / 2;
    if (!(x >= room && x <= stage.travelXMm - room && y >= room && y <= stage.travelYMm - room)) {
      refuse(
        path,
        "site.alignment",
        `${fiducial.name} lies at ${x}, ${y} mm, and the stage cannot search ${room} mm about it`,
        "Choose an opening further from the ends of travel.",
      );
    }
    const apart = first === undefined ? Infinity : Math.hypot(fiducial.xMm - first.xMm, fiducial.yMm - first.yMm);
    if (index === 1 && apart < LEAST_APART_MM) {
      refuse(
        path,
        "site.alignment",
        `${fiducial.name} lies ${apart.toFixed(1)} mm from the first opening`,
        `List second one that is at least ${LEAST_APART_MM} mm away: these two tell how the rack is turned.`,
      );
    }
  });
}
