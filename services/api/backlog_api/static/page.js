// Puts the page together: what is typed and chosen above the todos, and what is shown when something changed.
import "./calendar.js";
import "./keys.js";
import { add } from "./actions.js";
import { connection } from "./api.js";
import { loadLists, renderLists } from "./lists.js";
import { load } from "./load.js";
import { render, reveal } from "./rows.js";
import { renderSelection } from "./selection.js";
import { store } from "./store.js";

const KEPT = "backlog-new-todo"; // what was typed and not added, in the tab's own storage
const MINUTE = 60_000;
const EMPTY = {
  open: ["All done", "Nothing is left to do in this list. Add the next todo above."],
  week: ["A quiet week", "Nothing is due in the next seven days."],
  overdue: ["Nothing is overdue", "Every deadline so far was met, or moved."],
  done: ["Nothing done yet", "What you tick off is kept here."],
  all: ["An empty list", "Add the first todo above: type what is to be done, and press Enter."],
};

const $ = (id) => document.getElementById(id);
const title = $("title");

function show() {
  const { counts, shown } = store;
  for (const button of $("filters").querySelectorAll("button")) {
    const name = button.value;
    button.setAttribute("aria-pressed", name === store.filter);
    button.querySelector(".count").textContent = store.loading ? "" : counts[name].toLocaleString();
  }
  $("skeleton").hidden = !store.loading || shown.length > 0;
  const nothing = !store.loading && shown.length === 0;
  $("empty").hidden = !nothing;
  if (nothing) {
    const [heading, sentence] = store.words
      ? ["No match", `No todo here holds “${store.words}”.`]
      : EMPTY[counts.all ? store.filter : "all"];
    $("empty-title").textContent = heading;
    $("empty-text").textContent = sentence;
  }
  const sentence = store.loading ? "Loading…" : `${counts.open.toLocaleString()} open, ${counts.done.toLocaleString()} done`;
  if ($("count").textContent !== sentence) $("count").textContent = sentence;
  if (store.list) renderLists();
  render();
  renderSelection();
}

/** The field is free for the next one at once; what was refused comes back to it, unless something new stands there. */
async function submit(event) {
  event.preventDefault();
  const text = title.value;
  const day = $("day").value;
  if (!text.trim()) return;
  $("add").reset();
  title.focus();
  const made = await add({ title: text, ...(day ? { deadline_at: day } : {}) });
  if (!made) {
    title.value = title.value ? `${text} ${title.value}` : text;
    $("day").value ||= day;
  } else if (store.shown.includes(made.id)) {
    queueMicrotask(() => reveal(made.id));
  }
  keep();
}

const keep = () => sessionStorage.setItem(KEPT, title.value);

$("add").addEventListener("submit", submit);
title.addEventListener("input", keep);
$("add").addEventListener("input", () => $("add").classList.toggle("chosen", Boolean($("day").value)));
$("add").addEventListener("reset", () => $("add").classList.remove("chosen"));
title.value = sessionStorage.getItem(KEPT) ?? "";
$("search").addEventListener("input", () => { store.words = $("search").value; store.changed(); });
$("order").addEventListener("change", () => { store.order = $("order").value; store.changed(); });
$("filters").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  store.filter = button.value;
  store.changed();
});
store.addEventListener("change", show);
connection.addEventListener("back", () => (store.list ? load() : loadLists()));
setInterval(() => store.changed(), MINUTE); // deadlines pass by themselves
loadLists().catch(() => {}); // the banner says so, and it is tried again
