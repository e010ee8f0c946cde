// The graph in words: a table of what is shown, for who reads, listens or prints.
const ROWS = 400;
let wholeTable = false;

function showTable() {
  const shown = drawnScene.shown.map((id) => resources[id]).filter((resource) => !resource.component && (!filtering() || matches(resource)))
    .sort((a, b) => severity(b) - severity(a) || a.id - b.id);
  const rows = wholeTable ? shown : shown.slice(0, ROWS);
  const rest = shown.length - rows.length;
  $("table").replaceChildren(
    element("table", {},
      element("caption", {}, counted(shown.length, "resource")),
      element("thead", {}, element("tr", {}, ["Resource", "What happens", "Uses", "Is used by"].map((title) => element("th", { scope: "col" }, title)))),
      element("tbody", {}, rows.map(row))),
    rest > 0 ? button(`${rest.toLocaleString("en")} more rows`, () => { wholeTable = true; showTable(); }) : "",
  );
}

function row(resource) {
  const names = (ids) => {
    const unique = [...new Set(ids)].map((id) => `${resources[id].name} (${resources[id].kind})`);
    return unique.length > 4 ? `${unique.slice(0, 3).join(", ")} and ${unique.length - 3} more` : unique.join(", ");
  };
  return element("tr", {},
    element("th", { scope: "row" }, element("a", { href: `#${encodeURIComponent(resource.urn)}` }, resource.name), element("span", { class: "kind" }, ` ${resource.kind}`)),
    element("td", {}, element("span", { class: `op ${resource.op}` }, mark(resource.op), resource.op === "same" ? "unchanged" : resource.op),
      resource.verdict ? element("span", { class: `tag ${VERDICTS[resource.verdict]}` }, VERDICTS[resource.verdict]) : null),
    element("td", {}, names(resource.uses.map((edge) => edge.source))),
    element("td", {}, names(resource.users.map((edge) => edge.target))));
}
