/** The MethodSCRIPT devices by their six-letter type code, and what each can do for a coin cell. */

export interface DeviceModel {
  /** As the `t` command reports it. */
  readonly typeCode: string;
  readonly product: string;
  readonly voltageRangeV: { readonly min: number; readonly max: number };
  readonly currentMaxA: number;
  readonly hasGalvanostat: boolean;
  readonly impedance: ImpedanceRange | null;
}

export interface ImpedanceRange {
  readonly frequencyMinHz: number;
  readonly frequencyMaxHz: number;
  /** Of a sine of current. */
  readonly currentFrequencyMaxHz: number;
  /** Effective value. */
  readonly amplitudeMaxVrms: number;
}

function model(
  typeCode: string,
  product: string,
  min: number,
  max: number,
  currentMaxA: number,
  impedance: ImpedanceRange | null,
  galvanostat = true,
): DeviceModel {
  return { typeCode, product, voltageRangeV: { min, max }, currentMaxA, hasGalvanostat: galvanostat, impedance };
}

/** The lowest frequency is the language's; the others are the vendor's figures as quoted by independent drivers. */
const EMSTAT4_IMPEDANCE: ImpedanceRange = {
  frequencyMinHz: 1e-5,
  frequencyMaxHz: 200e3,
  currentFrequencyMaxHz: 200e3,
  amplitudeMaxVrms: 0.9,
};
const NEXUS_IMPEDANCE: ImpedanceRange = { ...EMSTAT4_IMPEDANCE, frequencyMaxHz: 1e6, amplitudeMaxVrms: 0.3 };

/** Ranges from the vendor's product pages as quoted by independent drivers. */
export const EMSTAT4_HR: DeviceModel = model("es4_hr", "EmStat4 HR", -6, 6, 0.2, EMSTAT4_IMPEDANCE);

const MODELS: readonly DeviceModel[] = [
  EMSTAT4_HR,
  model("mes4hr", "MultiEmStat4 HR", -6, 6, 0.2, EMSTAT4_IMPEDANCE),
  model("es4_lr", "EmStat4 LR", -3, 3, 0.03, EMSTAT4_IMPEDANCE),
  model("mes4lr", "MultiEmStat4 LR", -3, 3, 0.03, EMSTAT4_IMPEDANCE),
  model("nexus1", "Nexus", -10, 10, 1, NEXUS_IMPEDANCE),
  model("espico", "EmStat Pico", -1.7, 2, 0.003, null, false),
  model("senswb", "Sensit Wearable", -1.7, 2, 0.003, null, false),
];

/** First numbers of the firmware whose protocol and script language are known. */
export const FIRMWARE_MAJORS: readonly number[] = [1];

export function deviceModel(typeCode: string): DeviceModel | undefined {
  return MODELS.find((candidate) => candidate.typeCode === typeCode);
}

/** By the name that people know it by; undefined for one that is none of these. */
export function deviceModelNamed(product: string): DeviceModel | undefined {
  return MODELS.find((candidate) => candidate.product === product);
}

/** Why this device cannot serve a cell of that voltage and current, or null when it can. */
export function unfitReason(device: DeviceModel, voltageMaxV: number, currentMaxA: number): string | null {
  if (!device.hasGalvanostat) return `${device.product} has no galvanostat`;
  if (device.voltageRangeV.max < voltageMaxV)
    return `${device.product} ends at ${device.voltageRangeV.max} V, the channel needs ${voltageMaxV} V`;
  if (device.currentMaxA < currentMaxA)
    return `${device.product} ends at ${device.currentMaxA} A, the channel needs ${currentMaxA} A`;
  return null;
}

export interface DeviceVersion {
  readonly typeCode: string;
  /** `1.1.00 R (Jan 28 2022 11:04:43)`: version, release type, build time. */
  readonly firmware: string;
}

const VERSION_LINE = /^t(.{6})(\d{4}|\d{2})#([^*]*?)\s*([A-Z]?)\*$/;

/** The reply to `t`, its lines joined; undefined when it is none. */
export function decodeVersion(reply: string): DeviceVersion | undefined {
  const match = VERSION_LINE.exec(reply);
  if (match === null) return undefined;
  const [, typeCode = "", digits = "", built = "", release = ""] = match;
  const patch = digits.length === 4 ? `.${digits.slice(2)}` : "";
  const version = `${digits.charAt(0)}.${digits.charAt(1)}${patch}`;
  return { typeCode, firmware: `${version}${release === "" ? "" : ` ${release}`} (${built})` };
}
