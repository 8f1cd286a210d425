/** Renews the tables of keys in docs/terminal.md from the table that the screens themselves use. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { withKeys } from "../tui/terminal/keys/key-page.ts";

const page = fileURLToPath(new URL("../docs/terminal.md", import.meta.url));
writeFileSync(page, withKeys(readFileSync(page, "utf8")));
