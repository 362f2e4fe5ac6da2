// The printed schema beside the introspected one, and the printed directives beside the schema that uses them.
import { createRequire } from "node:module";

const options = JSON.parse(process.argv[2]);
const require = createRequire(`${options.packages}/sdl.js`);
const { buildClientSchema, buildSchema, getIntrospectionQuery, lexicographicSortSchema, printSchema } =
  require("graphql");

const sorted = (schema) => printSchema(lexicographicSortSchema(schema)).split("\n");

async function introspected() {
  const query = getIntrospectionQuery({ specifiedByUrl: true, inputValueDeprecation: true });
  const answer = await fetch(options.url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${options.token}` },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = await answer.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return buildClientSchema(data);
}

// What GraphQL's own tools have against a text; nothing, if it is a schema.
function mistakes(text) {
  try {
    buildSchema(text);
    return [];
  } catch (error) {
    return [error.message];
  }
}

const printed = sorted(buildSchema(options.sdl));
const asked = sorted(await introspected());
const differences = [
  ...printed.filter((line) => !asked.includes(line)).map((line) => `printed alone: ${line}`),
  ...asked.filter((line) => !printed.includes(line)).map((line) => `introspected alone: ${line}`),
];
const same = JSON.stringify(printed) === JSON.stringify(asked);
const whole = mistakes(`${options.directives}\n${options.schema}`);
const broken = (options.broken ?? []).map((schema) => mistakes(`${options.directives}\n${schema}`));
console.log(JSON.stringify({ same, differences, lines: printed.length, whole, broken }));
