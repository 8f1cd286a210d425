/** Which cell a person means by what they typed. Pure. */
import { parseOccupant, positionIndex } from "../../../protocols/base/position.ts";
import type { Model } from "../model/model.ts";

/** By position, by the whole barcode, by a part of it; null without any. */
export function findCell({ rack }: Pick<Model, "rack">, typed: string): number | null {
  const wanted = typed.trim().toUpperCase();
  if (wanted === "") return null;
  const position = parseOccupant(wanted);
  if (position !== undefined) return positionIndex(position);
  const barcodes = rack.cells.map((cell) => cell?.cell.toUpperCase() ?? "");
  const whole = barcodes.indexOf(wanted);
  const part = whole >= 0 ? whole : barcodes.findIndex((barcode) => barcode.includes(wanted));
  return part < 0 ? null : part;
}
