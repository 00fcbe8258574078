// Shows /openapi.json: an operation a section, with its parameters, its bodies and its answers. Nothing is loaded from
// elsewhere, and all text goes in as text.

function element(name, text, ...children) {
  const made = document.createElement(name);
  if (text !== null) made.textContent = text;
  made.append(...children);
  return made;
}

function table(rows) {
  return element("table", null, ...rows.map((cells) => element("tr", null, ...cells.map((cell, place) => element(place ? "td" : "th", cell)))));
}

function named(schema) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.anyOf) return schema.anyOf.map(named).join(" or ");
  if (schema.type === "array") return `list of ${named(schema.items)}`;
  return [schema.type, schema.format].filter(Boolean).join(", ");
}

function bodies(content) {
  return Object.entries(content ?? {}).map(([kind, { schema }]) => [kind, named(schema)].filter(Boolean).join(": ")).join("; ");
}

function operation(method, path, { summary, description, parameters, requestBody, responses }) {
  const section = element("section", null, element("h2", `${method.toUpperCase()} ${path}`), element("p", description ?? summary));
  if (parameters) {
    section.append(element("h3", "Parameters"), table(parameters.map((each) => [each.name, named(each.schema), each.description ?? ""])));
  }
  if (requestBody) section.append(element("h3", "Body"), element("p", bodies(requestBody.content)));
  section.append(element("h3", "Answers"), table(Object.entries(responses).map(([status, each]) => [status, each.description, bodies(each.content)])));
  return section;
}

function schema(name, { description, properties }) {
  const rows = Object.entries(properties ?? {}).map(([field, of]) => [field, named(of)]);
  return element("section", null, element("h2", name), element("p", description ?? ""), table(rows));
}

const main = document.querySelector("main");
try {
  const answer = await fetch("/openapi.json");
  const { paths, components } = await answer.json();
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, about] of Object.entries(methods)) main.append(operation(method, path, about));
  }
  for (const [name, about] of Object.entries(components.schemas)) main.append(schema(name, about));
} catch (error) {
  main.append(element("p", `The server does not answer: ${error.message}`));
}
