/** What a cycler's register map says: where each quantity lies, in which form, and within which limits. */

export type RegisterTable = "coil" | "discrete" | "input" | "holding";
export type RegisterType = "u16" | "s16" | "u32" | "s32" | "f32" | "f64" | "text";
/** Order of the bytes of a number of several registers: A is the most significant, each pair one register. */
export type WordOrder = "ABCD" | "CDAB" | "BADC" | "DCBA";
/** A quantity that the unit tells once, of which others are shares. */
export type NominalQuantity = "voltage_V" | "current_A";

export type RegisterScale =
  /** value = raw * factor + offset */
  | { readonly kind: "linear"; readonly factor: number; readonly offset: number }
  /** value = raw / fullScale * nominal */
  | { readonly kind: "share"; readonly fullScale: number; readonly of: NominalQuantity };

export interface RegisterPoint {
  readonly table: RegisterTable;
  /** Protocol address, from 0. */
  readonly address: number;
  readonly type: RegisterType;
  /** Registers it takes up. */
  readonly count: number;
  readonly wordOrder: WordOrder;
  readonly scale: RegisterScale;
  /** One bit of it, from 0; null for the whole. */
  readonly bit: number | null;
}

export interface WritablePoint extends RegisterPoint {
  readonly min: number;
  readonly max: number | "nominal";
  /** What is written is a multiple of this: a unit with coarser steps than its register may keep another number. Default 1. */
  readonly rawStep?: number;
  /** 6 writes one register, 16 several; some units know only one of them. */
  readonly writeFunction: 6 | 16;
}

export interface CoilPoint {
  readonly address: number;
}

export interface CyclerMap {
  readonly title: string;
  readonly unit: number;
  readonly gapMs: number;
  readonly replyMs: number;
  /** An idle unit is asked this often, lest it closes the connection; null: never. */
  readonly keepAliveS: number | null;
  readonly capabilities: {
    readonly voltageMinV: number;
    readonly voltageMaxV: number;
    readonly currentMaxA: number;
    readonly sampleIntervalMinS: number;
    /** How far a reading may lie from what was set, by the unit's resolution. */
    readonly voltageToleranceV: number;
    readonly currentToleranceA: number;
  };
  readonly identity: {
    readonly model: RegisterPoint;
    /** What the model's name must begin with. */
    readonly beginsWith: string;
    readonly serialNumber: RegisterPoint | null;
    readonly firmware: RegisterPoint | null;
    /** How a known firmware begins; empty: any. */
    readonly knownFirmware: readonly string[];
  };
  readonly nominal: Readonly<Partial<Record<NominalQuantity, RegisterPoint>>>;
  readonly read: {
    readonly voltageV: RegisterPoint;
    readonly currentA: RegisterPoint;
    /** True while the current, read without a sign, discharges; null where it has one, charge positive. */
    readonly isDischarging: RegisterPoint | null;
    readonly isOn: RegisterPoint;
  };
  readonly write: {
    readonly remote: CoilPoint | null;
    readonly output: CoilPoint | WritablePoint;
    readonly voltageV: WritablePoint;
    readonly chargeCurrentA: WritablePoint;
    readonly dischargeCurrentA: WritablePoint;
  };
  readonly setup: readonly { readonly point: WritablePoint; readonly value: number }[];
}

/** Registers a number takes up; text says so itself. */
export const REGISTER_COUNT: Readonly<Record<Exclude<RegisterType, "text">, number>> = {
  u16: 1,
  s16: 1,
  u32: 2,
  s32: 2,
  f32: 2,
  f64: 4,
};
