/** The settings memory of the simulated controller: it survives resets and power cycles, as the EEPROM does. */

/** Defaults of the generic build of GRBL 1.1h; millimetres, mm/min, mm/s2. */
const GENERIC: readonly (readonly [number, number])[] = [
  [0, 10],
  [1, 25],
  [2, 0],
  [3, 0],
  [4, 0],
  [5, 0],
  [6, 0],
  [10, 1],
  [11, 0.01],
  [12, 0.002],
  [13, 0],
  [20, 0],
  [21, 0],
  [22, 0],
  [23, 0],
  [24, 25],
  [25, 500],
  [26, 250],
  [27, 1],
  [30, 1000],
  [31, 0],
  [32, 0],
  [100, 250],
  [101, 250],
  [102, 250],
  [110, 500],
  [111, 500],
  [112, 500],
  [120, 10],
  [121, 10],
  [122, 10],
  [130, 200],
  [131, 200],
  [132, 200],
];

/** A controller set up for the reference site: 300 x 200 mm, 100 mm/s, 500 mm/s2, homing and soft limits on. */
const REFERENCE_SITE: readonly (readonly [number, number])[] = [
  [1, 255],
  [20, 1],
  [22, 1],
  [24, 120],
  [25, 1500],
  [110, 6000],
  [111, 6000],
  [120, 500],
  [121, 500],
  [130, 300],
  [131, 200],
];

/** Printed with three decimals; all others are whole numbers. */
function isDecimal(number: number): boolean {
  return number === 11 || number === 12 || (number >= 24 && number <= 25) || number === 27 || number >= 100;
}

export interface TwinSettings {
  get(number: number): number;
  /** 0 when written, else the error number. */
  write(number: number, value: number): number;
  /** `$n=v` lines in the order of the numbers. */
  lines(): string[];
  restoreDefaults(): void;
}

export function createTwinSettings(overrides: Readonly<Record<number, number>> = {}): TwinSettings {
  const values = new Map<number, number>([...GENERIC, ...REFERENCE_SITE]);
  for (const [number, value] of Object.entries(overrides)) values.set(Number(number), value);

  const get = (number: number): number => values.get(number) ?? 0;
  return {
    get,
    write(number, value) {
      if (!values.has(number)) return 3;
      if (value < 0) return 4;
      if (number === 0 && value < 3) return 6;
      if (number === 20 && value !== 0 && get(22) === 0) return 10;
      const isSwitch = number === 4 || number === 5 || number === 6 || (number >= 20 && number <= 22);
      values.set(number, isSwitch ? Number(value !== 0) : isDecimal(number) ? value : Math.trunc(value) & 0xffff);
      if (number === 22 && value === 0) values.set(20, 0);
      return 0;
    },
    lines() {
      return [...values]
        .sort(([a], [b]) => a - b)
        .map(([number, value]) => `$${number}=${isDecimal(number) ? value.toFixed(3) : String(value)}`);
    },
    restoreDefaults() {
      values.clear();
      for (const [number, value] of GENERIC) values.set(number, value);
    },
  };
}
