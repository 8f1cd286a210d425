/** A question to the person at the terminal. */
import { createInterface, type Interface } from "node:readline/promises";
import { Writable } from "node:stream";

/** The answer; null when nobody sits there, or the terminal goes away. The question is shown on stderr. */
export async function askAtTerminal(question: string): Promise<string | null> {
  if (!process.stdin.isTTY) return null;
  return answer(createInterface({ input: process.stdin, output: process.stderr }), `${question} `);
}

/** As {@link askAtTerminal}; what is typed is not shown. */
export async function askSecretAtTerminal(question: string): Promise<string | null> {
  if (!process.stdin.isTTY) return null;
  const nowhere = new Writable({
    write(_chunk, _encoding, done) {
      done();
    },
  });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 });
  // Only now: the terminal itself shows what is typed until the lines are read.
  process.stderr.write(`${question} `);
  const given = await answer(lines, "");
  process.stderr.write("\n");
  return given;
}

async function answer(lines: Interface, question: string): Promise<string | null> {
  try {
    const gone = new Promise<null>((resolve) => {
      lines.once("close", () => {
        resolve(null);
      });
    });
    return await Promise.race([lines.question(question), gone]);
  } finally {
    lines.close();
  }
}
