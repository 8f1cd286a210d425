/** What can be wrong with a channel's instrument while its cable is sound. */

export type InstrumentTrouble =
  /** Every command is answered with an error of the firmware; what runs runs on. */
  | { readonly how: "errors" }
  /** What runs ends with an error, once; the cell stays as it is. */
  | { readonly how: "fails" }
  /** Its clock runs fast by this share; slow where that is negative. */
  | { readonly how: "clock"; readonly share: number }
  /** Every other reading is taken in a range of current that is too small. */
  | { readonly how: "range-jumps" };
