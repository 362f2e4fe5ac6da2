// AppSync's simulator: the only way to run AppSync's resolvers, with their VTL, on a machine of one's own. It has no
// BatchGetItem, and reads back what it has put, so it is measured where it makes the same calls. An API key is its
// authorization.
import { AmplifyAppSyncSimulator } from "@aws-amplify/amplify-appsync-simulator";
import { credentials, endpoint, port, table, tenant } from "../surroundings.mjs";

const schema = `
  type Order {
    id: ID! customerId: ID! productId: ID! status: String! placedAt: AWSDateTime! total: String!
    quantity: Int! weight: Float! paid: Boolean! note: String!
  }
  type Query { order(id: ID!): Order orders(customerId: ID!): [Order!]! }
`;
const key = (text) => `$util.dynamodb.toDynamoDBJson("TENANT#${tenant}#${text}")`;
const get = `{
  "version": "2017-02-28", "operation": "GetItem",
  "key": { "pk": ${key("ORDER#${ctx.args.id}")}, "sk": { "S": "META" } }
}`;
const query = `{
  "version": "2017-02-28", "operation": "Query", "index": "gsi1",
  "query": {
    "expression": "gsi1pk = :pk AND begins_with(gsi1sk, :sk)",
    "expressionValues": { ":pk": ${key("CUST#${ctx.args.customerId}")}, ":sk": { "S": "ORDER#" } }
  }
}`;
const resolver = (fieldName, request, response) => ({
  kind: "UNIT", typeName: "Query", fieldName, dataSourceName: "table",
  requestMappingTemplate: request, responseMappingTemplate: response,
});

const simulator = new AmplifyAppSyncSimulator({ port });
simulator.init({
  schema: { content: schema },
  appSync: {
    name: "bench", apiKey: "da-bench", additionalAuthenticationProviders: [],
    defaultAuthenticationType: { authenticationType: "API_KEY" },
  },
  dataSources: [{
    name: "table", type: "AMAZON_DYNAMODB",
    config: { endpoint, region: "eu-central-1", tableName: table, credentials },
  }],
  resolvers: [
    resolver("order", get, "$util.toJson($ctx.result)"),
    resolver("orders", query, "$util.toJson($ctx.result.items)"),
  ],
});
await simulator.start();
