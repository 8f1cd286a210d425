/** What is known of an access: whose it is, what a restart finds of it, and how it is given back. */

export interface OpenAccess {
  readonly author: string;
  readonly reason: string;
  /** With the whole rack. */
  readonly isWhole?: true;
}

/** After a restart. */
export interface LeftAccess extends OpenAccess {
  /** The cell was proven off, and the access given; otherwise it was asked for, and no more. */
  readonly isOpen: boolean;
  /** At rest, when the access was opened; null where it was not. */
  readonly openCircuitV: number | null;
  /** It was proven in its place again, and whoever had access has given it back: nothing of that was on record yet. */
  readonly isBack?: "again" | "first" | null;
  /** Positions whose cells were out at the same time. */
  readonly company: readonly string[];
}

/** How a place is given back. */
export interface GivenBack {
  /** Of the cell that lies there; left out where none was read. */
  readonly code?: string;
  /** The cell does not come back: nothing more is done there. */
  readonly isLeftOut?: true;
  /** Of one that is to come: it was not brought, and is to come still. */
  readonly isNotBrought?: true;
}

/** How it was. */
export interface Closed {
  readonly author: string;
  readonly reason: string;
  /** No dose of its lay elsewhere before. */
  readonly isFirst: boolean;
  readonly how: { readonly is_left_out: true } | { readonly code_read: "none" | "own" | "unknown" };
}
