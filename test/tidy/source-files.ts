/** The project's TypeScript, parsed, for the tests that look at all of it. */
import ts from "typescript";
import { sourceTexts, type SourceText } from "./project-files.ts";

export interface SourceFile extends SourceText {
  readonly syntax: ts.SourceFile;
}

/** Every TypeScript file of the house; parsed when it is first walked. */
export const SOURCE_FILES: readonly SourceFile[] = sourceTexts().map((source) => {
  let syntax: ts.SourceFile | undefined;
  return {
    ...source,
    get syntax() {
      syntax ??= ts.createSourceFile(source.path, source.text, ts.ScriptTarget.Latest, true);
      return syntax;
    },
  };
});

const walked = new Map<SourceFile, readonly ts.Node[]>();

/** Every node of a file. */
export function nodesOf(file: SourceFile): readonly ts.Node[] {
  const known = walked.get(file);
  if (known !== undefined) return known;
  const nodes: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    nodes.push(node);
    ts.forEachChild(node, visit);
  };
  visit(file.syntax);
  walked.set(file, nodes);
  return nodes;
}

/** Where a node stands, as `path:line`. */
export function placeOf(file: SourceFile, node: ts.Node): string {
  const { line } = file.syntax.getLineAndCharacterOfPosition(node.getStart(file.syntax));
  return `${file.path}:${String(line + 1)}`;
}

export interface Import {
  /** As written. */
  readonly specifier: string;
  /** From the root, when it is a file of ours. */
  readonly path: string | undefined;
  /** Gone after compilation. */
  readonly isTypeOnly: boolean;
  readonly at: string;
}

const imports = new Map<SourceFile, readonly Import[]>();

/** Imports and re-exports, static and dynamic. */
export function importsOf(file: SourceFile): readonly Import[] {
  const known = imports.get(file);
  if (known !== undefined) return known;
  const found = isParsedForImports(file) ? parsedImports(file) : listedImports(file);
  imports.set(file, found);
  return found;
}

/** Where something may be imported in mid-code, or what looks like an import below it may be text for another file. */
function isParsedForImports({ text }: SourceFile): boolean {
  return /\bimport\s*\(|^(?:export )?(?:async|class|const|function|interface|let|type)\b[^]*^import /m.test(text);
}

function parsedImports(file: SourceFile): readonly Import[] {
  const found: Import[] = [];
  for (const node of nodesOf(file)) {
    const written = importIn(node);
    if (written !== undefined) found.push(importAt(written, file, placeOf(file, node)));
  }
  return found;
}

/** An import or a re-export as the formatter leaves it: at the start of a line, with double quotes. */
const STATEMENT = /^(?:import |(?:import|export)\b(?<what>[^"';=]*?)\bfrom )"(?<specifier>[^"\n]+)"/gm;

function listedImports(file: SourceFile): readonly Import[] {
  return [...file.text.matchAll(STATEMENT)].map(({ index, groups }) => {
    const line = file.text.slice(0, index).split("\n").length;
    const written = { specifier: groups?.["specifier"] ?? "", isTypeOnly: /^ type\b/.test(groups?.["what"] ?? "") };
    return importAt(written, file, `${file.path}:${String(line)}`);
  });
}

function importAt({ specifier, isTypeOnly }: Omit<Import, "path" | "at">, file: SourceFile, at: string): Import {
  const url = new URL(specifier, `file:///${file.path}`);
  const path = specifier.startsWith(".") ? decodeURIComponent(url.pathname).slice(1) : undefined;
  return { specifier, path, isTypeOnly, at };
}

function importIn(node: ts.Node): { specifier: string; isTypeOnly: boolean } | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    const isTypeOnly = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
    return { specifier: node.moduleSpecifier.text, isTypeOnly };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, isTypeOnly: node.isTypeOnly };
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
    return { specifier: node.argument.literal.text, isTypeOnly: true };
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const argument = node.arguments[0];
    if (argument !== undefined && ts.isStringLiteral(argument)) return { specifier: argument.text, isTypeOnly: false };
  }
  return undefined;
}
