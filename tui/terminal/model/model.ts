/** Everything a screen is drawn from, and what a key press may lead to. Pure data. */
import type { Background } from "../text/palette.ts";
import type { RackView } from "./rack-view.ts";
import type { Order, Question, ScreenState } from "./screen-state.ts";

export interface Model {
  readonly rack: RackView;
  readonly state: ScreenState;
  /** Of the terminal; one column and one row are left free. */
  readonly columns: number;
  readonly rows: number;
  /** Who sits here, as the broker knows them; null: nobody, who may only look. */
  readonly author: string | null;
  /** The day's time, milliseconds since 1970: for how long something has been silent. */
  readonly wallMs: number;
}

export type Effect =
  /** `reason` goes on record. */
  | { readonly kind: "send"; readonly order: Order; readonly reason: string }
  | { readonly kind: "background"; readonly background: Background }
  | { readonly kind: "quit" };

/** What one action comes to. */
export interface Outcome {
  readonly state?: Partial<ScreenState>;
  readonly ask?: Question;
  readonly effect?: Effect;
  /** Why nothing was done. */
  readonly refusal?: string;
}
