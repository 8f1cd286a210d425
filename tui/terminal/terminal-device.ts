/** The terminal as the screens need it: ink's streams, the full screen, what it can show. The rim has the real one. */
import type { Background } from "./text/palette.ts";

export interface TerminalDevice {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  /** Somebody sits there: both ends are a terminal that can draw. */
  readonly isInteractive: boolean;
  readonly colour: boolean;
  readonly manyColours: boolean;
  /** As the terminal says, or dark. */
  readonly background: Background;
  /** The locale knows no other letters. */
  readonly asciiOnly: boolean;
  /** Takes the whole screen, and gives it back at every way out, also when the process breaks. */
  enter(): void;
  leave(): void;
}
