// graphql-request: one function, no cache.
import { createRequire } from "node:module";

import { PAGE, authorized, customer, documents, noting, packages, print, url, visit } from "./shop.mjs";

const { ClientError, GraphQLClient } = createRequire(`${packages}/graphql-request.js`)("graphql-request");

function connect(token) {
  const client = new GraphQLClient(url, { headers: authorized(token), fetch: noting });
  const run = async (name, variables) => {
    try {
      return { data: await client.request(documents[name], variables) };
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      return { data: error.response.data, errors: error.response.errors };
    }
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
