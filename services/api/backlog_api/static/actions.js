// Changes of todos: shown at once, sent, and taken back with a sentence if they fail. Each has a way back.
import { pause, Refusal } from "./api.js";
import { write } from "./load.js";
import { say } from "./notices.js";
import { store, path } from "./store.js";

const MOST = 10_000; // operations of one bulk call
const PLACES = 20; // milliseconds; lets the browser paint before a large answer is worked on

const many = (count) => (count === 1 ? "1 todo" : `${count.toLocaleString()} todos`);
const fields = ({ title, description, completed, deadline_at, all_day }) =>
  ({ title, description, completed, deadline_at, all_day: Boolean(deadline_at && all_day) });

let adding = Promise.resolve();

/** Add a todo; null when it was refused. One after the other, in the order in which they were typed. */
export function add(values) {
  adding = adding.then(() => addNow(values));
  return adding;
}

async function addNow(values) {
  try {
    const { content } = await write("POST", path("/todos"), { body: values });
    store.put(content);
    store.current = content.id;
    store.changed();
    return content;
  } catch (error) {
    fail("It was not added", error);
    return null;
  }
}

/** Mark todos done or open. */
export async function complete(ids, completed) {
  const changing = ids.map((id) => store.todos.get(id)).filter((todo) => todo && todo.completed !== completed);
  if (!changing.length) return;
  const before = new Map(changing.map((todo) => [todo.id, { ...todo }]));
  for (const todo of changing) store.put({ ...todo, completed, revision: todo.revision + 1 });
  store.changed();
  const done = completed ? "done" : "open again";
  const sending = send(changing.map((todo) => ({ op: "update", id: todo.id, completed })), before, `Not marked ${done}`);
  const what = changing.length === 1 ? `“${short(changing[0].title)}”` : many(changing.length);
  const undo = async () => { if (await sending) complete(changing.map((todo) => todo.id), !completed); };
  say(`${what} marked ${done}.`, { action: { label: "Undo", run: undo } });
  await sending;
}

/** Delete todos; the way back makes them anew. */
export async function remove(ids) {
  const going = ids.map((id) => store.todos.get(id)).filter(Boolean);
  if (!going.length) return;
  const before = new Map(going.map((todo) => [todo.id, todo]));
  const shown = store.shown;
  const at = shown.indexOf(store.current);
  for (const todo of going) store.todos.delete(todo.id);
  if (before.has(store.current)) {
    store.current = shown.slice(at).find((id) => !before.has(id)) ?? shown.slice(0, Math.max(at, 0)).findLast((id) => !before.has(id)) ?? null;
  }
  store.changed();
  const sending = send(going.map((todo) => ({ op: "delete", id: todo.id })), before, "Not deleted");
  const what = going.length === 1 ? `“${short(going[0].title)}”` : many(going.length);
  const undo = async () => { if (await sending) restore(going); };
  say(`${what} deleted.`, { action: { label: "Undo", run: undo } });
  await sending;
}

async function restore(todos) {
  const operations = todos.map((todo) => ({ op: "create", ...fields(todo) }));
  const made = await send(operations, new Map(), "Not brought back");
  if (!made) return;
  todos.forEach((todo, index) => store.put({ ...todo, id: made[index].id, revision: 0 }));
  store.current = made[0].id;
  store.changed();
  say(`${many(todos.length)} brought back.`);
}

/** Change a todo's fields; a Refusal of status 412 says that somebody else did meanwhile. */
export async function change(todo, values, { regardless = false } = {}) {
  const headers = regardless ? {} : { "If-Match": `"${todo.id}-${todo.revision}"` };
  const { content } = await write("PUT", path(`/todos/${todo.id}`), { body: values, headers });
  store.put(content);
  store.changed();
}

/** One call for all; what it answers of each, or null when all is as it was before. */
async function send(operations, before, what) {
  const list = store.list;
  try {
    const results = [];
    for (let first = 0; first < operations.length; first += MOST) {
      const body = { operations: operations.slice(first, first + MOST) };
      results.push(...(await write("POST", path("/todos/bulk"), { body })).content.results);
    }
    await pause(operations.length > 500 ? PLACES : 0);
    return results;
  } catch (error) {
    if (store.list === list) for (const todo of before.values()) store.put(todo);
    store.changed();
    fail(what, error);
    return null;
  }
}

function fail(what, error) {
  if (!(error instanceof Refusal)) throw error;
  const why = error.content?.items?.[0]?.error ?? error.message;
  say(`${what}: ${why}`, { alarm: true });
}

const short = (title) => (title.length > 40 ? `${title.slice(0, 39)}…` : title);
