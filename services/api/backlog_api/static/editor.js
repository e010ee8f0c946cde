// The form in the place of a todo's row. When somebody else changed the todo meanwhile, it shows both and asks.
import { get, Refusal } from "./api.js";
import { change, remove } from "./actions.js";
import { say } from "./notices.js";
import { focusOn } from "./rows.js";
import { store, path } from "./store.js";
import { deadlineOf, fieldsOf, inWords, zoneOf } from "./times.js";

let taken = 0;

/** The form for a todo; `grown` is told its height whenever that changes. */
export function editor(todo, grown) {
  const form = document.getElementById("edit").content.cloneNode(true).firstElementChild;
  const fields = form.elements;
  taken += 1;
  for (const label of form.querySelectorAll("label[data-for]")) {
    const field = fields[label.dataset.for];
    label.htmlFor = field.id = `edit-${taken}-${label.dataset.for}`;
  }
  form.querySelector(".zone").textContent = `Times are in ${zoneOf(store.list).replaceAll("_", " ")}.`;
  const draft = store.drafts.get(todo.id);
  fill(fields, todo, draft?.typed);

  const over = draft?.base ?? todo;
  let base = over;
  form.addEventListener("input", () => store.drafts.set(todo.id, { base: over, typed: typed(fields) }));
  form.addEventListener("change", () => days(fields));
  form.addEventListener("submit", (event) => { event.preventDefault(); save(false); });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.preventDefault(); close(); }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); save(false); }
    event.stopPropagation();
  });
  form.querySelector(".cancel").addEventListener("click", close);
  form.querySelector(".remove").addEventListener("click", () => {
    store.editing = null;
    store.drafts.delete(todo.id);
    remove([todo.id]);
    focusOn(store.current);
  });
  form.querySelector(".theirs").addEventListener("click", () => { store.put(base); close(); });
  form.querySelector(".mine").addEventListener("click", () => save(true));
  new ResizeObserver(() => grown(form.parentElement?.offsetHeight ?? 0)).observe(form);
  return form;

  async function save(regardless) {
    if (!form.reportValidity()) return;
    const button = form.querySelector(".save");
    button.disabled = true;
    try {
      await change(base, values(fields), { regardless });
      close();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.status === 412) await conflict();
      else if (error.status === 404) say("Somebody deleted this todo. Cancel, or copy what you wrote.", { alarm: true });
      else say(`Not saved: ${error.message} What you wrote is still here.`, { alarm: true });
    } finally {
      button.disabled = false;
    }
  }

  async function conflict() {
    base = await get(path(`/todos/${todo.id}`));
    const theirs = form.querySelector(".conflict");
    const when = base.deadline_at ? ` · ${inWords(base, zoneOf(store.list))}` : "";
    theirs.querySelector(".their").textContent = `${base.title}${when}${base.completed ? " · done" : ""}`;
    theirs.querySelector(".their-text").textContent = base.description ?? "";
    theirs.hidden = false;
    form.querySelector(".ways").hidden = true;
    theirs.querySelector(".mine").focus();
  }

  function close() {
    store.drafts.delete(todo.id);
    if (store.editing !== todo.id) return;
    store.editing = null;
    focusOn(todo.id);
  }
}

function fill(fields, todo, draft) {
  const { day, time } = fieldsOf(todo, zoneOf(store.list));
  fields.title.value = todo.title;
  fields.description.value = todo.description ?? "";
  fields.day.value = day;
  fields.time.value = time;
  fields.all_day.checked = !time;
  for (const [name, value] of Object.entries(draft ?? {})) {
    if (name === "all_day") fields.all_day.checked = value;
    else fields[name].value = value;
  }
  days(fields);
}

/** All that stands in the form, as `fill` puts it back. */
const typed = ({ title, description, day, time, all_day }) =>
  ({ title: title.value, description: description.value, day: day.value, time: time.value, all_day: all_day.checked });

/** A time stands beside a day that is not the whole. */
function days(fields) {
  const timed = Boolean(fields.day.value) && !fields.all_day.checked;
  fields.all_day.disabled = !fields.day.value;
  fields.time.disabled = !timed;
  fields.time.required = timed;
  if (timed && !fields.time.value) fields.time.value = "09:00";
}

function values(fields) {
  const time = fields.all_day.checked ? "" : fields.time.value;
  const deadline = deadlineOf(fields.day.value, time, zoneOf(store.list));
  if (!deadline.deadline_at) delete deadline.all_day;
  return { title: fields.title.value, description: fields.description.value || null, ...deadline };
}
