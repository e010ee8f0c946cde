// The lists in the side bar, and the form of one: name, time zone, reminder.
import { ask, get, Refusal } from "./api.js";
import { load } from "./load.js";
import { say } from "./notices.js";
import { store } from "./store.js";

const LISTS = "/api/v1/lists";
const FIRST = 1; // which stays
const WHERE = /^#list=(\d+)$/;
const AGAIN = 30_000; // milliseconds between two looks at what the other lists hold

const $ = (id) => document.getElementById(id);
const form = $("list-form");
let changing = null; // the list in the form; null for a new one

export async function loadLists() {
  store.lists = await get(LISTS);
  const wanted = Number(location.hash.match(WHERE)?.[1] ?? store.list?.id ?? FIRST);
  const found = store.lists.find((list) => list.id === wanted) ?? store.lists[0];
  const other = found.id !== store.list?.id;
  store.list = found;
  if (other) open();
  else renderLists();
}

/** Show another list: from nothing, as its todos are not those that stood there. */
function open() {
  Object.assign(store, { todos: new Map(), selected: new Set(), current: null, editing: null, loading: true });
  renderLists();
  store.changed();
  store.dispatchEvent(new Event("list"));
  scrollTo({ top: 0 });
  load();
}

/** What stands beside the other lists: others change them, and nothing here is told. */
async function recount() {
  if (document.hidden || !store.list) return;
  for (const list of await get(LISTS).catch(() => [])) {
    const shown = store.lists.find(({ id }) => id === list.id);
    if (shown) Object.assign(shown, list);
    else store.lists.push(list);
  }
  renderLists();
}

export function renderLists() {
  document.title = `${store.list.name} · Backlog`;
  $("list-name").textContent = store.list.name;
  const { open: left } = store.counts;
  const items = store.lists.map((list) => {
    const item = $("list-item").content.cloneNode(true).firstElementChild;
    const link = item.querySelector("a");
    link.href = `#list=${list.id}`;
    link.querySelector(".name").textContent = list.name;
    const count = list.id === store.list.id && !store.loading ? left : list.open;
    link.querySelector(".count").textContent = count ? count.toLocaleString() : "";
    if (list.id === store.list.id) link.setAttribute("aria-current", "page");
    return item;
  });
  const had = $("list-names").contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  $("list-names").replaceChildren(...items);
  if (had) $("list-names").querySelector(`a[href="${CSS.escape(had)}"]`)?.focus();
}

function show(list) {
  changing = list;
  const { name, zone, remind } = form.elements;
  $("list-form-title").textContent = list ? "List settings" : "New list";
  name.value = list?.name ?? "";
  zone.value = list?.time_zone ?? "";
  remind.value = list?.remind_minutes ?? "";
  if (remind.value !== String(list?.remind_minutes ?? "")) {
    remind.add(new Option(`${list.remind_minutes} minutes before`, list.remind_minutes));
    remind.value = list.remind_minutes;
  }
  if (!$("zones").childElementCount) $("zones").append(...Intl.supportedValuesOf("timeZone").map((known) => new Option(known, known)));
  $("list-delete").hidden = !list || list.id === FIRST;
  confirm(false);
  $("list-problem").hidden = true;
  $("list").showModal();
  name.focus();
}

function confirm(asked) {
  $("list-sure").hidden = !asked;
  $("list-buttons").hidden = asked;
}

async function attempt(work) {
  $("list-problem").hidden = true;
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { zone } = form.elements;
    $("list-problem").textContent = error.content?.fields?.time_zone
      ? `“${zone.value}” is no time zone. Choose one of those that are offered.` : error.message;
    $("list-problem").hidden = false;
    return null;
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { name, zone, remind } = form.elements;
  const body = {
    name: name.value,
    time_zone: zone.value.trim() || null,
    remind_minutes: remind.value === "" ? null : Number(remind.value),
  };
  const saved = await attempt(() => (changing ? ask("PUT", `${LISTS}/${changing.id}`, { body }) : ask("POST", LISTS, { body })));
  if (!saved) return;
  $("list").close();
  if (!changing) location.hash = `#list=${saved.content.id}`;
  await loadLists();
  for (const todo of store.todos.values()) store.put(todo); // by the clock of another zone
  store.changed();
});
$("list-cancel").addEventListener("click", () => $("list").close());
$("list-delete").addEventListener("click", () => {
  confirm(true);
  $("list-keep").focus();
});
$("list-keep").addEventListener("click", () => confirm(false));
$("list-really").addEventListener("click", async () => {
  if (!(await attempt(() => ask("DELETE", `${LISTS}/${changing.id}`)))) return;
  $("list").close();
  location.hash = `#list=${FIRST}`;
  await loadLists();
  say(`The list “${changing.name}” is deleted.`);
});
$("list-new").addEventListener("click", () => show(null));
$("list-settings").addEventListener("click", () => show(store.list));
$("list-names").addEventListener("click", () => { if ($("lists").matches(":popover-open")) $("lists").hidePopover(); });
addEventListener("hashchange", loadLists);
document.addEventListener("visibilitychange", recount);
setInterval(recount, AGAIN);
store.addEventListener("gone", () => {
  say("Somebody deleted this list.", { alarm: true });
  location.hash = "";
  store.list = null;
  loadLists();
});
