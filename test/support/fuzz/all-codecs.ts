/** Every codec that reads bytes from outside; a family adds its line here. */
import { CATS_FUZZ } from "./cats-fuzz.ts";
import { CODE_LINES_FUZZ } from "./code-lines-fuzz.ts";
import type { FuzzEntry } from "./fuzz-codec.ts";
import { DG645_FUZZ } from "./dg645-fuzz.ts";
import { GRBL_FUZZ } from "./grbl-fuzz.ts";
import { MODBUS_FUZZ } from "./modbus-fuzz.ts";
import { PANDABOX_FUZZ } from "./pandabox-fuzz.ts";
import { PICOAMMETER_FUZZ } from "./picoammeter-fuzz.ts";
import { SIMPLON_FUZZ } from "./simplon-fuzz.ts";
import { ZABER_FUZZ } from "./zaber-fuzz.ts";

export const ALL_CODECS: readonly FuzzEntry[] = [
  ...DG645_FUZZ,
  ...GRBL_FUZZ,
  ...MODBUS_FUZZ,
  ...PANDABOX_FUZZ,
  ...PICOAMMETER_FUZZ,
  ...SIMPLON_FUZZ,
  ...ZABER_FUZZ,
  ...CATS_FUZZ,
  ...CODE_LINES_FUZZ,
];
