// What the page knows: lists, the todos of one of them, and how they are looked at. Whoever changes it says `changed`.
import { dueAt, zoneOf } from "./times.js";

const WEEK = 7 * 86_400_000; // milliseconds

const FILTERS = {
  open: (todo) => !todo.completed,
  week: (todo, now) => !todo.completed && todo.due >= now && todo.due < now + WEEK,
  overdue: (todo, now) => !todo.completed && todo.due < now,
  done: (todo) => todo.completed,
  all: () => true,
};
const ORDERS = {
  newest: (one, other) => other.id - one.id,
  oldest: (one, other) => one.id - other.id,
  deadline: (one, other) => (one.due === other.due ? other.id - one.id : one.due - other.due),
};

class Store extends EventTarget {
  lists = [];
  list = null;
  todos = new Map();
  selected = new Set();
  filter = "open";
  words = "";
  order = "newest";
  current = null; // id of the todo that has the keyboard
  editing = null; // id of the todo that is edited
  drafts = new Map(); // id of a todo -> what was typed into its form and not saved, and the todo that it was typed over
  loading = true;
  #shown = null;
  #told = false;

  /** Keep a todo as the API tells it. Its deadline and the text to search are read once. */
  put(todo) {
    todo.due = dueAt(todo, zoneOf(this.list));
    todo.text = `${todo.title}\n${todo.description ?? ""}`.toLocaleLowerCase();
    this.todos.set(todo.id, todo);
    return todo;
  }

  /** Ids in the order in which they are shown. */
  get shown() {
    if (!this.#shown) {
      const now = Date.now();
      const word = this.words.trim().toLocaleLowerCase();
      const keep = FILTERS[this.filter];
      this.#shown = [...this.todos.values()]
        .filter((todo) => todo.id === this.editing || (keep(todo, now) && (!word || todo.text.includes(word))))
        .sort(ORDERS[this.order]).map((todo) => todo.id);
    }
    return this.#shown;
  }

  /** How many todos each filter keeps. */
  get counts() {
    const now = Date.now();
    const counts = Object.fromEntries(Object.keys(FILTERS).map((name) => [name, 0]));
    for (const todo of this.todos.values()) for (const name in FILTERS) if (FILTERS[name](todo, now)) counts[name] += 1;
    return counts;
  }

  /** Something is other than before: show it, once for all changes of this turn. */
  changed() {
    this.#shown = null;
    if (this.#told) return;
    this.#told = true;
    queueMicrotask(() => {
      this.#told = false;
      for (const id of this.selected) if (!this.todos.has(id)) this.selected.delete(id);
      this.dispatchEvent(new Event("change"));
    });
  }
}

export const store = new Store();

/** The path of the list that is shown. */
export const path = (rest = "") => `/api/v1/lists/${store.list.id}${rest}`;
