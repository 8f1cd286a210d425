/** Writes `docs/bus/*.json` anew. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "prettier";
import { fileURLToPath } from "node:url";
import { BUS_SCHEMA_FOLDER, busSchemaFiles } from "./bus-schemas-text.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
mkdirSync(join(root, BUS_SCHEMA_FOLDER), { recursive: true });
for (const [path, text] of busSchemaFiles()) {
  writeFileSync(join(root, path), await format(text, { parser: "json", printWidth: 120 }));
}
