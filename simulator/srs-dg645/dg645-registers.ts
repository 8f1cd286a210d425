/** Settings of a simulated DG645: what each may be, and how it is written in an answer. */

export interface Register {
  value: number;
  readonly min: number;
  readonly max: number;
  readonly isWhole: boolean;
  shown(value: number): string;
}

const whole = (value: number, min: number, max: number): Register => ({
  value,
  min,
  max,
  isWhole: true,
  shown: (shownValue) => String(shownValue),
});

const decimal = (value: number, min: number, max: number, digits: number, isSigned = false): Register => ({
  value,
  min,
  max,
  isWhole: false,
  shown: (shownValue) => (isSigned && shownValue >= 0 ? "+" : "") + shownValue.toFixed(digits),
});

/** `TSRC`, or with an index `LAMP 1`. */
export type Registers = ReadonlyMap<string, Register>;

export function createRegisters(): Registers {
  const registers = new Map<string, Register>([
    ["TSRC", whole(0, 0, 6)],
    ["TRAT", decimal(1000, 1e-4, 1e7, 6)],
    ["TLVL", decimal(1, -3.5, 3.5, 2, true)],
    ["HOLD", decimal(0, 0, 10, 12, true)],
    ["INHB", whole(0, 0, 5)],
    ["ADVT", whole(0, 0, 1)],
    ["BURM", whole(0, 0, 1)],
    ["BURC", whole(5, 1, 4_294_967_295)],
    ["BURD", decimal(0, 0, 2000, 12, true)],
    ["BURP", decimal(1e-5, 1e-7, 2000, 12, true)],
    ["BURT", whole(0, 0, 1)],
  ]);
  for (let output = 0; output <= 4; output += 1) {
    registers.set(`LAMP ${output}`, decimal(2.5, 0.5, 5, 2));
    registers.set(`LOFF ${output}`, decimal(0, -2, 2, 2));
    registers.set(`LPOL ${output}`, whole(1, 0, 1));
    registers.set(`PRES ${output}`, whole(1, 1, 32_767));
    if (output > 0) registers.set(`PHAS ${output}`, whole(0, 0, 32_766));
  }
  for (const [index, value] of [1, 0, 1, 15, 1, 1, 1, 1, 1, 1, 1].entries()) {
    registers.set(`IFCF ${index}`, whole(value, 0, 30));
  }
  return registers;
}
