/** Writes docs/machines/: a page per state machine, drawn from the machine itself. */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { machinePages } from "./machine-pages.ts";

const folder = fileURLToPath(new URL("../docs/machines/", import.meta.url));
mkdirSync(folder, { recursive: true });
for (const page of machinePages()) writeFileSync(`${folder}${page.fileName}`, page.text);
