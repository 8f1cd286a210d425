/** A question to the person at the terminal. */
import { createInterface } from "node:readline/promises";

/** The answer; null when nobody sits there, or the terminal goes away. The question is shown on stderr. */
export async function askAtTerminal(question: string): Promise<string | null> {
  if (!process.stdin.isTTY) return null;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const gone = new Promise<null>((resolve) => {
      lines.once("close", () => {
        resolve(null);
      });
    });
    return await Promise.race([lines.question(`${question} `), gone]);
  } finally {
    lines.close();
  }
}
