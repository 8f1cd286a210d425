/** Reads the number out of a sensor's message. */

export type PayloadReading =
  | { readonly isRead: true; readonly value: number }
  | { readonly isRead: false; readonly why: string };

const DECIMAL = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/;
const EXCERPT_LENGTH = 80;

/**
 * `jsonPath` is dotted (`value`, `beam.current`, `values.0`); null when the payload is the number itself, as text.
 * Only a finite number counts: a number in quotes, `null`, NaN and infinities do not. Never throws.
 */
export function readPayload(payload: string, jsonPath: string | null): PayloadReading {
  if (jsonPath === null) {
    const text = payload.trim();
    return finite(DECIMAL.test(text) ? Number(text) : undefined, payload);
  }
  let found: unknown;
  try {
    found = JSON.parse(payload);
  } catch {
    return { isRead: false, why: `not JSON: ${excerpt(payload)}` };
  }
  for (const key of jsonPath.split(".")) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) {
      return { isRead: false, why: `nothing at ${jsonPath}: ${excerpt(payload)}` };
    }
    found = (found as Readonly<Record<string, unknown>>)[key];
  }
  return finite(found, payload);
}

function finite(found: unknown, payload: string): PayloadReading {
  if (typeof found === "number" && Number.isFinite(found)) return { isRead: true, value: found };
  return { isRead: false, why: `not a finite number: ${excerpt(payload)}` };
}

/** What a stranger sent may end on a terminal: nothing but printable characters. */
function excerpt(payload: string): string {
  const start = payload.slice(0, EXCERPT_LENGTH).replaceAll(/[^ -~]/g, "?");
  return payload.length > EXCERPT_LENGTH ? `${start}...` : start;
}
