// What is shown of the stack: which resources, which components are folded, and where everything is.
const LIMIT = 160; // changes in the view that opens
const ROOM = 80; // resources in it, as far as those next to the changes are concerned
const FOLDS = { changed: 40, all: 300 }; // with more of them, components in which nothing changes are folded
const NODE = { w: 208, h: 46 };

const view = { scope: "changed", more: new Set(), folds: new Map(), selected: -1, words: "", ops: new Set() };

/** In a large stack that has no components, what stays as it is stands together with its kind where all is shown. */
const kinds = new Map();
const loose = resources.filter((resource) => !resource.component && resource.op === "same" && components(resource.id).length === 0);
for (const resource of loose.length > FOLDS.all ? loose : []) {
  if (!kinds.has(resource.kind)) {
    kinds.set(resource.kind, resources.length);
    resources.push({ id: resources.length, name: resource.kind, kind: "unchanged", op: "same", urn: "", text: "", parent: -1, component: true, changed: false, verdict: 0, findings: [], uses: [], users: [] });
  }
  resource.alike = kinds.get(resource.kind);
}
const owners = (id) => (view.scope === "all" && resources[id].alike ? [resources[id].alike] : components(id));

const inside = resources.map(() => ({ changed: 0, all: 0 }));
for (const resource of resources) {
  if (!resource.component) for (const at of [...components(resource.id), ...(resource.alike ? [resource.alike] : [])]) { inside[at].all += 1; inside[at].changed += resource.changed; }
}
const changedOnes = resources.filter((resource) => resource.changed).sort((a, b) => severity(b) - severity(a) || a.id - b.id);

/** Resources that are shown: those that change, the worst first; what uses them, and then what they use, while there is room. */
function shownOnes() {
  if (view.scope === "all") return new Set(resources.filter((resource) => resource.urn).map((resource) => resource.id));
  const shown = new Set(changedOnes.slice(0, LIMIT).map((resource) => resource.id));
  const next = [...changedOnes.flatMap(({ users }) => users.map((edge) => edge.target)), ...changedOnes.flatMap(({ uses }) => uses.map((edge) => edge.source))];
  for (const id of next) if (shown.size < ROOM) shown.add(id);
  for (const id of view.more) shown.add(id);
  return shown;
}

/** Boxes and links of what is shown, laid out; of each resource the box that it is, or is folded into. */
function scene() {
  const shown = [...shownOnes()].sort((a, b) => a - b);
  const many = shown.length > FOLDS[view.scope];
  const folded = (id) => view.folds.get(id) ?? (many && inside[id].changed === 0 && inside[id].all > 0);
  const root = { children: [] };
  const boxes = new Map();
  const boxOf = new Map();
  for (const id of shown) {
    let owner = root;
    let box = null;
    for (const at of [...owners(id).reverse(), id]) {
      box = boxes.get(at);
      if (!box) { box = { ...NODE, id: at }; boxes.set(at, box); (owner.children ??= []).push(box); }
      boxOf.set(at, box);
      owner = box;
      if (resources[at].component && folded(at)) { box.folded = true; break; }
    }
    boxOf.set(id, box);
  }
  for (const box of boxes.values()) if (box.children) box.least = 60 + titleOf(box).length * 7.2;
  const links = new Map();
  for (const edge of edges) {
    if (edge.implied) continue;
    const [from, to] = [boxOf.get(edge.source), boxOf.get(edge.target)];
    if (!from || !to || from === to) continue;
    const key = `${from.id} ${to.id}`;
    if (!links.has(key)) links.set(key, { from, to, edges: [] });
    links.get(key).edges.push(edge);
  }
  const listed = [...links.values()];
  arrange(root, listed);
  return { root, boxes: [...boxes.values()], boxOf, links: listed.filter((link) => link.points), shown };
}

const titleOf = (box) => `${shortened(resources[box.id].name, 30)}  ${shortened(resources[box.id].kind.split(":").at(-1), 24)}`;

const filtering = () => view.words !== "" || view.ops.size > 0;
const matches = (resource) => (view.ops.size === 0 || view.ops.has(resource.op)) && view.words.split(/\s+/).every((word) => resource.text.includes(word));
