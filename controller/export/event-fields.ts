/** Fields of an event's data, as they are read back: nothing is believed. */
import type { Json } from "../../protocols/base/canonical-json.ts";

export type EventData = Readonly<Record<string, Json>>;

export function numberOrNull(value: Json | undefined): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export function textOrNull(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}
