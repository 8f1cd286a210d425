/** Breaks lines between words, so that no terminal breaks them within one. Pure. */

/** `  --name VALUE   what it does`: goes on under what it does. */
const OPTION = /^ +-\S.*? {2,}(?=\S)/;
const INDENT = /^ */;

/** The line in pieces of at most `columns`, later ones indented as the text of an option or the line itself is. */
export function wrapLine(line: string, columns: number, indent?: number): readonly string[] {
  if (line.length <= columns) return [line];
  const head = OPTION.exec(line)?.[0] ?? INDENT.exec(line)?.[0] ?? "";
  const margin = " ".repeat(indent ?? head.length);
  const lines: string[] = [];
  let current = head;
  let isEmpty = true;
  for (const word of line.slice(head.length).split(" ")) {
    if (!isEmpty && current.length + 1 + word.length > columns) {
      lines.push(current);
      current = margin + word;
    } else current += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, current];
}
