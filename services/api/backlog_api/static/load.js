// Fetches the todos of a list, page by page, and again when somebody else changed them.
// Each change is a version of the list: what the server tells of and is not a change of ours, is another's.
import { ask, get, Refusal } from "./api.js";
import { say } from "./notices.js";
import { store, path } from "./store.js";

const PAGE = 1000;
const PATIENCE = 1500; // milliseconds until what has come is shown before the rest
const SOON = 800; // milliseconds until another's changes are fetched, for there may be more of them
const AGAIN = 5000; // milliseconds until what was refused is asked for again

let running = null;
let timer = 0;
let known = 0; // the version up to which all changes are on the page
let latest = 0; // the version that the server told of last
let writing = 0; // changes that are under way
let writes = 0; // changes that were ever begun
const own = new Set(); // versions that are changes of ours, and later than `known`

/** Fetch the list's todos; the old ones stay until the new ones are there. */
export async function load() {
  running?.abort();
  clearTimeout(timer);
  const { signal } = running = new AbortController();
  const [list, before] = [store.list, writes];
  if (store.loading) { known = latest = 0; own.clear(); }
  try {
    const { wanted } = await get(path("/live"), { signal });
    const found = await pages(signal);
    if (store.list !== list) return;
    if (writes !== before && !store.loading) { later(SOON); return; } // it may be older than what we changed
    known = Math.max(known, wanted);
    for (const id of store.todos.keys()) if (!found.has(id) && id !== store.editing) store.todos.delete(id);
    const first = store.loading;
    store.loading = false;
    take(found.values());
    if (first) store.editing ??= [...store.drafts.keys()].find((id) => store.todos.has(id)) ?? null; // as it was left
    settle();
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof Refusal)) throw error;
    if (error.status === 404) store.dispatchEvent(new Event("gone"));
    else if (error.content) {
      say(`The todos cannot be shown now: ${error.message}`, { alarm: true });
      later(AGAIN);
    } // else the banner says so, and it is tried again
  }
}

async function pages(signal) {
  const since = performance.now();
  const found = new Map();
  for (let after = 0; ;) {
    const { content, headers } = await ask("GET", path(`/todos?limit=${PAGE}&after=${after}`), { signal });
    for (const todo of content) found.set(todo.id, todo);
    if (!headers.get("Link")?.includes("next")) return found;
    after = content.at(-1).id;
    if (store.loading && performance.now() - since > PATIENCE) take(content);
  }
}

function take(todos) {
  for (const todo of todos) {
    if (todo.id !== store.editing && store.todos.get(todo.id)?.revision !== todo.revision) store.put(todo);
  }
  store.changed();
}

function later(milliseconds) {
  clearTimeout(timer);
  timer = setTimeout(load, milliseconds);
}

/** The server tells of this version. */
export function heard(version) {
  latest = Math.max(latest, version);
  settle();
}

/** Fetch if there are versions that are not ours. */
function settle() {
  if (writing || store.loading) return;
  while (own.delete(known + 1)) known += 1;
  for (const version of own) if (version <= known) own.delete(version);
  if (Math.max(latest, ...own) > known) later(SOON);
}

/** Make a change; its version is one of ours. */
export async function write(method, where, options) {
  const list = store.list;
  writing += 1;
  writes += 1;
  try {
    const answer = await ask(method, where, options);
    if (store.list === list) own.add(Number(answer.headers.get("Calendar-Version") ?? 0));
    return answer;
  } finally {
    writing -= 1;
    settle();
  }
}
