/** The simulated chain's own reading and writing of lines: commands in, packets out, checksums both ways. */

export interface TwinCommand {
  readonly device: number;
  readonly axis: number;
  readonly id: number | null;
  readonly words: readonly string[];
}

/** Longest packet that leaves, and longest word that is understood. */
const PACKET_SIZE = 80;
export const WORD_SIZE = 50;

function low(text: string): string {
  let left = 0;
  for (const character of text) left = (left - character.charCodeAt(0)) & 0xff;
  return `${left < 16 ? "0" : ""}${left.toString(16).toUpperCase()}`;
}

/** A line without its end; undefined when it is no command, or one whose checksum is wrong: then nothing answers. */
export function readCommand(line: string): TwinCommand | undefined {
  if (!line.startsWith("/")) return undefined;
  let text = line.slice(1);
  const sum = /:([0-9A-Fa-f]{2})$/.exec(text);
  if (sum !== null) {
    text = text.slice(0, sum.index);
    if (low(text) !== sum[1]?.toUpperCase()) return undefined;
  }
  const words = text.split(" ").filter((word) => word !== "");
  const numbers: number[] = [];
  while (numbers.length < 3 && /^\d{1,3}$/.test(words[0] ?? "")) numbers.push(Number(words.shift()));
  const [device = 0, axis = 0, id] = numbers;
  return { device, axis, id: id ?? null, words };
}

/** The head stands before data; data that is too long goes on in infos. Each packet ends in `\r\n`. */
export function packets(
  head: string,
  from: { readonly device: number; readonly axis: number; readonly id: number | null },
  data: string,
  hasChecksum: boolean,
): string {
  const id = from.id === null ? "" : ` ${two(from.id)}`;
  const finish = (text: string): string => `${text}${hasChecksum ? `:${low(text.slice(1))}` : ""}\r\n`;
  const words = data.split(" ");
  let out = "";
  let packet = head;
  let count = 0;
  for (const word of words) {
    if (packet.length + word.length + 2 > PACKET_SIZE - 5 && packet !== head) {
      out += finish(`${packet}\\`);
      count += 1;
      packet = `#${two(from.device)} ${from.axis}${id} cont ${count}`;
    }
    packet += ` ${word}`;
  }
  return out + finish(packet);
}

export function two(value: number): string {
  return String(value).padStart(2, "0");
}
