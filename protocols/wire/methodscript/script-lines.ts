/** The words our scripts say, the pieces every script shares, and scripts as bytes. */

/** The words a script says through `send_string`: the end reason is the instrument's own, never inferred. */
export const SCRIPT_WORDS = {
  endVoltage: "end voltage",
  endCurrent: "end current",
  endTime: "end time",
  endLimit: "end limit",
  cellOff: "cell off",
} as const;

export type ScriptWord = (typeof SCRIPT_WORDS)[keyof typeof SCRIPT_WORDS];

/** Host-to-device lines stay within the vendor's example buffer of 128 bytes. */
export const SCRIPT_LINE_BYTES_MAX = 127;

export function sayLine(word: ScriptWord): string {
  return `send_string "${word}"`;
}

export function packageLines(...variables: readonly string[]): readonly string[] {
  return ["pck_start", ...variables.map((name) => `pck_add ${name}`), "pck_end"];
}

/** Switches the cell off and says so: also sent alone after a run-time error, when `on_finished:` does not run. */
export function cellOffLines(): readonly string[] {
  return ["cell_off", sayLine(SCRIPT_WORDS.cellOff)];
}

/** Runs after the normal end, after `abort` and after `Z`. */
export function finishedLines(): readonly string[] {
  return ["on_finished:", ...cellOffLines()];
}

/** Measures the open-circuit potential once, with the cell off. Every device that is accepted measures 5 V. */
export function openCircuitLines(): readonly string[] {
  return [
    "var p",
    "set_pgstat_chan 0",
    "set_pgstat_mode 3",
    "set_range ab 5",
    "set_autoranging ab 5 5",
    "cell_off",
    "meas 100m p ab",
    ...packageLines("p"),
    ...finishedLines(),
  ];
}

/** Bytes of `command`, the script and the blank line that ends it. */
export function encodeScript(command: "l" | "e", lines: readonly string[]): Uint8Array {
  return encodeCommand(`${command}\n${lines.join("\n")}\n`);
}

/** Bytes of one command line. Text is ASCII by construction. */
export function encodeCommand(command: string): Uint8Array {
  const bytes = new Uint8Array(command.length + 1);
  for (let at = 0; at < command.length; at += 1) bytes[at] = command.charCodeAt(at);
  bytes[command.length] = 0x0a;
  return bytes;
}
