"use strict";

// Starts GraphiQL on this page's own address. Headers typed here are kept in memory only: a token never
// reaches the browser's storage.

const TOUR = `# Welcome to Caseway. This page talks to the server it came from and to nobody else.
#
# 1. Log in with the login mutation (open the docs, the book on the left, and look under Mutation).
# 2. Open "Headers" below and paste the token you were given:
#      { "Authorization": "Bearer <access token>" }
#    If you belong to several offices, say for which one you act:
#      { "Authorization": "Bearer <access token>", "Caseway-Office": "<office code>" }
# 3. Lists are pages: give first (or last), from 1 to 100, and go on with after: "<endCursor>".
# 4. Every mutation takes one input and answers a union: select the payload, and
#      ... on Error { code message }
#    for every refusal there is, now or later.
# 5. What a query may cost is limited. Add { "Caseway-Debug": "cost" } to the headers to see the cost.

query Hello {
  __typename
}
`;

async function fetcher(request, options) {
  const response = await fetch(location.pathname, {
    method: "POST",
    headers: {
      "Accept": "application/graphql-response+json, application/json;q=0.9",
      "Content-Type": "application/json",
      ...(options && options.headers),
    },
    credentials: "omit",
    body: JSON.stringify(request),
  });
  return response.json();
}

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultQuery: TOUR,
    defaultEditorToolsVisibility: "headers",
    isHeadersEditorEnabled: true,
    shouldPersistHeaders: false,
  }),
);
