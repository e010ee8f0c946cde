// What can be done by keyboard alone; the list of it opens by ?.
import { complete, remove } from "./actions.js";
import { undo } from "./notices.js";
import { edit, focusOn } from "./rows.js";
import { pick, pickAll, pickNone } from "./selection.js";
import { store } from "./store.js";

const $ = (id) => document.getElementById(id);

const KEYS = {
  j: () => step(1), ArrowDown: () => step(1),
  k: () => step(-1), ArrowUp: () => step(-1),
  Home: () => focusOn(store.shown[0]), End: () => focusOn(store.shown.at(-1)),
  n: () => $("title").focus(),
  "/": () => $("search").focus(),
  u: undo,
  "?": () => $("keys").showModal(),
  Escape: () => pickNone(),
};
const ON_A_TODO = {
  " ": (id) => toggle(id),
  e: edit, Enter: edit,
  x: (id) => pick(id), X: (id) => pick(id, true),
  Delete: (id) => remove([id]), Backspace: (id) => remove([id]),
};

function step(by) {
  const shown = store.shown;
  const at = shown.indexOf(store.current);
  const moved = document.activeElement?.closest("#todos") ? at + by : at;
  focusOn(shown[Math.max(0, Math.min(shown.length - 1, moved))]);
}

/** Where a todo disappears by it, the keyboard goes to its neighbour. */
function toggle(id) {
  const shown = store.shown;
  const at = shown.indexOf(id);
  complete([id], !store.todos.get(id).completed);
  if (!store.shown.includes(id)) store.current = store.shown[Math.min(at, store.shown.length - 1)] ?? null;
  focusOn(store.current);
}

document.addEventListener("keydown", (event) => {
  const where = event.target;
  if (document.querySelector("dialog:modal") || where.closest(".edited")) return;
  if (where.matches("textarea, select, input:not([type=checkbox], [type=radio])")) {
    if (event.key === "Escape") where.blur();
    if (event.key === "ArrowDown" && where.matches("#title, #search")) { event.preventDefault(); focusOn(store.shown[0]); }
    return;
  }
  if ((event.ctrlKey || event.metaKey) && event.key === "a" && where.closest("#todos")) {
    event.preventDefault();
    pickAll();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const onTodo = where.matches("#todos button.title") && ON_A_TODO[event.key];
  const run = onTodo ? () => onTodo(Number(where.closest("li").dataset.id)) : KEYS[event.key];
  if (!run) return;
  if (event.key !== "Escape") event.preventDefault(); // it closes what is open, too
  run();
});
// A button is pressed by the release of the space bar, too.
document.addEventListener("keyup", (event) => {
  if (event.key === " " && event.target.matches("#todos button.title")) event.preventDefault();
});
$("keys-open").addEventListener("click", () => $("keys").showModal());
