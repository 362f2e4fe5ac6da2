// Runs the audits of `graphql-http` against an endpoint; prints how many there are and those that are not ok.
import { createRequire } from "node:module";

const { packages, url, token } = JSON.parse(process.argv[2]);
const { serverAudits } = createRequire(`${packages}/audits.js`)("graphql-http");

const fetchFn = (input, init = {}) => {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${token}`);
  return fetch(input, { ...init, headers, signal: AbortSignal.timeout(10_000) });
};

const audits = serverAudits({ url, fetchFn });
const failed = [];
for (const { id, name, fn } of audits) {
  const { status, reason } = await fn();
  if (status !== "ok") failed.push({ id, name, status, reason });
}
console.log(JSON.stringify({ audits: audits.length, failed }));
