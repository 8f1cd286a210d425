/** A page of commands read as steps: `sh` blocks to run, what they should print, pieces of files to append. Pure. */

export interface PageStep {
  /** One to a line. */
  readonly commands: readonly string[];
  /** Goes on beside what follows. */
  readonly isBackground: boolean;
  /** Lines that must be found in what is printed; `...` stands for anything on the line. */
  readonly expected: readonly string[];
  readonly append: { readonly path: string; readonly text: string } | null;
}

/** In the order of the page. A `text` block belongs to the `sh` block before it. */
export function commandPage(page: string): readonly PageStep[] {
  const steps: { commands: string[]; isBackground: boolean; expected: string[]; append: PageStep["append"] }[] = [];
  for (const [, info = "", body = ""] of page.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)) {
    const [language, argument] = info.trim().split(/\s+/);
    const lines = body.split("\n").filter((line) => line !== "");
    if (language === "sh") {
      steps.push({ commands: lines, isBackground: argument === "background", expected: [], append: null });
    } else if (language === "text") steps.at(-1)?.expected.push(...lines);
    else if (language === "yaml" && argument !== undefined) {
      steps.push({ commands: [], isBackground: false, expected: [], append: { path: argument, text: body } });
    }
  }
  return steps;
}

/** Those of the expected lines that were not said, whatever their order. */
export function missingFrom(said: string, expected: readonly string[]): readonly string[] {
  return expected.filter((line) => {
    const parts = line
      .trim()
      .split("...")
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
    return !new RegExp(parts.join(".*")).test(said);
  });
}
