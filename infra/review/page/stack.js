// What the page knows: the resources, who uses whom, and what follows from what.
const VERDICTS = ["safe", "look", "dangerous"];
const OPS = ["delete", "replace", "update", "create", "import", "forget", "read", "same"];
const DONE = {
  create: "is created", update: "is updated in place", replace: "is replaced", delete: "is deleted", import: "is imported: it is there already",
  forget: "is no longer the stack’s own, and stays in the cloud", read: "is only read", same: "stays as it is",
};

const { resources, edges: told } = JSON.parse($("data").textContent);
resources.forEach((resource, id) => {
  Object.assign(resource, { id, uses: [], users: [], changed: !["same", "read"].includes(resource.op) && !resource.component });
  resource.text = `${resource.name} ${resource.kind} ${resource.op} ${resource.urn}`.toLowerCase();
});
const edges = told.map(([source, target, properties, standing, carries], id) => {
  const edge = { id, source, target, properties, standing, carries: Boolean(carries) };
  resources[source].users.push(edge);
  resources[target].uses.push(edge);
  return edge;
});
for (const resource of resources) resource.used = new Set(resource.uses.map((edge) => edge.source));
/** Whether a wait need not be drawn: what is waited for is waited for by another that is waited for as well. */
for (const edge of edges) edge.implied = edge.properties.length === 0 && resources[edge.target].uses.some(({ source }) => source !== edge.source && resources[source].used.has(edge.source));
const byUrn = new Map(resources.map((resource) => [resource.urn, resource.id]));

/** What is met from a resource on, near ones first, each once. */
function reached(start, next) {
  const seen = new Set([start]);
  for (const id of seen) for (const other of next(resources[id])) seen.add(other);
  seen.delete(start);
  return [...seen];
}

/** All that depends on a resource, however far. */
const blastRadius = (id) => reached(id, (resource) => resource.users.map((edge) => edge.target));

/** The changes that a resource's own change follows from, near ones first. */
const causes = (id) => reached(id, (resource) => resource.uses.filter((edge) => edge.carries).map((edge) => edge.source));

/** The components that a resource is in, the nearest first; a broken stack's circles end. */
function components(id) {
  const found = [];
  for (let at = resources[id].parent; at >= 0 && !found.includes(at); at = resources[at].parent) if (resources[at].component) found.push(at);
  return found;
}

const severity = (resource) => resource.verdict * 10 - OPS.indexOf(resource.op);
const through = (edge) => (edge.properties.length ? edge.properties.join(", ") : "waits for it");
