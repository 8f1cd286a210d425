/** Every codec that reads bytes from outside; a family adds its line here. */
import type { FuzzEntry } from "./fuzz-codec.ts";
import { GRBL_FUZZ } from "./grbl-fuzz.ts";

export const ALL_CODECS: readonly FuzzEntry[] = [...GRBL_FUZZ];
