// Mercurius with its JIT: GraphQL on Fastify, whose resolvers call the AWS SDK. One client with fixed credentials; no
// token, no tenant, no limits. It selects what it answers by the document, and asks DynamoDB for whole items.
import { BatchGetItemCommand, DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import Fastify from "fastify";
import { GraphQLScalarType } from "graphql";
import mercurius from "mercurius";
import { credentials, endpoint, port, table, tenant } from "../surroundings.mjs";

const client = new DynamoDBClient({ endpoint, region: "eu-central-1", credentials });

const fields = `id: ID! customerId: ID! productId: ID! status: OrderStatus! placedAt: DateTime! total: Decimal!
  quantity: Int! weight: Float! paid: Boolean! note: String!`;
const schema = `
  scalar Decimal
  scalar DateTime
  enum OrderStatus { PLACED PAID SHIPPED }
  type Order { ${fields} product: Product }
  type Product { id: ID! name: String! price: Decimal! }
  input NewOrder { ${fields} }
  type Query { order(id: ID!): Order orders(customerId: ID!): [Order!]! }
  type Mutation { createOrder(input: NewOrder!): Order! }
`;

const resolvers = {
  Decimal: new GraphQLScalarType({ name: "Decimal", serialize: String, parseValue: Number }),
  Query: {
    async order(_, { id }) {
      const Key = marshall({ pk: `TENANT#${tenant}#ORDER#${id}`, sk: "META" });
      const { Item } = await client.send(new GetItemCommand({ TableName: table, Key }));
      return Item && unmarshall(Item);
    },
    async orders(_, { customerId }) {
      const { Items } = await client.send(new QueryCommand({
        TableName: table,
        IndexName: "gsi1",
        KeyConditionExpression: "gsi1pk = :pk AND begins_with(gsi1sk, :sk)",
        ExpressionAttributeValues: marshall({ ":pk": `TENANT#${tenant}#CUST#${customerId}`, ":sk": "ORDER#" }),
      }));
      return Items.map((item) => unmarshall(item));
    },
  },
  Mutation: {
    async createOrder(_, { input }) {
      const keys = {
        pk: `TENANT#${tenant}#ORDER#${input.id}`,
        sk: "META",
        gsi1pk: `TENANT#${tenant}#CUST#${input.customerId}`,
        gsi1sk: `ORDER#${input.placedAt}#${input.id}`,
      };
      const Item = marshall({ ...keys, ...input });
      await client.send(new PutItemCommand({
        TableName: table, Item, ConditionExpression: "attribute_not_exists(pk)",
      }));
      return input;
    },
  },
};

// One batch for the products of all orders of a request.
const loaders = {
  Order: {
    product: {
      opts: { cache: false },
      async loader(queries) {
        const keys = queries.map(({ obj }) => `TENANT#${tenant}#PRODUCT#${obj.productId}`);
        const Keys = keys.map((pk) => marshall({ pk, sk: "META" }));
        const { Responses } = await client.send(new BatchGetItemCommand({ RequestItems: { [table]: { Keys } } }));
        const found = new Map(Responses[table].map((item) => unmarshall(item)).map((item) => [item.pk, item]));
        return keys.map((key) => found.get(key));
      },
    },
  },
};

const app = Fastify();
app.register(mercurius, { schema, resolvers, loaders, jit: 1 });
await app.listen({ port, host: "127.0.0.1" });
