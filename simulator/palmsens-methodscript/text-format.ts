/** `send_string` texts: plain, or formatted with `{variable}` parts. */
import { ScriptRefused, type Builder } from "./script-builder.ts";
import { ScriptTrouble } from "./script-errors.ts";
import type { Token } from "./script-lexer.ts";
import { isIntegerAt, valueAt, type Place, type ScriptMemory } from "./script-memory.ts";

/** Returns what makes the text when the command runs. How an instrument rounds floats in texts is not published; six digits here. */
export function formattedText(builder: Builder, token: Token): (memory: ScriptMemory) => string {
  const plain = /^"([^"]*)"$/.exec(token.text);
  if (plain !== null) {
    const text = plain[1] ?? "";
    return () => text;
  }
  const pattern = /^f"([^"]*)"$/.exec(token.text);
  if (pattern === null) throw new ScriptRefused(ScriptTrouble.unexpectedCharacter, token.column);
  const parts: (string | Place)[] = [];
  let rest = pattern[1] ?? "";
  while (rest !== "") {
    const match = /^([^{}]*)(?:\{([^{}]*)\})?/.exec(rest);
    const whole = match?.[0] ?? "";
    if (whole === "") throw new ScriptRefused(ScriptTrouble.unexpectedCharacter, token.column);
    if (match?.[1] !== undefined && match[1] !== "") parts.push(match[1]);
    if (match?.[2] !== undefined) parts.push(builder.value({ text: match[2], column: token.column }));
    rest = rest.slice(whole.length);
  }
  return (memory) => parts.map((part) => (typeof part === "string" ? part : numberText(memory, part))).join("");
}

function numberText(memory: ScriptMemory, place: Place): string {
  const value = valueAt(memory, place);
  return isIntegerAt(memory, place) ? String(value) : String(Number(value.toPrecision(6)));
}
