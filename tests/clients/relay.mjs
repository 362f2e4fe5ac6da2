// Relay: its compiler reads the schema that the gateway tells of itself and judges whether `orders` is a connection;
// its runtime keeps the records, and adds page to page as `usePaginationFragment` does.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { PAGE, authorized, customer, documents, noting, packages, print, tokens, url, visit } from "./shop.mjs";

const require = createRequire(`${packages}/relay.js`);
const { buildClientSchema, getIntrospectionQuery, printSchema } = require("graphql");
const runtime = require("relay-runtime");

const ask = async (query, variables, token) => {
  const headers = { ...authorized(token), "content-type": "application/json", accept: "application/graphql-response+json" };
  const response = await noting(url, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
  return response.json();
};

const EVERYTHING = {
  specifiedByUrl: true,
  directiveIsRepeatable: true,
  schemaDescription: true,
  inputValueDeprecation: true,
  oneOf: true,
};

// Relay wants its operations to be named after their module and kind.
const named = (name) => `shop${name}${documents[name].startsWith("mutation") ? "Mutation" : "Query"}`;
const CONNECTION = `
  query shopOrdersQuery($customer: ID!, $first: Int) { ...shop_orders @arguments(customer: $customer, first: $first) }
  fragment shop_orders on Query
    @argumentDefinitions(customer: { type: "ID!" }, first: { type: "Int" }, after: { type: "String" })
    @refetchable(queryName: "shopOrdersPaginationQuery") {
    orders(customerId: $customer, first: $first, after: $after) @connection(key: "shop_orders") { edges { node { id total } } }
  }`;

async function compile(folder) {
  const { data } = await ask(getIntrospectionQuery(EVERYTHING), {}, tokens.acme);
  writeFileSync(join(folder, "schema.graphql"), printSchema(buildClientSchema(data)));
  const texts = Object.entries(documents).map(([name, text]) => text.replace(` ${name}(`, ` ${named(name)}(`));
  const tagged = [...texts, CONNECTION].map((text) => `graphql\`${text}\`;`);
  writeFileSync(join(folder, "shop.js"), tagged.join("\n"));
  const config = { src: ".", schema: "schema.graphql", language: "javascript", eagerEsModules: false };
  writeFileSync(join(folder, "relay.config.json"), JSON.stringify(config));
  execFileSync(require("relay-compiler"), [join(folder, "relay.config.json")], { cwd: folder, stdio: "pipe", timeout: 30_000 });
  return (name) => require(join(folder, "__generated__", `${name}.graphql.js`));
}

const connecting = (artifact) => (token) => {
  let payload;
  const network = runtime.Network.create(async ({ text }, variables) => (payload = await ask(text, variables, token)));
  const environment = new runtime.Environment({ network, store: new runtime.Store(new runtime.RecordSource()) });

  const run = async (name, variables) => {
    const document = artifact(named(name));
    const mutate = () =>
      new Promise((resolve, onError) => {
        const onCompleted = (data, errors) => resolve({ data, errors });
        runtime.commitMutation(environment, { mutation: document, variables, onCompleted, onError });
      });
    try {
      if (documents[name].startsWith("mutation")) return await mutate();
      // Errors beside data are the network layer's affair.
      return { data: await runtime.fetchQuery(environment, document, variables).toPromise(), errors: payload.errors };
    } catch (error) {
      if (!error.source?.errors) throw error;
      return { errors: error.source.errors };
    }
  };

  const orders = async () => {
    const [query, fragment] = [artifact("shopOrdersQuery"), artifact("shop_orders")];
    const variables = { customer, first: PAGE };
    const operation = runtime.createOperationDescriptor(query, variables);
    const retained = environment.retain(operation);
    await runtime.fetchQuery(environment, query, variables).toPromise();
    const root = environment.lookup(operation.fragment).data;
    const selector = runtime.getSelector(fragment, root);
    const shown = () => environment.lookup(selector).data.orders;
    const metadata = runtime.getPaginationMetadata(fragment, "orders");
    while (shown().pageInfo.hasNextPage) {
      const after = shown().pageInfo.endCursor;
      const next = runtime.getPaginationVariables("forward", PAGE, after, variables, {}, metadata.paginationMetadata);
      await runtime.fetchQuery(environment, metadata.paginationRequest, next).toPromise();
    }
    retained.dispose();
    return shown().edges.map(({ node }) => node.id);
  };
  return { run, orders };
};

const folder = mkdtempSync(join(tmpdir(), "relay-"));
try {
  const artifact = await compile(folder);
  print(await visit(connecting(artifact)));
} finally {
  rmSync(folder, { recursive: true });
}
