// Types by graphql-codegen from the printed schema, and a program that uses them, checked by TypeScript.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const options = JSON.parse(process.argv[2]);
const require = createRequire(`${options.packages}/codegen.js`);
const { parse } = require("graphql");
const { codegen } = require("@graphql-codegen/core");
const typescript = require("@graphql-codegen/typescript");
const operations = require("@graphql-codegen/typescript-operations");

const string = { input: "string | number", output: "string" };
const scalars = {
  Decimal: string,
  BigInt: string,
  DateTime: "string",
  Date: "string",
  JSON: "unknown",
  Base64: "string",
};
const config = { strictScalars: true, scalars };
const generate = (name, plugin) =>
  codegen({
    filename: `${name}.ts`,
    schema: parse(options.sdl),
    documents: [{ location: "shop.graphql", document: parse(options.document) }],
    config,
    plugins: [{ [name]: {} }],
    pluginMap: { [name]: plugin },
  });
const files = { types: await generate("types", typescript), operations: await generate("operations", operations) };

// Whether TypeScript takes a program that uses the types; what it says, if not.
function checked(program) {
  const folder = mkdtempSync(join(tmpdir(), "codegen-"));
  try {
    for (const [name, code] of Object.entries(files)) writeFileSync(join(folder, `${name}.ts`), code);
    writeFileSync(join(folder, "use.ts"), program);
    const tsc = require.resolve("typescript/bin/tsc");
    execFileSync(process.execPath, [tsc, "--noEmit", "--strict", "--target", "es2022", join(folder, "use.ts")]);
    return null;
  } catch (error) {
    return String(error.stdout).replaceAll(folder, "").replaceAll(/^.*\buse\.ts/gm, "use.ts").trim();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

console.log(JSON.stringify({ checked: options.programs.map(checked) }));
