/** Names of files that every system takes. */
import type { ExportedCampaign, ExportedCell } from "./exported-campaign.ts";

const LENGTH_MAX = 60;

/** Letters, digits, dots, dashes and single underscores; never empty, never hidden. */
export function plainName(text: string): string {
  const plain = text
    .normalize("NFKD")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replaceAll(/_{2,}/g, "_")
    .replaceAll(/^[-._]+|[-._]+$/g, "")
    .slice(0, LENGTH_MAX);
  return plain === "" ? "unnamed" : plain;
}

/** Of an export's own file, which stands beside those of cells. */
export const MASTER_NAME = "campaign";

/**
 * Unlike for all cells, and for what stands beside them: the barcode, with the position where two would be alike. Case
 * counts for nothing on some disks.
 */
export function cellNames(cells: readonly ExportedCell[]): ReadonlyMap<string, string> {
  const nameOf = (cell: ExportedCell): string => (cell.barcode === "" ? cell.position : plainName(cell.barcode));
  const counts = new Map<string, number>([[MASTER_NAME, 1]]);
  for (const cell of cells) {
    const key = nameOf(cell).toLowerCase();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  function withPlace(name: string, position: string): string {
    const longer = `${name}-${position}`;
    return counts.has(longer.toLowerCase()) ? withPlace(longer, position) : longer;
  }
  return new Map(
    cells.map((cell) => {
      const name = nameOf(cell);
      return [cell.position, counts.get(name.toLowerCase()) === 1 ? name : withPlace(name, cell.position)];
    }),
  );
}

/** `Site__Cell__YYYYMMDD_001`, as the Battery Data Format names its files. */
export function bdfFileStem(campaign: ExportedCampaign, cellName: string): string {
  const day = isoTime(campaign.clock.startMs).slice(0, 10).replaceAll("-", "");
  return `${plainName(campaign.siteName)}__${cellName}__${day}_001`;
}

/** ISO 8601 in UTC, to the millisecond. */
export function isoTime(unixMs: number): string {
  return new Date(unixMs).toISOString();
}
