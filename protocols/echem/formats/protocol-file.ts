/**
 * A protocol file in whatever form it came: what the text is, told from the text itself, and the document of the
 * aurora-unicycler form that is made of it.
 */
import { hasErrors } from "../../base/finding.ts";
import { parseDocument } from "../../input/document.ts";
import type { InputDocument } from "../../input/document.ts";
import { stepFileDocument } from "../../wire/neware/read-step-file.ts";
import { battinfoDocument, isWorkflow } from "./battinfo-document.ts";
import { ecLabDocument } from "./ec-lab-document.ts";
import { isEcLab } from "./ec-lab-header.ts";
import { experimentDocument, experimentOfLines, isExperiment } from "./experiment-document.ts";
import { isTomato, tomatoDocument } from "./tomato-document.ts";

export type ProtocolFileForm = "unicycler" | "pybamm" | "neware" | "battinfo" | "biologic" | "tomato";

export interface ProtocolFile {
  readonly form: ProtocolFileForm;
  /** For `readProtocol`; what was found on the way stands in it, and its value is undefined when that is an error. */
  readonly document: InputDocument;
}

/** Never throws on what the text holds. `fileName` tells by `.txt` that there is one experiment string a line. */
export function protocolFile(text: string, fileName: string): ProtocolFile {
  if (isEcLab(text)) return { form: "biologic", document: ecLabDocument(text, fileName) };
  if (/^\s*</.test(text.slice(0, 2000))) return { form: "neware", document: stepFileDocument(text, fileName) };
  if (isWorkflow(text, fileName)) return { form: "battinfo", document: battinfoDocument(text, fileName) };
  const source = fileName.endsWith(".txt") ? experimentOfLines(text, fileName) : parseDocument(text, fileName);
  if (source.value === undefined || hasErrors(source.findings)) {
    return { form: "unicycler", document: { ...source, value: undefined } };
  }
  if (isTomato(source.value)) return { form: "tomato", document: tomatoDocument(source, source.value) };
  if (!isExperiment(source.value)) return { form: "unicycler", document: source };
  const { document, findings } = experimentDocument(source, source.value);
  const value = hasErrors(findings) ? undefined : document.value;
  return { form: "pybamm", document: { ...document, value, findings: [...document.findings, ...findings] } };
}
