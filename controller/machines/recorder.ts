/** How machines write to the event log. Recording never throws: a store that fails stops the campaign by its own path. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { EventType } from "../record/event-types.ts";

export interface Recorder {
  record(type: EventType, data: { readonly [key: string]: Json }): void;
}
