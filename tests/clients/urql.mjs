// urql's core, with the cache that it comes with. It sends short queries by GET.
import { createRequire } from "node:module";

import { PAGE, authorized, customer, documents, noting, packages, print, url, visit } from "./shop.mjs";

const { Client, cacheExchange, fetchExchange } = createRequire(`${packages}/urql.js`)("@urql/core");

function connect(token) {
  const client = new Client({
    url,
    exchanges: [cacheExchange, fetchExchange],
    fetchOptions: { headers: authorized(token) },
    fetch: noting,
  });
  const run = async (name, variables) => {
    const document = documents[name];
    const isMutation = document.startsWith("mutation");
    const { data, error } = await (isMutation ? client.mutation(document, variables) : client.query(document, variables));
    if (error?.networkError) throw error.networkError;
    return { data, errors: error?.graphQLErrors };
  };
  const orders = async () => {
    const ids = [];
    for (let after = null, more = true; more; ) {
      const { data } = await run("Page", { customer, first: PAGE, after });
      ids.push(...data.orders.edges.map(({ node }) => node.id));
      ({ endCursor: after, hasNextPage: more } = data.orders.pageInfo);
    }
    return ids;
  };
  return { run, orders };
}

print(await visit(connect));
