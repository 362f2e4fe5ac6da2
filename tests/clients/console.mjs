// Opens the console in a real browser as a newcomer does, and as a stranger's page would; prints what they saw.
import { createServer } from "node:http";
import { createRequire } from "node:module";

const { packages, browser: executablePath, url, stranger } = JSON.parse(process.argv[2]);
const { chromium } = createRequire(`${packages}/console.js`)("playwright-core");
const { origin, port } = new URL(url);

const browser = await chromium.launch({
  executablePath,
  args: [
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    // There is no internet; the stranger's name leads here.
    `--host-resolver-rules=EXCLUDE 127.0.0.1, MAP ${stranger} 127.0.0.1, MAP * ~NOTFOUND`,
  ],
});

// What the page asks for elsewhere, and what the browser says against it.
const foreign = [];
const complaints = [];
// Who asked the gateway, by the token, and for what.
const asked = [];

const editor = ".graphiql-query-editor .CodeMirror";
const result = ".result-window .CodeMirror";

// The first query stands in the editor.
const ready = (page) => page.waitForSelector(`${editor} .CodeMirror-code >> text=sku`);

async function open(path = "/") {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  await context.route(
    (target) => target.origin !== origin,
    (route) => {
      foreign.push(route.request().url());
      return route.abort();
    },
  );
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (request.url() !== `${origin}/graphql`) return;
    const token = request.headers().authorization.split(".")[1];
    const { tenant } = JSON.parse(Buffer.from(token, "base64url"));
    const { operationName, query } = request.postDataJSON();
    asked.push(`${tenant}: ${operationName ?? query.replace(/#.*\n/g, "").replace(/\s+/g, " ")}`);
  });
  await page.goto(origin + path);
  await ready(page);
  return page;
}

const text = (page, selector) =>
  page.evaluate((it) => document.querySelector(it)?.CodeMirror.getValue() ?? "", selector);
const summary = (page) => page.locator("#answer").textContent();
const type = async (page, document) => {
  await page.click(`${editor} .CodeMirror-lines`);
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText(document);
};

// Waits until the answer is as wanted.
const answered = async (page, wanted) => {
  const until = Date.now() + 30_000;
  while (!wanted(await text(page, result))) {
    if (Date.now() > until) throw new Error(`the answer is ${await text(page, result)}`);
    await page.waitForTimeout(20);
  }
};

// What the answer is once its summary says whose it is. Times and ids differ from run to run.
async function answer(page, tenant) {
  await page.waitForFunction((it) => document.querySelector("#answer").textContent.startsWith(it + " · "), tenant);
  await answered(page, (value) => value !== "");
  const { errors, ...rest } = JSON.parse(await text(page, result));
  const says = (await summary(page)).replace(/\d+ ms/, "N ms").replace(/[0-9A-Z]{26}/, "ID");
  return { says, ...rest, ...(errors && { codes: errors.map((it) => it.extensions.code) }) };
}

async function newcomer() {
  const page = await open();
  const tenants = await page.locator("#tenant option").allTextContents();
  const preset = await text(page, editor);
  await page.click(".graphiql-execute-button");
  const acme = await answer(page, "acme");

  // What was typed stays, and is asked again as the tenant who was chosen.
  const typed = "{ product(sku: \"COF-001\") { stock } }";
  await type(page, typed);
  await page.selectOption("#tenant", "globex");
  const globex = await answer(page, "globex");
  const kept = (await text(page, editor)) === typed;

  // A mutation is not.
  await type(page, "mutation { setStock(sku: \"COF-001\", stock: 7) { stock } }");
  await page.keyboard.press("Control+Enter");
  await answered(page, (value) => value.includes("setStock"));
  await page.selectOption("#tenant", "acme");
  await answered(page, (value) => value === "");

  await type(page, "{ product(sku: \"COF-001\") { name stock } }");
  await page.keyboard.press("Control+Enter");
  const again = await answer(page, "acme");
  const address = new URL(page.url()).search;
  return { tenants, preset, acme, globex, kept, again, address };
}

async function schema() {
  const page = await open("/?tenant=globex");
  const tenant = await page.inputValue("#tenant");
  await page.click('[aria-label="Show Documentation Explorer"]');
  await page.click('.graphiql-doc-explorer-content >> text="Product"');
  await page.waitForSelector('.graphiql-doc-explorer-title >> text="Product"');
  const described = await page.locator(".graphiql-doc-explorer-content").textContent();
  await type(page, "{ prod");
  await page.keyboard.press("Control+Space");
  await page.waitForSelector(".CodeMirror-hints");
  const hints = await page.locator(".CodeMirror-hint").evaluateAll((them) => them.map((it) => it.firstChild.textContent));
  return { tenant, described: described.includes("Something that a shop sells."), hints };
}

// A tenant that is refused tells nothing of the schema; the next one does.
async function suspended() {
  const page = await open("/?tenant=globex2");
  await answered(page, (value) => value !== "");
  const refused = JSON.parse(await text(page, result)).errors.map((it) => it.extensions.code);
  await page.selectOption("#tenant", "acme");
  const { says } = await answer(page, "acme");
  await page.click('[aria-label="Show Documentation Explorer"]');
  await page.waitForSelector('.graphiql-doc-explorer-content >> text="Product"');
  return { refused, says };
}

// A page that was left open for longer than its tokens live.
async function overnight() {
  const page = await open();
  let opened = 0;
  await page.route("**/console/tenants.json", async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    opened += 1;
    if (opened === 1) for (const tenant of body.tenants) tenant.token += "x";
    await route.fulfill({ response, json: body });
  });
  await page.reload();
  await ready(page);
  await page.click(".graphiql-execute-button");
  return { ...(await answer(page, "acme")), opened };
}

// A token of one's own stands before the page's.
async function headers() {
  const page = await open();
  await page.click("text=Headers");
  await page.click(".graphiql-editor-tool .CodeMirror-lines >> visible=true");
  await page.keyboard.insertText('{"Authorization": "Bearer e30.e30.e30"}');
  await page.click(".graphiql-execute-button");
  return answer(page, "your token");
}

// Other pages: one whose name was made to point at the console, and one of another port, which is nearer to it than any
// page of the internet.
async function strangers() {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const rebound = await page.goto(`http://${stranger}:${port}/`);
  const tokens = await page.evaluate(async () => (await fetch("/console/tenants.json")).status);

  const framing = createServer((_, response) => {
    response.setHeader("content-type", "text/html").end(`<iframe src="${origin}/"></iframe>`);
  });
  await new Promise((resolve) => framing.listen(0, "127.0.0.1", resolve));
  await page.goto(`http://127.0.0.1:${framing.address().port}/`);
  const read = await page.evaluate(
    (target) => fetch(target).then((it) => it.text(), () => "nothing"),
    `${origin}/console/tenants.json`,
  );
  const framed = await page.frames()[1].evaluate(() => document.querySelector("#graphiql") !== null);
  framing.close();
  return { rebound: rebound.status(), tokens, read, framed };
}

try {
  const result = { newcomer: await newcomer(), schema: await schema() };
  // Refusals, which follow, are complaints of the browser's too.
  Object.assign(result, { asked: [...asked], complaints: [...complaints] });
  Object.assign(result, { suspended: await suspended(), overnight: await overnight(), headers: await headers(), strangers: await strangers(), foreign });
  console.log(JSON.stringify(result));
} finally {
  await browser.close();
}
