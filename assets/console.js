// The page that `innkeeper dev` serves at `/`: GraphiQL, with the tenant to speak for chosen at the top.
(async function () {
  const { tenants, query } = await (await fetch("/console/tenants.json")).json();
  const select = document.getElementById("tenant");
  for (const tenant of tenants) select.add(new Option(tenant.id, tenant.id));
  const wanted = new URLSearchParams(location.search).get("tenant");
  if (tenants.some((tenant) => tenant.id === wanted)) select.value = wanted;

  const token = () => tenants.find((tenant) => tenant.id === select.value).token;
  const fetcher = (request, options) =>
    fetch("/graphql", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/graphql-response+json",
        authorization: "Bearer " + token(),
        ...((options && options.headers) || {}),
      },
      body: JSON.stringify(request),
    }).then((response) => response.json());

  const root = ReactDOM.createRoot(document.getElementById("graphiql"));
  const render = () =>
    root.render(
      React.createElement(GraphiQL, {
        // Another tenant is another session: the page starts anew for it.
        key: select.value,
        fetcher,
        defaultQuery: query,
        defaultEditorToolsVisibility: true,
      }),
    );
  select.addEventListener("change", render);
  render();
})();
