/** What can be wrong with a cable that is there. */

export type LinkAilment =
  /** Everything takes so much longer, either way, in order. */
  | { readonly how: "late"; readonly lateMs: number }
  /** One message in a few is lost, either way. */
  | { readonly how: "drops" }
  /** One in a few comes to the host twice. */
  | { readonly how: "doubles" }
  /** Instead of one in a few the one before it comes once more: a wrong answer, well formed. */
  | { readonly how: "repeats" }
  /** Half open: the device hears nothing, and what it says arrives. */
  | { readonly how: "deaf" }
  /** Half open: the device hears everything, and what it says is lost. */
  | { readonly how: "mute" };

/** Of so many messages one is lost, doubled or replaced. */
export const EVERY_AILING = 4;
