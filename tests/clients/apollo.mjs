// Apollo Client: its normalized cache, and connections whose pages it merges by `relayStylePagination`.
import { createHash } from "node:crypto";
import { createRequire } from "node:module";

import { PAGE, authorized, customer, documents, noting, packages, print, tokens, url, visit } from "./shop.mjs";

const require = createRequire(`${packages}/apollo.js`);
const { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } = require("@apollo/client");
const { PersistedQueryLink } = require("@apollo/client/link/persisted-queries");
const { filter, firstValueFrom } = require("rxjs");
const { relayStylePagination } = require("@apollo/client/utilities");

const parsed = Object.fromEntries(Object.entries(documents).map(([name, text]) => [name, gql(text)]));

function connect(token) {
  const cache = new InMemoryCache({
    typePolicies: {
      Query: { fields: { orders: relayStylePagination(["customerId", "status"]) } },
      Product: { keyFields: ["sku"] },
    },
  });
  const link = new HttpLink({ uri: url, headers: authorized(token), fetch: noting });
  const client = new ApolloClient({ cache, link });
  const answer = async (result) => {
    const { data, error } = await result;
    if (error && !CombinedGraphQLErrors.is(error)) throw error;
    return { data, errors: error?.errors };
  };
  const run = (name, variables) => {
    const isMutation = documents[name].startsWith("mutation");
    const options = { variables, errorPolicy: "all" };
    return answer(
      isMutation
        ? client.mutate({ ...options, mutation: parsed[name] })
        : client.query({ ...options, query: parsed[name], fetchPolicy: "network-only" }),
    );
  };
  // As a page does that shows what has been read so far and asks for more.
  const orders = async () => {
    const watched = client.watchQuery({ query: parsed.Page, variables: { customer, first: PAGE } });
    const watching = watched.subscribe();
    const moreThan = (shown) => ({ loading, data }) => !loading && data.orders.edges.length > shown;
    const next = (shown) => firstValueFrom(watched.pipe(filter(moreThan(shown))));
    let { edges, pageInfo } = (await next(0)).data.orders;
    while (pageInfo.hasNextPage) {
      const variables = { after: pageInfo.endCursor };
      const [{ data }] = await Promise.all([next(edges.length), watched.fetchMore({ variables })]);
      ({ edges, pageInfo } = data.orders);
    }
    watching.unsubscribe();
    return edges.map(({ node }) => node.id);
  };
  // What the cache knows without asking.
  const known = (name, variables) => cache.readQuery({ query: parsed[name], variables });
  return { run, orders, known };
}

// Apollo's persisted queries: the document follows its digest once, and from then on the digest is enough.
async function persisted() {
  const sent = [];
  const watching = async (input, init) => {
    const response = await noting(input, init);
    sent.push(`${JSON.parse(init.body).query ? "document" : "digest"}: ${response.status}`);
    return response;
  };
  const sha256 = (text) => createHash("sha256").update(text).digest("hex");
  const http = new HttpLink({ uri: url, headers: authorized(tokens.acme), fetch: watching });
  const client = new ApolloClient({ cache: new InMemoryCache(), link: new PersistedQueryLink({ sha256 }).concat(http) });
  // A document that nobody has sent yet.
  const query = gql(documents.Read.replace(/query \w*/, "query Persisted"));
  for (const sku of ["NEW-1", "NONE"]) await client.query({ query, variables: { sku } });
  return sent;
}

const visited = await visit(connect);
// The update came into the cache by the product's key.
const cached = visited.acme.known("Read", { sku: "NEW-1" }).product.name;
print({ ...visited, cached, persisted: await persisted() });
