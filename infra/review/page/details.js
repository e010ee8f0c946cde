// The panel of the selected resource: what happens to it, what was found, what depends on it, and why.
const SOME = 6; // of a list are shown at first
const ALIKE = 4; // characters: with fewer in common two sides are different as a whole

function showDetails() {
  const panel = $("details");
  panel.hidden = view.selected < 0;
  $("legend").hidden = panel.hidden;
  if (panel.hidden) { panel.replaceChildren(); return; }
  const resource = resources[view.selected];
  const radius = blastRadius(resource.id);
  const why = causes(resource.id);
  panel.replaceChildren(
    element("header", {},
      mark(resource.op),
      element("div", {}, element("h2", {}, resource.name), element("p", { class: "kind" }, resource.kind)),
      button("×", () => select(-1), { class: "close", "aria-label": "Close" })),
    element("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": `All about ${resource.name}` },
      element("p", { class: `done op ${resource.op}` }, sentence(resource)),
      findingsOf(resource),
      why.length ? block("Follows from", counted(why.length, "change"), why.map((id) => person(id))) : null,
      differencesOf(resource),
      block("Depend on it", radius.length ? `${counted(radius.length, "resource")}, ${changing(radius)}` : "nothing",
        radius.map((id) => person(id, resource.users.find((edge) => edge.target === id))), "radius", hiddenOnes(radius)),
      resource.uses.length ? block("It uses", counted(resource.uses.length, "resource"), resource.uses.map((edge) => person(edge.source, edge))) : null,
      resource.component ? button(drawnScene.boxOf.get(resource.id)?.folded ? "Unfold this component" : "Fold this component", () => fold(resource.id)) : null,
      resource.urn ? element("p", { class: "urn" }, element("code", {}, resource.urn)) : null),
  );
}

function changing(ids) {
  const number = ids.filter((id) => resources[id].changed).length;
  return number ? counted(number, "of which changes", "of which change") : "none of which changes";
}

const button = (text, act, attributes = {}) => {
  const made = element("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", act);
  return made;
};

function sentence(resource) {
  const order = resource.deletedFirst === undefined ? "" : resource.deletedFirst ? ": the old one goes before the new one comes" : ": the new one comes before the old one goes";
  const reasons = resource.replacedFor?.length ? `, because of ${resource.replacedFor.join(", ")}` : "";
  const marks = [...(resource.marks ?? []), ...(resource.drifted ? ["drifted"] : [])];
  return `${resource.component ? "This component" : "It"} ${DONE[resource.op]}${order}${reasons}${marks.length ? ` (${marks.join(", ")})` : ""}`;
}

function findingsOf(resource) {
  const told = resource.findings.map((at) => $(`finding-${at}`)).filter((finding) => finding && !finding.matches("#changes .safe")); // those the panel tells itself
  if (!told.length) return null;
  return element("ul", { class: "told" }, told.map((finding) => {
    const verdict = VERDICTS.find((word) => finding.classList.contains(word));
    const link = element("a", { href: `#${finding.id}` }, finding.querySelector(".title").textContent);
    link.addEventListener("click", (event) => { event.preventDefault(); showFinding(finding); });
    return element("li", { class: verdict }, mark(verdict), link);
  }));
}

function showFinding(finding) {
  const details = finding.querySelector("details");
  if (details) details.open = true;
  finding.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  for (const other of document.querySelectorAll(".finding.pointed")) other.classList.remove("pointed");
  finding.classList.add("pointed");
}

function differencesOf(resource) {
  const told = resource.differences ?? [];
  if (!told.length) return null;
  const [read, noise] = [told.filter((one) => !one[3]), told.filter((one) => one[3])];
  const row = (one) => { const made = written(one); tellApart(made); return made; };
  const written = ([path, before, after]) => element("li", { class: before === null && after === null ? "" : "difference" }, element("span", { class: "path" }, path),
    before === null ? null : [" ", element("del", {}, before)],
    before === null || after === null ? null : element("span", { class: "to", "aria-hidden": "true" }, " →"),
    after === null ? null : [" ", element("ins", {}, after)]);
  const title = { create: "It is given", delete: "It was given" }[resource.op] ?? "What differs";
  return element("section", {}, element("h3", {}, title), element("ul", { class: "lines" }, read.map(row)),
    noise.length ? element("details", {}, element("summary", {}, `${counted(noise.length, "difference")} that need not be read`), element("ul", { class: "lines" }, noise.map(row))) : null);
}

/** Sets off in two sides what is not the same, by whole words. */
function tellApart(item) {
  const sides = [item.querySelector("del"), item.querySelector("ins")];
  if (!sides.every(Boolean) || sides.some((side) => side.firstElementChild)) return;
  const [gone, come] = sides.map((side) => [...side.textContent]);
  const least = Math.min(gone.length, come.length);
  const word = /[\p{L}\p{N}]/u;
  let [start, end] = [0, 0];
  while (start < least && gone[start] === come[start]) start += 1;
  while (start > 0 && word.test(gone[start - 1])) start -= 1;
  while (end < least - start && gone.at(-1 - end) === come.at(-1 - end)) end += 1;
  while (end > 0 && word.test(gone.at(-end))) end -= 1;
  if (start + end < ALIKE) return;
  [gone, come].forEach((text, at) => {
    const [from, to] = [start, text.length - end];
    sides[at].replaceChildren(text.slice(0, from).join(""), element("b", {}, text.slice(from, to).join("")), text.slice(to).join(""));
  });
}

/** A list with its beginning shown, and the rest on demand. */
function block(title, number, rows, id = "", more = null) {
  const list = element("ul", { class: "people" }, rows.slice(0, SOME));
  const rest = rows.length > SOME ? button(`${(rows.length - SOME).toLocaleString("en")} more`, () => { list.append(...rows.slice(SOME)); rest.remove(); }, { class: "more" }) : null;
  return element("section", id ? { id } : {}, element("h3", {}, `${title} `, element("span", { class: "count" }, number)), list, rest, more);
}

function person(id, edge) {
  const resource = resources[id];
  const link = element("a", { href: `#${encodeURIComponent(resource.urn)}` }, resource.name);
  return element("li", {}, mark(resource.op), link, element("span", { class: "kind" }, ` ${resource.kind}${edge ? `: ${through(edge)}` : ""}`));
}

/** What the graph does not show of it, and a way to have it shown. */
function hiddenOnes(radius) {
  const away = radius.filter((id) => !drawnScene.boxOf.has(id));
  if (!away.length) return null;
  return button(`${counted(away.length, "of them is", "of them are")} not in the graph: show`, () => { for (const id of away) view.more.add(id); redraw(); camera.fit(); }, { class: "more" });
}
