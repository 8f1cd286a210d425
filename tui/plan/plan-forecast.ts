/** What a planned campaign would come to, by group, and what would be if something were otherwise. Pure but for its inputs. */
import { plannedBeam } from "../../controller/schedule/planned-beam.ts";
import type { CampaignCheck } from "../../protocols/campaign/check-campaign.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { filterTransmission } from "../../protocols/dose/filters.ts";
import type { AttenuationTables } from "../../protocols/dose/attenuation.ts";
import type { Site } from "../../protocols/site/site.ts";

export interface GroupForecast {
  readonly group: string;
  readonly cells: number;
  /** As its wishes and the forecast of its protocols have it, at the most where that is not foretold; null where nobody can say. */
  readonly exposures: number | null;
  /** Hours of the beam for them, ways of the stage among them. */
  readonly beamH: number | null;
  /** Of all groups' beam. */
  readonly beamShare: number | null;
  /** As the campaign shares the beam out; null where it does not. */
  readonly plannedShare: number | null;
  /** Nominal dose of the hottest spot at the end against the limit, of the cell that comes nearest, at the most. */
  readonly doseFraction: number | null;
  /** Hours from the begin to the end of its last cell, as forecast. */
  readonly endH: number | null;
}

export interface Alternative {
  readonly what: string;
  readonly beamH: number | null;
  /** Of the time that the campaign lasts. */
  readonly busyShare: number | null;
  readonly doseFraction: number | null;
}

/** A neighbour's distance with the slower of start and stop, seconds. */
export function hopS({ rack, stage }: Pick<Site, "rack" | "stage">): number {
  const { speedMmS, accelerationMmS2 } = stage;
  const rampMm = speedMmS ** 2 / accelerationMmS2;
  return rack.pitchMm >= rampMm
    ? rack.pitchMm / speedMmS + speedMmS / accelerationMmS2
    : 2 * Math.sqrt(rack.pitchMm / accelerationMmS2);
}

export function forecastGroups(campaign: Campaign, site: Site, { forecast }: CampaignCheck): readonly GroupForecast[] {
  const groups = [...new Set(campaign.cells.map(({ group }) => group))];
  const triggers = forecast.triggers ?? [];
  const wayS = hopS(site);
  const planned = plannedBeam(campaign, site, forecast.protocols);
  const rows = groups.map((group) => {
    const cells = campaign.cells.filter((cell) => cell.group === group);
    const foretold =
      planned === undefined
        ? undefined
        : campaign.cells.flatMap((cell, index) => (cell.group === group ? (planned.get(index) ?? []) : []));
    const held = new Set<string>(cells.map(({ position }) => position));
    const own = triggers.filter(({ positions }) => positions.some((position) => held.has(position)));
    const most = sumOf(own.map((trigger) => trigger.exposures));
    const shutS = sumOf(own.map((trigger) => trigger.beamS));
    const mostS = shutS === null || most === null ? null : shutS + most * wayS;
    const beamS = foretold === undefined ? mostS : foretold.reduce((sum, one) => sum + one.beamS, 0);
    const fractions = own
      .flatMap(({ dose }) => dose)
      .flatMap(({ limits }) => limits)
      .flatMap(({ totalGy, limitGy }) => (totalGy === null || limitGy === null ? [] : [totalGy / limitGy]));
    const names = new Set(cells.map(({ protocol }) => protocol.name));
    const ends = forecast.protocols.filter(({ name }) => names.has(name)).map(({ durationS }) => durationS / 3600);
    return {
      group,
      cells: cells.length,
      exposures: foretold === undefined ? most : foretold.reduce((sum, one) => sum + one.exposures, 0),
      beamH: beamS === null ? null : beamS / 3600,
      plannedShare: campaign.shares?.find((share) => share.group === group)?.beamTime ?? null,
      doseFraction: fractions.length === 0 ? null : Math.max(...fractions),
      endH: ends.length === 0 ? null : Math.max(...ends),
    };
  });
  const allH = sumOf(rows.map(({ beamH }) => beamH));
  return rows.map((row) => ({
    ...row,
    beamShare: allH === null || row.beamH === null || allH === 0 ? null : row.beamH / allH,
  }));
}

/** Another exposure time, another filter, a group less: each against the plan as it is. */
export function alternatives(
  campaign: Campaign,
  site: Site,
  groups: readonly GroupForecast[],
  tables: AttenuationTables,
): readonly Alternative[] {
  const [preset] = campaign.presets;
  const totalH = campaign.durationS === null ? null : campaign.durationS / 3600;
  const exposures = sumOf(groups.map((group) => group.exposures));
  const beamH = sumOf(groups.map((group) => group.beamH));
  const fractions = groups.flatMap(({ doseFraction }) => (doseFraction === null ? [] : [doseFraction]));
  const doseFraction = fractions.length === 0 ? null : Math.max(...fractions);
  const row = (what: string, hours: number | null, dose: number | null): Alternative => ({
    what,
    beamH: hours,
    busyShare: hours === null || totalH === null ? null : hours / totalH,
    doseFraction: dose,
  });
  const planned = row("as planned", beamH, doseFraction);
  if (preset === undefined || beamH === null || exposures === null) return [planned];
  const times = [0.5, 2].map((factor) => {
    const exposureS = preset.exposureS * factor;
    const hours = beamH + (exposures * (exposureS - preset.exposureS)) / 3600;
    return row(`${exposureS} s for each exposure`, hours, doseFraction === null ? null : doseFraction * factor);
  });
  const transmission = (names: readonly string[]): number =>
    filterTransmission(
      tables,
      site.filters.filter(({ name }) => names.includes(name)),
      site.beam.energyKeV,
    );
  const now = transmission(preset.filters);
  const filters = [[], ...site.filters.map(({ name }) => [name])]
    .filter((names) => names.join() !== preset.filters.join())
    .map((names) => {
      const factor = transmission(names) / now;
      const what = names.length === 0 ? "no filter" : `filter ${names.join(", ")}`;
      return row(what, beamH, doseFraction === null ? null : doseFraction * factor);
    });
  const without =
    groups.length < 2
      ? []
      : groups.map((group) => {
          const others = groups.filter((one) => one !== group);
          const dose = others.flatMap((one) => (one.doseFraction === null ? [] : [one.doseFraction]));
          return row(
            `without ${group.group}`,
            beamH - (group.beamH ?? 0),
            dose.length === 0 ? null : Math.max(...dose),
          );
        });
  return [planned, ...times, ...filters, ...without];
}

function sumOf(values: readonly (number | null)[]): number | null {
  let sum = 0;
  for (const value of values) {
    if (value === null) return null;
    sum += value;
  }
  return sum;
}
