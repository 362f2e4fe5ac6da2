// The page that `innkeeper dev` serves at `/`: GraphiQL, with the tenant to speak for chosen at the top.
//
// One tenant's answer is never shown as another's: choosing a tenant empties the answer, and asks again where
// the operation only reads.
(async function () {
  const { createElement, useEffect, useState } = React;
  const { useEditorContext, useExecutionContext, useSchemaContext } = GraphiQL.React;
  const { getOperationAST, parse, print } = GraphiQL.GraphQL;
  const main = document.getElementById("graphiql");
  const select = document.getElementById("tenant");

  const HINT =
    "# Run this with the button beside it.\n" +
    "# Then choose another tenant above: the\n" +
    "# same question gets its own answer.\n";

  // The tokens are kept in memory alone.
  let tokens = {};
  const load = async () => {
    const { tenants, query } = await (await fetch("/console/tenants.json")).json();
    tokens = Object.fromEntries(tenants.map(({ id, token }) => [id, token]));
    return { tenants: tenants.map(({ id }) => id), query };
  };

  // What is typed under "Headers" stands before what the page sends by itself.
  const send = (request, typed) => {
    const headers = new Headers(typed);
    const set = (name, value) => headers.has(name) || headers.set(name, value);
    set("content-type", "application/json");
    set("accept", "application/graphql-response+json");
    set("authorization", "Bearer " + tokens[select.value]);
    return fetch("/graphql", { method: "POST", headers, body: JSON.stringify(request) });
  };

  // Says below the answer whose it is and what it took.
  let summarize = () => {};
  const fetcher = async (request, { headers } = {}) => {
    const [tenant, started] = [select.value, performance.now()];
    const hasOwnToken = new Headers(headers).has("authorization");
    let response = await send(request, headers);
    if (response.status === 401 && !hasOwnToken) {
      // The page has been open for longer than its tokens live. Nothing was run.
      await load();
      response = await send(request, headers);
    }
    const answer = await response.json();
    // The schema is the same for every tenant, and nobody asked for it.
    if (request.operationName === "IntrospectionQuery") return answer;
    // An answer for a tenant who is no longer chosen is shown to nobody.
    if (tenant !== select.value) return new Promise(() => {});
    const took = Math.round(performance.now() - started) + " ms";
    const id = "request " + response.headers.get("x-request-id");
    summarize([hasOwnToken ? "your token" : tenant, response.status, took, id].join(" · "));
    return answer;
  };

  const reads = (text, name) => {
    try {
      return getOperationAST(parse(text), name)?.operation === "query";
    } catch {
      return false;
    }
  };

  // It stands inside GraphiQL, where the editors are at hand.
  const Footer = () => {
    const [summary, setSummary] = useState("");
    const { queryEditor, responseEditor } = useEditorContext();
    const { operationName, run, stop } = useExecutionContext();
    const { schema, introspect } = useSchemaContext();
    summarize = setSummary;
    useEffect(() => {
      const change = () => {
        history.replaceState(null, "", "?tenant=" + encodeURIComponent(select.value));
        const wasAnswered = responseEditor.getValue() !== "";
        stop();
        responseEditor.setValue("");
        setSummary("");
        if (!schema) introspect();
        if (wasAnswered && reads(queryEditor.getValue(), operationName)) run();
      };
      select.addEventListener("change", change);
      return () => select.removeEventListener("change", change);
    });
    return createElement("output", { id: "answer" }, summary);
  };

  try {
    const { tenants, query } = await load();
    for (const tenant of tenants) select.add(new Option(tenant, tenant));
    const wanted = new URLSearchParams(location.search).get("tenant");
    if (tenants.includes(wanted)) select.value = wanted;
    const options = { fetcher, defaultQuery: HINT + print(parse(query)), defaultEditorToolsVisibility: true };
    const footer = createElement(GraphiQL.Footer, null, createElement(Footer));
    ReactDOM.createRoot(main).render(createElement(GraphiQL, options, footer));
  } catch (error) {
    main.textContent = "The page cannot be shown: " + error;
  }
})();
