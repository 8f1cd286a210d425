/** Every codec that reads bytes from outside; a family adds its line here. */
import { CAMSERVER_FUZZ } from "./camserver-fuzz.ts";
import { CATS_FUZZ } from "./cats-fuzz.ts";
import { CODE_LINES_FUZZ } from "./code-lines-fuzz.ts";
import type { FuzzEntry } from "./fuzz-codec.ts";
import { DG645_FUZZ } from "./dg645-fuzz.ts";
import { GRBL_FUZZ } from "./grbl-fuzz.ts";
import { INTEGRATOR_FUZZ } from "./integrator-fuzz.ts";
import { KEITHLEY_SMU_FUZZ } from "./keithley-smu-fuzz.ts";
import { LAKESHORE_FUZZ } from "./lakeshore-fuzz.ts";
import { METHODSCRIPT_FUZZ } from "./methodscript-fuzz.ts";
import { MODBUS_FUZZ } from "./modbus-fuzz.ts";
import { MQTT_FUZZ } from "./mqtt-fuzz.ts";
import { NEWARE_FUZZ } from "./neware-fuzz.ts";
import { PANDABOX_FUZZ } from "./pandabox-fuzz.ts";
import { PICOAMMETER_FUZZ } from "./picoammeter-fuzz.ts";
import { REGISTERS_FUZZ } from "./registers-fuzz.ts";
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
  ...CAMSERVER_FUZZ,
  ...INTEGRATOR_FUZZ,
  ...KEITHLEY_SMU_FUZZ,
  ...LAKESHORE_FUZZ,
  ...METHODSCRIPT_FUZZ,
  ...MQTT_FUZZ,
  ...NEWARE_FUZZ,
  ...REGISTERS_FUZZ,
];
