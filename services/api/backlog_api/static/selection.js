// Which todos are selected, and the bar of what can be done with them.
import { complete, remove } from "./actions.js";
import { store } from "./store.js";

const $ = (id) => document.getElementById(id);
let anchor = null; // where a range begins

/** Select a todo or let it go; with `range`, all from the last one to it. */
export function pick(id, range = false) {
  const shown = store.shown;
  const [from, to] = [shown.indexOf(anchor), shown.indexOf(id)];
  if (range && from >= 0) {
    for (let index = Math.min(from, to); index <= Math.max(from, to); index += 1) store.selected.add(shown[index]);
  } else if (!store.selected.delete(id)) {
    store.selected.add(id);
  }
  anchor = id;
  store.changed();
}

export function pickAll() {
  for (const id of store.shown) store.selected.add(id);
  store.changed();
}

export function pickNone() {
  store.selected.clear();
  store.changed();
}

const chosen = () => [...store.selected];

/** Show how many are selected; only those count that exist. */
export function renderSelection() {
  const count = store.selected.size;
  $("bulk").hidden = count === 0;
  document.body.classList.toggle("selecting", count > 0);
  $("bulk-count").textContent = count ? `${count.toLocaleString()} selected` : "";
  $("bulk-all").textContent = `Select all ${store.shown.length.toLocaleString()}`;
  $("bulk-all").disabled = store.shown.every((id) => store.selected.has(id));
}

function finish(work) {
  const ids = chosen();
  pickNone();
  work(ids);
}

$("bulk-done").addEventListener("click", () => finish((ids) => complete(ids, true)));
$("bulk-open").addEventListener("click", () => finish((ids) => complete(ids, false)));
$("bulk-delete").addEventListener("click", () => finish(remove));
$("bulk-all").addEventListener("click", pickAll);
$("bulk-none").addEventListener("click", pickNone);
