/** Secrets of routes, from the files or variables that the configuration names; and texts without them. */
import { Fault } from "../../protocols/base/fault.ts";
import { readText, type Environment } from "../bus/bus-place.ts";

/** Throws Fault `file.missing`, `notify.invalid`. Null where neither is named. */
export function secretOf(
  route: string,
  file: string | undefined,
  variable: string | undefined,
  environment: Environment,
): string | null {
  if (file !== undefined) {
    const text = readText(file);
    if (text === "") throw new Fault("notify.invalid", `${route}: ${file}`, "the file is empty");
    return text;
  }
  if (variable === undefined) return null;
  const value = environment[variable];
  if (value === undefined || value === "") throw new Fault("notify.invalid", `${route}: ${variable}`, "is not set");
  return value;
}

/** Servers and libraries may repeat what they were told. */
export function withoutSecrets(text: string, secrets: readonly (string | null)[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret === null || secret.length < 4) continue;
    for (const form of [secret, Buffer.from(secret).toString("base64"), encodeURIComponent(secret)]) {
      clean = clean.replaceAll(form, "...");
    }
  }
  return clean;
}
