import ts from "typescript";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readFromRoot } from "./project-files.ts";
import { importsOf, nodesOf, placeOf, SOURCE_FILES, type SourceFile } from "./source-files.ts";

/** Real time, chance and the process belong to the rim; tests and scripts are not part of the product. */
const INNER_FILES = SOURCE_FILES.filter(
  ({ path, layer }) => layer !== "test" && layer !== "scripts" && !path.startsWith("tui/rim/"),
);

const BARE_TIME_AND_CHANCE: ReadonlySet<string> = new Set([
  "Date.now",
  "performance.now",
  "performance.timeOrigin",
  "process.hrtime",
  "process.uptime",
  "Math.random",
  "crypto.randomUUID",
  "crypto.getRandomValues",
  "AbortSignal.timeout",
  "Atomics.wait",
]);

const BARE_TIMERS: ReadonlySet<string> = new Set([
  "setTimeout",
  "setInterval",
  "setImmediate",
  "clearTimeout",
  "clearInterval",
  "clearImmediate",
]);

const MODULES_OF_TIME_AND_CHANCE: ReadonlySet<string> = new Set(["timers", "timers/promises", "perf_hooks", "process"]);

/** Asks which Node it is, and nothing else of the process: there is a build of SQLite's driver for each. */
const KNOWS_THE_NODE = "controller/record/sqlite.ts";

const GLOBAL_OBJECTS: ReadonlySet<string> = new Set(["globalThis", "global"]);

/** `sign`: what the text of a file has in it where a rule can be broken; the others are not parsed for it. */
function breaches(
  files: readonly SourceFile[],
  sign: RegExp,
  rule: (node: ts.Node) => string | undefined,
): readonly string[] {
  return files.flatMap((file) => {
    if (!sign.test(file.text)) return [];
    const found: string[] = [];
    for (const node of nodesOf(file)) {
      const what = rule(node);
      if (what !== undefined) found.push(`${placeOf(file, node)} ${what}`);
    }
    return found;
  });
}

/** A name that is looked up in the scope, not a member, a key or a declaration. */
function isReference(node: ts.Node): node is ts.Identifier {
  if (!ts.isIdentifier(node)) return false;
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isQualifiedName(parent)) return false;
  const isNamed =
    ts.isPropertyAssignment(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isParameter(parent) ||
    ts.isVariableDeclaration(parent) ||
    ts.isFunctionDeclaration(parent) ||
    ts.isBindingElement(parent) ||
    ts.isGetAccessor(parent) ||
    ts.isSetAccessor(parent);
  return !(isNamed && (parent.name === node || (ts.isBindingElement(parent) && parent.propertyName === node)));
}

const SIGN_OF_TIME_OR_CHANCE = new RegExp(
  `\\\\u|\\b(Date\\b|${[...BARE_TIMERS].join("|")}|${[...BARE_TIME_AND_CHANCE].map((name) => name.replace(".", "\\s*\\??\\.\\s*")).join("|")})`,
);

function bareTimeOrChance(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const name = `${node.expression.text}.${node.name.text}`;
    if (BARE_TIME_AND_CHANCE.has(name)) return name;
    if (GLOBAL_OBJECTS.has(node.expression.text) && BARE_TIMERS.has(node.name.text)) return name;
  }
  if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === "Date") {
    if (node.arguments === undefined || node.arguments.length === 0) return "new Date()";
  }
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === "Date") return "Date()";
  if (isReference(node) && BARE_TIMERS.has(node.text)) return node.text;
  return undefined;
}

describe("time, chance and the machine", () => {
  it("are injected: nothing but the rim reads a real clock, sets a real timer or throws real dice", () => {
    expect(breaches(INNER_FILES, SIGN_OF_TIME_OR_CHANCE, bareTimeOrChance)).toEqual([]);
  });

  it("are not brought in by import either", () => {
    const found = INNER_FILES.flatMap((file) =>
      importsOf(file)
        .filter(({ specifier }) => MODULES_OF_TIME_AND_CHANCE.has(specifier.replace(/^node:/, "")))
        .map(({ at, specifier }) => `${at} imports ${specifier}`),
    );
    expect(found).toEqual([]);
  });

  it("print and exit at the rim only", () => {
    const rule = (node: ts.Node): string | undefined =>
      isReference(node) && (node.text === "console" || node.text === "process") ? node.text : undefined;
    const unlessOfNode = (node: ts.Node): string | undefined => {
      const found = rule(node);
      if (found === undefined) return undefined;
      const isOfNode = ts.isPropertyAccessExpression(node.parent) && node.parent.name.text === "versions";
      return isOfNode ? undefined : found;
    };
    const sign = /\b(console|process)\b/;
    const knowing = INNER_FILES.filter(({ path }) => path === KNOWS_THE_NODE);
    expect(knowing).toHaveLength(1);
    expect(breaches(knowing, sign, unlessOfNode)).toEqual([]);
    expect(
      breaches(
        INNER_FILES.filter((file) => !knowing.includes(file)),
        sign,
        rule,
      ),
    ).toEqual([]);
  });

  it.each([
    ["Date.now()", true],
    ["new Date()", true],
    ["new Date(wallMs)", false],
    ["setTimeout(fn, 5)", true],
    ["globalThis.setTimeout(fn, 5)", true],
    ["clock.setTimeout(fn, 5)", false],
    ["const clock = { setTimeout: (fn) => fn() }", false],
    ["const drain = promisify(setImmediate)", true],
    ["const { setTimeout } = clock", false],
    ["Math.random()", true],
    ["chance.random()", false],
  ])("would be noticed: %s is a breach: %s", (text, isBreach) => {
    const syntax = ts.createSourceFile("sample.ts", text, ts.ScriptTarget.Latest, true);
    const file: SourceFile = { path: "sample.ts", layer: "controller", text, syntax };
    expect(breaches([file], SIGN_OF_TIME_OR_CHANCE, bareTimeOrChance).length > 0).toBe(isBreach);
  });
});

describe("SQLite", () => {
  it("is loaded in one place, which knows the driver of each Node", () => {
    const loading = SOURCE_FILES.filter(
      ({ path, text }) => !path.startsWith("test/") && text.includes('"better-sqlite3'),
    );
    expect(loading.map(({ path }) => path)).toEqual([KNOWS_THE_NODE]);
  });
});

/** The linter refuses each of these in every file; `npm test` runs it. */
const RULES_OF_TYPES = ["no-explicit-any", "no-non-null-assertion", "ban-ts-comment"];
const lintSchema = z.object({
  overrides: z.array(z.object({ files: z.array(z.string()), rules: z.record(z.string(), z.unknown()) })),
});

describe("types", () => {
  it("carry meaning: the linter takes no any, and no assertion that something is there goes unproven", () => {
    const { overrides } = lintSchema.parse(JSON.parse(readFromRoot(".oxlintrc.json")));
    const levels = overrides.map(({ files, rules }) => {
      const level = RULES_OF_TYPES.map((name) => [rules[`typescript/${name}`]].flat()[0]);
      return { files: files.sort(), level };
    });
    expect(levels).toEqual([{ files: ["**/*.ts", "**/*.tsx"], level: RULES_OF_TYPES.map(() => "error") }]);
  });

  it("are not silenced", () => {
    const words = [
      "eslint-dis" + "able",
      "oxlint-dis" + "able",
      "@ts-ig" + "nore",
      "@ts-expect" + "-error",
      "@ts-no" + "check",
    ];
    const silencer = new RegExp(words.join("|"));
    expect(SOURCE_FILES.filter(({ text }) => silencer.test(text)).map(({ path }) => path)).toEqual([]);
  });

  it("do not inherit: classes extend errors and nothing else", () => {
    const rule = (node: ts.Node): string | undefined => {
      if (!ts.isHeritageClause(node) || node.token !== ts.SyntaxKind.ExtendsKeyword) return undefined;
      if (!ts.isClassLike(node.parent)) return undefined;
      const base = node.types[0]?.expression.getText() ?? "";
      return base.endsWith("Error") ? undefined : `extends ${base}`;
    };
    expect(breaches(INNER_FILES, /\bclass\b[^{]*\bextends\b/, rule)).toEqual([]);
  });
});
