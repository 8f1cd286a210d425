/** What the commands of the script language are given while a script is read, and how they refuse. */
import type { InstrumentModel } from "./instrument-models.ts";
import type { Token } from "./script-lexer.ts";
import type { Op } from "./script-machine.ts";
import type { Place } from "./script-memory.ts";

/** Thrown by commands while a script is read; becomes the load error. */
export class ScriptRefused extends Error {
  override readonly name = "ScriptRefused";
  readonly code: number;
  readonly column: number;

  constructor(code: number, column: number) {
    super(`script refused ${code}`);
    this.code = code;
    this.column = column;
  }
}

export interface ScriptFeatures {
  readonly model: InstrumentModel;
  readonly supportsAddMeas: boolean;
  /** Elements of all arrays together. */
  readonly arrayElementsMax: number;
}

export interface Block {
  readonly kind: "if" | "loop" | "measurement";
  /** Called with the op index after the block once it is known. */
  readonly exits: ((after: number) => void)[];
  /** Called by `elseif`, `else` and `endif`: where the open branch goes when its condition fails. */
  otherwise: ((at: number) => void) | null;
  hasElse: boolean;
  /** Closes a loop: emits what runs at its end and returns the op that leaves it. */
  readonly close: (() => number) | null;
}

/** What a command sees while the script is read. */
export interface Builder {
  readonly features: ScriptFeatures;
  readonly blocks: Block[];
  isInPackage: boolean;
  hasFinished: boolean;
  readonly lineNumber: number;
  emit(op: Op): number;
  here(): number;
  declareVariable(token: Token): void;
  /** Its number in the script's memory. */
  declareArray(token: Token): number;
  declareText(token: Token): void;
  array(token: Token): number;
  /** A variable or an array's element. */
  variable(token: Token): Place;
  /** A variable, an element or a literal. */
  value(token: Token): Place;
  type(token: Token): number;
  /** Marks the start of what runs at the end. */
  markFinished(): void;
}

export type Command = (builder: Builder, args: readonly Token[], command: Token) => void;
