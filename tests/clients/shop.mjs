// What every client asks of the shop, and how it is written down, so that what they see can be compared.
//
// A client's script gives `visit` a way to connect with a token. A connection runs a document by its operation's name
// and answers `{ data, errors }`, with `errors` as the gateway sent them; and it goes through all orders of a customer.
export const { packages, url, customer, tokens } = JSON.parse(process.argv[2]);

export const documents = {
  Create: `mutation Create($input: NewProduct!) { createProduct(input: $input) { sku price details rev } }`,
  Read: `query Read($sku: ID!) { product(sku: $sku) { sku name category price tags rev } }`,
  Update: `mutation Update($sku: ID!, $input: ProductPatch!, $rev: Int) {
    updateProduct(sku: $sku, input: $input, expectedRev: $rev) { sku name rev }
  }`,
  Partly: `query Partly($good: ID!, $bad: ID!) { good: product(sku: $good) { sku } bad: product(sku: $bad) { sku } }`,
  Page: `query Page($customer: ID!, $first: Int, $after: String) {
    orders(customerId: $customer, first: $first, after: $after) {
      edges { cursor node { id total } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }`,
};

export const PAGE = 10;

let answers = [];
const methods = new Set();

// A `fetch` that notes what went over the wire.
export const noting = async (input, init) => {
  const response = await fetch(input, { ...init, signal: AbortSignal.timeout(10_000) });
  answers.push(`${response.status} ${response.headers.get("content-type").split(";")[0]}`);
  methods.add(init.method);
  return response;
};

export const authorized = (token) => (token ? { authorization: `Bearer ${token}` } : {});

// Clients ask for `__typename` everywhere; here it only stands in the way.
const plain = (value) => JSON.parse(JSON.stringify(value ?? null, (key, it) => (key === "__typename" ? undefined : it)));

const summary = ({ data, errors }) => ({
  data: plain(data),
  ...(errors?.length && {
    errors: errors.map(({ path, extensions: { code, current } }) => ({ path, code, current: plain(current) ?? undefined })),
  }),
});

export async function visit(connect) {
  const seen = {};
  const step = async (name, result) => {
    answers = [];
    const answer = await result();
    seen[name] = { ...(Array.isArray(answer) ? { ids: answer } : summary(answer)), answers };
  };
  const [acme, nobody, anonymous] = [connect(tokens.acme), connect(tokens.nobody), connect()];
  const input = { sku: "NEW-1", name: "Oolong", category: "TEA", price: "7.50", details: { origin: ["Taiwan"], kg: 0.1 } };
  await step("create", () => acme.run("Create", { input }));
  await step("read", () => acme.run("Read", { sku: "NEW-1" }));
  const rename = (name) => acme.run("Update", { sku: "NEW-1", input: { name }, rev: 1 });
  await step("update", () => rename("Green oolong"));
  await step("conflict", () => rename("Late oolong"));
  await step("partly", () => acme.run("Partly", { good: "NEW-1", bad: "" }));
  await step("missing", () => acme.run("Read", { sku: "NONE" }));
  await step("unfit", () => acme.run("Read", { sku: { no: "id" } }));
  await step("forbidden", () => nobody.run("Read", { sku: "NEW-1" }));
  await step("unauthenticated", () => anonymous.run("Read", { sku: "NEW-1" }));
  await step("orders", () => acme.orders());
  answers = [];
  return { seen, methods: [...methods].sort(), acme };
}

export const print = ({ acme, ...rest }) => console.log(JSON.stringify(rest));
