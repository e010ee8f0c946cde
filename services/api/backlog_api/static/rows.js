// The todos, of which only those near the window are in the document: rows of one height, and the edited one's own.
import { editor } from "./editor.js";
import { complete, remove } from "./actions.js";
import { pick } from "./selection.js";
import { store } from "./store.js";
import { inWords, zoneOf } from "./times.js";

const MARGIN = 8; // rows kept above and below the window

const list = document.getElementById("todos");
const made = new Map(); // id -> { element, todo, form }
let height = 0; // of a row, in pixels
let extra = 0; // of the edited row
let focusing = false;

/** Put the keyboard on a todo, and bring it into view. */
export function focusOn(id) {
  if (id === null || id === undefined) return;
  store.current = id;
  focusing = true;
  store.changed();
}

/** Bring a todo into view, and leave the keyboard where it is. */
export function reveal(id) {
  const index = store.shown.indexOf(id);
  if (index < 0) return;
  const top = list.getBoundingClientRect().top + scrollY + offset(index);
  const cover = document.getElementById("bar").getBoundingClientRect().bottom;
  if (top - scrollY < cover + 8) scrollTo({ top: top - cover - 8 });
  else if (top + rowHeight(index) > scrollY + innerHeight - 96) scrollTo({ top: top + rowHeight(index) - innerHeight + 96 });
}

const editedAt = () => (store.editing === null ? -1 : store.shown.indexOf(store.editing));
const rowHeight = (index) => height + (index === editedAt() ? extra : 0);

function offset(index) {
  const at = editedAt();
  return index * height + (at >= 0 && at < index ? extra : 0);
}

/** Show what the store holds. */
export function render() {
  height = parseFloat(getComputedStyle(list).getPropertyValue("--row")) * parseFloat(getComputedStyle(document.documentElement).fontSize);
  const shown = store.shown;
  if (store.editing === null) extra = 0;
  list.style.height = `${shown.length * height + (editedAt() >= 0 ? extra : 0)}px`;
  if (focusing) reveal(store.current);
  const above = Math.max(0, -list.getBoundingClientRect().top - (editedAt() >= 0 ? extra : 0));
  const first = Math.max(0, Math.floor(above / height) - MARGIN);
  const last = Math.min(shown.length, Math.ceil((above + innerHeight + extra) / height) + MARGIN);
  const wanted = new Map();
  for (let index = first; index < last; index += 1) wanted.set(shown[index], index);
  for (const kept of [store.current, store.editing]) {
    const index = kept === null ? -1 : shown.indexOf(kept);
    if (index >= 0) wanted.set(kept, index);
  }
  if (!wanted.has(store.current) && shown.length && shown.indexOf(store.current) < 0) store.current = shown[Math.min(first, shown.length - 1)];
  for (const [id, row] of made) {
    if (!wanted.has(id)) {
      row.element.remove();
      made.delete(id);
    }
  }
  let at = list.firstElementChild;
  for (const [id, index] of [...wanted].sort((one, other) => one[1] - other[1])) {
    const row = rowOf(id);
    if (row.element === at) at = at.nextElementSibling;
    else list.insertBefore(row.element, at);
    place(row, id, index, shown.length);
  }
  if (focusing && made.has(store.current)) {
    focusing = false;
    made.get(store.current).element.querySelector("input.title, button.title").focus({ preventScroll: true });
  }
}

function rowOf(id) {
  const todo = store.todos.get(id);
  const row = made.get(id) ?? { element: document.createElement("li"), todo: null, form: null };
  const edited = store.editing === id;
  if (edited !== Boolean(row.form)) {
    row.form = edited ? editor(todo, grown) : null;
    row.todo = null;
    row.element.replaceChildren(...(edited ? [row.form] : []));
    row.element.className = edited ? "edited" : "row";
  }
  if (!edited && row.todo !== todo) fill(row, todo);
  made.set(id, row);
  return row;
}

function grown(pixels) {
  if (Math.abs(pixels - height - extra) < 1) return;
  extra = Math.max(0, pixels - height);
  store.changed();
}

function fill(row, todo) {
  if (!row.todo) {
    row.element.replaceChildren(document.getElementById("todo").content.cloneNode(true));
    row.element.className = "row";
    row.element.dataset.id = todo.id;
  }
  row.todo = todo;
  const find = (selector) => row.element.querySelector(selector);
  row.element.classList.toggle("finished", todo.completed);
  find(".name").textContent = todo.title;
  find(".about").textContent = (todo.description ?? "").split("\n")[0];
  find(".done").checked = todo.completed;
  find(".done").setAttribute("aria-label", `Done: ${todo.title}`);
  find(".pick").setAttribute("aria-label", `Select: ${todo.title}`);
  find(".delete").setAttribute("aria-label", `Delete: ${todo.title}`);
  const time = find("time");
  time.hidden = !todo.deadline_at;
  if (todo.deadline_at) {
    const late = !todo.completed && todo.due < Date.now();
    time.dateTime = todo.all_day ? todo.deadline_at.slice(0, 10) : todo.deadline_at;
    time.textContent = (late ? "Overdue: " : "") + inWords(todo, zoneOf(store.list));
    time.classList.toggle("overdue", late);
  }
}

function place(row, id, index, count) {
  const { element } = row;
  element.style.transform = `translateY(${offset(index)}px)`;
  element.setAttribute("aria-posinset", index + 1);
  element.setAttribute("aria-setsize", count);
  if (row.form) return;
  const current = id === store.current;
  element.classList.toggle("selected", store.selected.has(id));
  element.querySelector(".pick").checked = store.selected.has(id);
  for (const control of element.querySelectorAll("button, input")) control.tabIndex = current ? 0 : -1;
}

const idOf = (element) => Number(element.closest("li")?.dataset.id);

list.addEventListener("click", (event) => {
  const control = event.target.closest("button, input, a");
  if (!control || event.target.closest(".edited")) return;
  const id = idOf(control);
  store.current = id;
  if (control.matches(".title")) edit(id);
  else if (control.matches(".delete")) remove([id]);
  else if (control.matches(".done")) complete([id], control.checked);
  else if (control.matches(".pick")) pick(id, event.shiftKey);
});
list.addEventListener("focusin", (event) => {
  const id = idOf(event.target);
  if (id && id !== store.current && store.editing === null) { store.current = id; store.changed(); }
});

/** Open a todo for editing. */
export function edit(id) {
  if (!store.todos.has(id) || store.editing === id) return;
  store.editing = id;
  focusOn(id);
}

let frame = 0;
const soon = () => { cancelAnimationFrame(frame); frame = requestAnimationFrame(render); };
addEventListener("scroll", soon, { passive: true });
addEventListener("resize", soon);
