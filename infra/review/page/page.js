// Puts the page together: what is selected, searched for and shown.
const SMALL = 40; // resources: a stack of so many is shown whole

function redraw() {
  draw();
  showDetails();
  if (!$("table").hidden) showTable();
  say();
}

function say() {
  const all = resources.filter((resource) => !resource.component);
  const shown = drawnScene.shown.filter((id) => !resources[id].component);
  const found = filtering() ? all.filter(matches) : [];
  const here = new Set(shown);
  const away = found.filter((resource) => !here.has(resource.id)).length;
  $("status").textContent = filtering()
    ? `${counted(found.length, "match", "matches")}${away ? `, ${away.toLocaleString("en")} of them in the whole stack only` : ""}`
    : shown.length === all.length ? `All ${counted(all.length, "resource")}` : `${shown.length.toLocaleString("en")} of ${counted(all.length, "resource")}: what changes, and what is next to it`;
  for (const [name, scope] of [["scope-changed", "changed"], ["scope-all", "all"]]) $(name).setAttribute("aria-pressed", view.scope === scope);
}

/** What is selected is in the address, so that it can be sent to somebody, and Back is the one before. */
function select(id) {
  if (id >= 0 && resources[id].urn) location.hash = encodeURIComponent(resources[id].urn);
  else { history.pushState(null, "", location.href.split("#")[0]); selected(id); }
}

function selected(id) {
  view.selected = id;
  if (id >= 0) {
    const known = drawnScene.boxOf.get(id);
    for (const at of owners(id)) if (known?.folded && known.id !== id) view.folds.set(at, false);
    if (!known) view.more.add(id);
    if (!known || (known.folded && known.id !== id)) draw();
  }
  showDetails();
  emphasise();
  rove(id);
  if (id >= 0) camera.frame(drawnScene.boxOf.get(id), [...blastRadius(id), ...causes(id)].map((at) => drawnScene.boxOf.get(at)).filter(Boolean));
}

function follow() {
  let urn = "";
  try { urn = decodeURIComponent(location.hash.slice(1)); } catch { /* somebody else's hash */ }
  if (byUrn.has(urn)) {
    if (!$("table").hidden) showAs("graph");
    selected(byUrn.get(urn));
    if (!beside()) $("stage").scrollIntoView({ block: "start" });
  } else if (location.hash === "" && view.selected >= 0) selected(-1);
}

function fold(id) {
  view.folds.set(id, !drawnScene.boxOf.get(id).folded);
  redraw();
}

function showAs(name) {
  $("stage").hidden = name !== "graph";
  $("table").hidden = name !== "table";
  for (const one of ["graph", "table"]) $(`as-${one}`).setAttribute("aria-pressed", one === name);
  if (name === "table") showTable();
}

function scopeTo(scope) {
  view.scope = scope;
  view.more.clear();
  redraw();
  camera.fit();
}

function filter() {
  view.words = $("search").value.trim().toLowerCase();
  wholeTable = false;
  emphasise();
  say();
  if (!$("table").hidden) showTable();
}

function filterButtons() {
  const numbers = new Map();
  for (const resource of resources) if (!resource.component) numbers.set(resource.op, (numbers.get(resource.op) ?? 0) + 1);
  $("filters").append(...OPS.filter((op) => numbers.has(op)).map((op) => {
    const made = button("", () => {
      if (!view.ops.delete(op)) view.ops.add(op);
      made.setAttribute("aria-pressed", view.ops.has(op));
      filter();
    }, { class: `op ${op}`, "aria-pressed": "false" });
    made.append(mark(op), op === "same" ? "unchanged" : op);
    return made;
  }));
}

/** Enter in the search goes from match to match, also to those that are not shown yet. */
function nextMatch() {
  const found = resources.filter((resource) => !resource.component && matches(resource)).sort((a, b) => severity(b) - severity(a) || a.id - b.id);
  if (!found.length) return;
  const at = found.findIndex((resource) => resource.id === view.selected);
  select(found[(at + 1) % found.length].id);
}

const DIRECTIONS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

function keyInGraph(event) {
  const id = Number(event.target.closest("[data-id]")?.dataset.id ?? -1);
  const direction = DIRECTIONS[event.key];
  if (direction && event.shiftKey) camera.pan(-60 * direction[0], -60 * direction[1]);
  else if (direction) {
    const next = id < 0 ? undefined : neighbour(id, direction);
    if (next !== undefined) { focusOn(next); camera.reveal(drawnScene.boxOf.get(next)); }
  } else if (event.key === "Enter" && id >= 0) select(id);
  else if (event.key === " " && id >= 0) { if (resources[id].component) fold(id); else select(id); }
  else if (event.key === "+" || event.key === "=") camera.zoom(STEP, undefined, undefined, true);
  else if (event.key === "-") camera.zoom(1 / STEP, undefined, undefined, true);
  else if (event.key === "0") camera.fit();
  else return;
  event.preventDefault();
}

canvas.addEventListener("keydown", keyInGraph);
canvas.addEventListener("click", (event) => {
  const folds = event.target.closest("[data-fold]");
  const made = event.target.closest("[data-id]");
  if (folds) fold(Number(folds.dataset.fold));
  else if (made) select(Number(made.dataset.id));
  else if (view.selected >= 0) select(-1);
});
canvas.addEventListener("pointerover", (event) => {
  if (view.selected >= 0 || event.pointerType === "touch") return;
  const link = event.target.closest("[data-link]");
  emphasise(Number(event.target.closest(".node")?.dataset.id ?? -1));
  if (link) { link.classList.add("down"); $("labels").replaceChildren(label(drawnScene.links[link.dataset.link], link.dataset.link)); }
});
canvas.addEventListener("pointerleave", () => { if (view.selected < 0) emphasise(); });
$("search").addEventListener("input", filter);
$("search").addEventListener("keydown", (event) => { if (event.key === "Enter") nextMatch(); });
for (const name of ["graph", "table"]) $(`as-${name}`).addEventListener("click", () => showAs(name));
$("scope-changed").addEventListener("click", () => scopeTo("changed"));
$("scope-all").addEventListener("click", () => scopeTo("all"));
$("zoom-in").addEventListener("click", () => camera.zoom(STEP, undefined, undefined, true));
$("zoom-out").addEventListener("click", () => camera.zoom(1 / STEP, undefined, undefined, true));
$("zoom-fit").addEventListener("click", () => camera.fit());
// The bar above the findings says where one is, and how much of them it hides.
const bar = document.querySelector("nav");
new ResizeObserver(() => document.documentElement.style.setProperty("--bar", `${bar.offsetHeight}px`)).observe(bar);
const reading = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) bar.querySelector(`[href="#${target.id}"]`).toggleAttribute("data-here", isIntersecting);
  for (const link of bar.querySelectorAll("a")) link.removeAttribute("aria-current");
  bar.querySelector("[data-here]")?.setAttribute("aria-current", "location");
}, { rootMargin: "-20% 0px -40% 0px" });
for (const section of document.querySelectorAll(".reading section")) reading.observe(section);

// What differs in two sides is set off once it is seen.
const seen = (details) => { for (const item of details.querySelectorAll(".difference")) tellApart(item); };
$("findings").addEventListener("toggle", (event) => { if (event.target.open) seen(event.target); }, true);
for (const details of document.querySelectorAll("details[open]")) seen(details);
addEventListener("hashchange", follow);
addEventListener("popstate", follow);
addEventListener("beforeprint", () => {
  showTable();
  for (const one of document.querySelectorAll("details:not([open])")) one.dataset.printed = one.open = true;
});
addEventListener("afterprint", () => { for (const one of document.querySelectorAll("[data-printed]")) { one.open = false; delete one.dataset.printed; } });
addEventListener("keydown", (event) => {
  if (event.target.closest("input")) { if (event.key === "Escape" && view.selected >= 0) select(-1); return; }
  if (event.key === "/" && !event.ctrlKey && !event.metaKey) { $("search").focus(); event.preventDefault(); }
  if (event.key === "Escape" && view.selected >= 0) { const id = view.selected; select(-1); focusOn(id); }
});

$("tools").hidden = false;
$("stage").hidden = false;
$("empty").textContent = "Nothing changes. The whole stack is a button away.";
if (resources.length <= SMALL) view.scope = "all";
filterButtons();
draw();
say();
// What the first finding is about is in the middle.
const first = byUrn.get(decodeURIComponent(document.querySelector(".locate")?.hash.slice(1) ?? ""));
camera.fit(0.72, drawnScene.boxOf.get(first ?? changedOnes[0]?.id));
follow();
document.documentElement.dataset.ready = "";
