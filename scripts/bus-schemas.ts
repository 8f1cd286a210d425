/** Writes `docs/bus/*.json` anew. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { format } from "oxfmt";
import { BUS_SCHEMA_FOLDER, busSchemaFiles } from "./bus-schemas-text.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
mkdirSync(join(root, BUS_SCHEMA_FOLDER), { recursive: true });
for (const [path, text] of busSchemaFiles()) {
  const { code, errors } = await format(path, text, { printWidth: 120 });
  if (errors.length > 0) throw new Error(`${path}: ${errors.map(({ message }) => message).join("; ")}`);
  writeFileSync(join(root, path), code);
}
