/** How long the computer is up, which nobody sets as its clock is set, and which of its starts that counts from. */
export interface BootTime {
  readonly bootId: string;
  readonly upS: number;
}
