// Writes docs/faults.md from the fault catalogue. A test keeps the page current.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { faultsPage } from "./faults-page-text.ts";

writeFileSync(fileURLToPath(new URL("../docs/faults.md", import.meta.url)), faultsPage());
