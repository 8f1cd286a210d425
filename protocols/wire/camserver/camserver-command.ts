/** Commands to a camserver: one line of text each, ended by a line feed. Times have seven decimals, as it answers them. */

/** The camserver counts time in units of 100 ns; a confirmed value may differ by half of one. */
export const TIME_RESOLUTION_S = 1e-7;

const COMMAND_LENGTH_MAX = 1000;

/** Why a folder or file name cannot be sent, or undefined when it can. A line end in a name would be a second command. */
export function nameProblem(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (name.length > COMMAND_LENGTH_MAX) return `it is longer than ${COMMAND_LENGTH_MAX} characters`;
  if (/^[!-~]+$/.test(name)) return undefined;
  return "only printable ASCII characters without blanks can be sent";
}

export function exposureTimeCommand(exposureS: number): Uint8Array {
  return line(`exptime ${exposureS.toFixed(7)}`);
}

export function exposurePeriodCommand(periodS: number): Uint8Array {
  return line(`expperiod ${periodS.toFixed(7)}`);
}

export function imageCountCommand(count: number): Uint8Array {
  return line(`nimages ${count}`);
}

/** `folder` must have no `nameProblem`. */
export function imagePathCommand(folder: string): Uint8Array {
  return line(`imgpath ${folder}`);
}

/** `fileName` must have no `nameProblem`. */
export function exposureCommand(fileName: string): Uint8Array {
  return line(`Exposure ${fileName}`);
}

/** Ends the exposure in an orderly way; the frame so far is read out. */
export function endExposureCommand(): Uint8Array {
  return line("camcmd k");
}

/** Ends the exposure at once, when the orderly way had no answer. */
export function killExposureCommand(): Uint8Array {
  return line("K");
}

export function versionCommand(): Uint8Array {
  return line("version");
}

function line(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\n`);
}

/**
 * Name of the first frame's file by the camserver's numbering: digits right before the extension are the first
 * number; without digits `_00000` is put there.
 */
export function firstFrameName(fileName: string): string {
  const dot = fileName.lastIndexOf(".");
  const stem = dot < 0 ? fileName : fileName.slice(0, dot);
  const extension = dot < 0 ? "" : fileName.slice(dot);
  return /\d$/.test(stem) ? fileName : `${stem}_00000${extension}`;
}
