/** The project's own files, for the tests that look at all of them. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export const HOUSE = ["controller", "drivers", "protocols", "simulator", "tui", "test", "scripts"] as const;
export type Layer = (typeof HOUSE)[number];

export interface SourceFile {
  /** From the root, with forward slashes: `tui/main.ts`. */
  readonly path: string;
  readonly layer: Layer;
  readonly text: string;
  readonly syntax: ts.SourceFile;
}

/** Paths from the root of all files under `folder`. */
export function filesUnder(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort();
}

export function readFromRoot(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** Every TypeScript file of the house, parsed. */
export const SOURCE_FILES: readonly SourceFile[] = HOUSE.flatMap((layer) =>
  filesUnder(layer)
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => {
      const text = readFromRoot(path);
      return { path, layer, text, syntax: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true) };
    }),
);

/** Every node of a file, with the place where it stands as `path:line`. */
export function* nodesOf(file: SourceFile): Generator<{ node: ts.Node; at: string }> {
  const pending: ts.Node[] = [file.syntax];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const { line } = file.syntax.getLineAndCharacterOfPosition(node.getStart(file.syntax));
    yield { node, at: `${file.path}:${String(line + 1)}` };
    node.forEachChild((child) => {
      pending.push(child);
    });
  }
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

/** Imports and re-exports, static and dynamic. */
export function importsOf(file: SourceFile): readonly Import[] {
  const imports: Import[] = [];
  for (const { node, at } of nodesOf(file)) {
    const found = importIn(node);
    if (found === undefined) continue;
    const { specifier, isTypeOnly } = found;
    const url = new URL(specifier, `file:///${file.path}`);
    const path = specifier.startsWith(".") ? decodeURIComponent(url.pathname).slice(1) : undefined;
    imports.push({ specifier, path, isTypeOnly, at });
  }
  return imports;
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
