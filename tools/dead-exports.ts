// Finds exports that nothing imports. A package's index.ts is its table of contents and counts as used by the world;
// everything else that is exported must be imported somewhere, else the `export` is noise or the code is dead.

import { globSync, readFileSync } from "node:fs";
import ts from "typescript";

const files = globSync([
  "packages/*/src/**/*.{ts,tsx}",
  "sdks/typescript/src/**/*.ts",
  "bench/**/*.ts",
  "tools/*.ts",
  "test/**/*.ts",
  "examples/**/*.ts",
])
  .filter((file) => !/\/(?:dist|node_modules)\//.test(file))
  .toSorted();

interface Source {
  readonly file: string;
  readonly exported: ReadonlySet<string>;
  readonly mentioned: ReadonlySet<string>;
  readonly reexportsAll: boolean;
}

const sources = files.map(read);
const imported = new Set(sources.flatMap((source) => [...source.mentioned]));
const dead = sources
  .filter((source) => !isEntry(source.file) && !isReexported(source.file))
  .flatMap((source) =>
    [...source.exported].filter((name) => !imported.has(name)).map((name) => `${source.file}: ${name}`),
  );

if (dead.length > 0) {
  console.error(`Exported but imported nowhere; drop the \`export\` or the code:\n  ${dead.join("\n  ")}`);
  process.exit(1);
}

function read(file: string): Source {
  const exported = new Set<string>();
  const mentioned = new Set<string>();
  const tree = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ESNext, true);
  let reexportsAll = false;
  for (const statement of tree.statements) {
    if (ts.isImportDeclaration(statement)) {
      const bindings = statement.importClause?.namedBindings;
      if (bindings && ts.isNamedImports(bindings))
        for (const one of bindings.elements) mentioned.add((one.propertyName ?? one.name).text);
    } else if (ts.isExportDeclaration(statement)) {
      if (!statement.exportClause) reexportsAll = true;
      else if (ts.isNamedExports(statement.exportClause)) {
        for (const one of statement.exportClause.elements) mentioned.add((one.propertyName ?? one.name).text);
      }
    } else if (
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some((m) => m.kind === ts.SyntaxKind.ExportKeyword)
    ) {
      for (const name of declaredNames(statement)) exported.add(name);
    }
  }
  // Names imported lazily: `const { run } = await import("./x.ts")`.
  tree.forEachChild(function visit(node): void {
    if (
      ts.isVariableDeclaration(node) &&
      ts.isObjectBindingPattern(node.name) &&
      node.initializer?.getText().includes("import(")
    ) {
      for (const one of node.name.elements) mentioned.add((one.propertyName ?? one.name).getText());
    }
    // Or `(await load()).run(…)`, where `load` imports.
    if (ts.isPropertyAccessExpression(node) && isAwaited(node.expression)) mentioned.add(node.name.text);
    if (ts.isImportTypeNode(node) && node.qualifier) mentioned.add(node.qualifier.getText());
    node.forEachChild(visit);
  });
  return { file, exported, mentioned, reexportsAll };
}

function isAwaited(node: ts.Expression): boolean {
  return ts.isParenthesizedExpression(node) && ts.isAwaitExpression(node.expression);
}

/** Values only: a type is often exported because an exported signature names it. */
function declaredNames(statement: ts.Statement): string[] {
  if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) return [];
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map((one) => one.name.getText());
  const name = (statement as ts.Statement & { name?: ts.Node }).name;
  return name ? [name.getText()] : [];
}

function isEntry(file: string): boolean {
  return /(?:^|\/)(?:index|main|run|demo)\.tsx?$/.test(file) || file.startsWith("examples/") || /^bench\//.test(file);
}

/** `export * from "./x.ts"` in an index makes all of x part of the package's face. */
function isReexported(file: string): boolean {
  return sources.some((source) => {
    if (!source.reexportsAll) return false;
    const folder = source.file.slice(0, source.file.lastIndexOf("/"));
    return (
      file.startsWith(`${folder}/`) &&
      readFileSync(source.file, "utf8").includes(`export * from "./${file.slice(folder.length + 1)}"`)
    );
  });
}
