// Draws the scene, and says in it what belongs to what is selected, pointed at, or searched for.
const canvas = $("graph");
const MANY = 800; // links: of more of them none is pointed at by itself, and only what is seen is drawn
let drawnScene = null;
let nodes = new Map(); // element of each box, by the resource's position
let lines = []; // element of each link

function draw() {
  const { root, boxes, links } = (drawnScene = scene());
  nodes = new Map(boxes.map((box) => [box.id, box.children ? component(box) : node(box)]));
  lines = links.map((link, at) => line(link, at, links.length > MANY));
  const groups = boxes.filter((box) => box.children).sort((a, b) => a.depth - b.depth);
  canvas.replaceChildren(
    arrows(),
    drawn("g", { id: "world" },
      drawn("g", {}, groups.map((box) => nodes.get(box.id))),
      drawn("g", { id: "lines" }, lines),
      drawn("g", {}, boxes.filter((box) => !box.children).map((box) => nodes.get(box.id))),
      drawn("g", { id: "labels" })),
  );
  $("empty").hidden = boxes.length > 0;
  camera.world = $("world");
  camera.bounds = root;
  drawMap();
  rove(view.selected);
  emphasise();
}

function arrows() {
  const arrow = (name) => drawn("marker", { id: `arrow-${name}`, class: `tip ${name}`, viewBox: "0 0 8 8", refX: 7.5, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto", markerUnits: "userSpaceOnUse" },
    drawn("path", { d: "M1 1 7.5 4 1 7z" }));
  return drawn("defs", {}, ["line", "down", "up", "cause"].map(arrow));
}

const said = (resource) => [
  `${resource.name}, ${resource.kind}, ${DONE[resource.op]}`,
  resource.verdict ? VERDICTS[resource.verdict] : null,
  resource.users.length ? `${counted(resource.users.length, "resource depends", "resources depend")} on it` : null,
].filter(Boolean).join("; ");

function node(box) {
  const resource = resources[box.id];
  const name = fitted(resource.name, box.w - 50 - (resource.verdict ? 22 : 0), "600 13px");
  const number = inside[box.id];
  const kind = box.folded ? `${counted(number.all, "resource")}${number.changed ? `, ${number.changed} change` : ""}` : resource.kind;
  return drawn("g", { class: `node ${resource.op}${box.folded ? " folded" : ""}`, "data-id": box.id, role: "button", tabindex: -1, "aria-label": said(resource), transform: `translate(${box.x} ${box.y})` },
    name === resource.name ? null : drawn("title", {}, resource.name),
    box.folded ? drawn("rect", { class: "behind", x: 5, y: 5, width: box.w, height: box.h, rx: 9 }) : null,
    drawn("rect", { class: "body", width: box.w, height: box.h, rx: 9 }),
    drawn("g", { class: `sign ${resource.op}`, transform: "translate(12 14)" }, drawn("use", { href: `#${resource.op}`, width: 18, height: 18 })),
    drawn("text", { class: "name", x: 40, y: 20 }, name),
    drawn("text", { class: "kind", x: 40, y: 36 }, fitted(kind, box.w - 50, "11px")),
    resource.verdict ? drawn("g", { class: `badge ${VERDICTS[resource.verdict]}`, transform: `translate(${box.w - 26} 6)` }, drawn("use", { href: `#${VERDICTS[resource.verdict]}`, width: 17, height: 17 })) : null,
  );
}

function component(box) {
  const resource = resources[box.id];
  return drawn("g", { class: `component ${resource.op}${box.depth > 1 ? " nested" : ""}`, "data-id": box.id, role: "button", tabindex: -1, "aria-label": `component ${said(resource)}`, transform: `translate(${box.x} ${box.y})` },
    drawn("rect", { class: "body", width: box.w, height: box.h, rx: 12 }),
    drawn("g", { class: "fold", "data-fold": box.id }, drawn("rect", { x: 6, y: 5, width: 24, height: 24, rx: 6 }), drawn("path", { d: "M13.5 15l4.5 4.5 4.5-4.5" })),
    drawn("text", { class: "name", x: 34, y: 21 }, shortened(resource.name, 30), drawn("tspan", { class: "kind", dx: 8 }, shortened(resource.kind.split(":").at(-1), 24))),
  );
}

function line(link, at, many) {
  const [across, down] = [link.points.map(([x]) => x), link.points.map(([, y]) => y)];
  link.frame = [Math.min(...across), Math.min(...down), Math.max(...across), Math.max(...down)];
  const path = link.points.slice(1).reduce((d, [x, y], before) => {
    const [fromX, fromY] = link.points[before];
    const reach = Math.sign(y - fromY || 1) * Math.max(16, Math.abs(y - fromY) / 2);
    return fromX === x ? `${d}L${x} ${y}` : `${d}C${fromX} ${fromY + reach} ${x} ${y - reach} ${x} ${y}`;
  }, `M${link.points[0].join(" ")}`);
  const gone = link.edges.every((edge) => edge.standing === "gone") ? " gone" : link.edges.every((edge) => edge.standing === "new") ? " new" : "";
  return drawn("g", { class: `line${gone}`, "data-link": at }, many ? null : drawn("path", { class: "near", d: path }), drawn("path", { class: "stroke", d: path }));
}

/** Of a large stack only what is seen is drawn. */
function cull() {
  if (drawnScene.links.length + drawnScene.boxes.length < MANY) return;
  const { width, height } = canvas.getBoundingClientRect();
  const [left, top] = [-camera.x / camera.k - 50, -camera.y / camera.k - 50];
  const [right, bottom] = [left + width / camera.k + 100, top + height / camera.k + 100];
  const show = (made, x, y, toX, toY) => {
    const away = toX < left || x > right || toY < top || y > bottom;
    if (made.away !== away) { made.away = away; made.style.display = away ? "none" : ""; }
  };
  for (const box of drawnScene.boxes) show(nodes.get(box.id), box.x, box.y, box.x + box.w, box.y + box.h);
  drawnScene.links.forEach(({ frame: [x, y, toX, toY] }, at) => show(lines[at], x, y, toX, toY));
}

/** What is lit: of the selected, and else of what is pointed at: all that depends on it, what it uses, its causes. */
function emphasise(pointed = -1) {
  const focus = view.selected >= 0 ? view.selected : pointed;
  const [down, why] = focus < 0 ? [new Set(), new Set()] : [new Set(blastRadius(focus)), new Set(causes(focus))];
  const uses = new Set(focus < 0 ? [] : resources[focus].uses.map((edge) => edge.source));
  const lit = new Map();
  const found = new Set(filtering() ? resources.filter(matches).map((resource) => drawnScene.boxOf.get(resource.id)?.id) : []);
  for (const [names, name] of [[uses, "up"], [why, "cause"], [down, "down"]]) for (const id of names) lit.set(drawnScene.boxOf.get(id)?.id, name);
  if (focus >= 0) lit.set(drawnScene.boxOf.get(focus)?.id, "focus");
  canvas.classList.toggle("selecting", view.selected >= 0);
  canvas.classList.toggle("filtering", filtering());
  for (const [id, made] of nodes) {
    const light = lit.get(id);
    for (const name of ["focus", "down", "up", "cause"]) made.classList.toggle(name, light === name);
    made.classList.toggle("match", found.has(id));
    if (id === view.selected) made.setAttribute("aria-current", "true"); else made.removeAttribute("aria-current");
  }
  const on = (id, set) => id === focus || set.has(id);
  const labelled = [];
  drawnScene.links.forEach((link, at) => {
    const kind = focus < 0 ? "" : link.edges.some((edge) => edge.carries && on(edge.target, why) && why.has(edge.source)) ? "cause"
      : link.edges.some((edge) => on(edge.source, down) && down.has(edge.target)) ? "down"
      : link.edges.some((edge) => edge.target === focus) ? "up" : "";
    for (const name of ["cause", "down", "up"]) lines[at].classList.toggle(name, kind === name);
    if (kind) lines[at].parentNode.append(lines[at]);
    if (kind && link.edges.some((edge) => edge.source === focus || edge.target === focus)) labelled.push([link, at]);
  });
  $("labels").replaceChildren(...(labelled.length <= 16 ? labelled.map(([link, at]) => label(link, at)) : []));
}

function label(link, at) {
  const path = lines[at].lastChild;
  const { x, y } = path.getPointAtLength(path.getTotalLength() / 2);
  return drawn("text", { class: "label", x, y: y + 3.5 }, shortened([...new Set(link.edges.map(through))].join(", "), 34));
}

/** One of them is in the order of the Tab key; arrow keys go on from it. */
function rove(id) {
  const next = nodes.get(drawnScene.boxOf.get(id)?.id) ?? nodes.get([...nodes.keys()].sort((a, b) => severity(resources[b]) - severity(resources[a]))[0]);
  for (const made of nodes.values()) made.setAttribute("tabindex", made === next ? 0 : -1);
  return next;
}

function focusOn(id) {
  const made = rove(id);
  if (!made) return;
  Object.assign(made, { away: false }).style.display = "";
  made.focus({ preventScroll: true });
}

/** The nearest box in a direction; what is aside counts more than what is far. */
function neighbour(id, [dx, dy]) {
  const here = drawnScene.boxOf.get(id);
  const [x, y] = [here.x + here.w / 2, here.y + here.h / 2];
  let best = null;
  for (const box of drawnScene.boxes) {
    if (box === here || box.children) continue;
    const [right, down] = [box.x + box.w / 2 - x, box.y + box.h / 2 - y];
    const [along, aside] = [right * dx + down * dy, Math.abs(right * dy) + Math.abs(down * dx)];
    if (along > 1 && (!best || along + 2.5 * aside < best.far)) best = { box, far: along + 2.5 * aside };
  }
  return best?.box.id;
}
