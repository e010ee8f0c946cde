// The page's behaviour. What people wrote reaches the document as text only.
const TODOS = "/api/v1/todos";
const CALENDAR = "/api/v1/todos/ical";
const POLL = 300; // milliseconds between two questions about the calendar
const PATIENCE = 120_000; // milliseconds until we say that it takes unusually long
const STEPS = { PENDING: [1, "Waiting for a worker…"], RETRY: [1, "Trying again…"], STARTED: [2, "A worker is building it…"] };

const $ = (id) => document.getElementById(id);
const todos = new Map();

async function ask(url, options = {}) {
  const body = options.body === undefined ? {} : { body: JSON.stringify(options.body), headers: { "Content-Type": "application/json" } };
  let answer;
  try {
    answer = await fetch(url, { ...options, ...body });
  } catch {
    throw new Error("The server cannot be reached.");
  }
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.error);
  return content;
}

async function attempt(work) {
  $("problem").hidden = true;
  try {
    return await work();
  } catch (error) {
    $("problem").textContent = error.message;
    $("problem").hidden = false;
    return undefined;
  }
}

function row(todo) {
  const item = $("todo").content.cloneNode(true).firstElementChild;
  const box = item.querySelector("input");
  item.classList.toggle("done", todo.completed);
  item.querySelector("strong").textContent = todo.title;
  item.querySelector("p").textContent = todo.description ?? "";
  box.checked = todo.completed;
  box.setAttribute("aria-label", `Done: ${todo.title}`);
  box.addEventListener("change", () => tick(todo, box.checked));
  const button = item.querySelector("button");
  button.setAttribute("aria-label", `Delete: ${todo.title}`);
  button.addEventListener("click", () => remove(todo));
  const time = item.querySelector("time");
  if (todo.deadline_at) {
    const deadline = new Date(todo.deadline_at);
    time.dateTime = todo.deadline_at;
    time.textContent = deadline.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    time.classList.toggle("overdue", !todo.completed && deadline < new Date());
  } else {
    time.remove();
  }
  return item;
}

function show() {
  const all = [...todos.values()];
  $("todos").replaceChildren(...all.map(row));
  $("nothing").hidden = all.length > 0;
  const open = all.filter((todo) => !todo.completed).length;
  $("count").textContent = all.length ? `${open} open, ${all.length - open} done` : "";
}

async function load() {
  for (const todo of await ask(TODOS)) todos.set(todo.id, todo);
  show();
}

async function add(event) {
  event.preventDefault();
  const form = event.target;
  const deadline = form.deadline.value;
  const todo = await attempt(() => ask(TODOS, { method: "POST", body: {
    title: form.title.value,
    description: form.description.value || null,
    deadline_at: deadline ? new Date(deadline).toISOString() : null,
  } }));
  if (!todo) return;
  todos.set(todo.id, todo);
  show();
  form.reset();
  form.title.focus();
}

async function tick(todo, completed) {
  const changed = await attempt(() => ask(`${TODOS}/${todo.id}`, { method: "PUT", body: { completed } }));
  if (changed) todos.set(todo.id, changed);
  show();
}

async function remove(todo) {
  if (await attempt(() => ask(`${TODOS}/${todo.id}`, { method: "DELETE" }))) todos.delete(todo.id);
  show();
  $("title").focus();
}

function progress(step, sentence) {
  $("calendar-progress").hidden = step === 0;
  $("calendar-progress").value = step;
  $("calendar-state").textContent = sentence;
}

async function generate() {
  $("generate").disabled = true;
  $("download").hidden = true;
  progress(1, "Asking for it…");
  try {
    const task = await ask(CALENDAR, { method: "POST" });
    const since = Date.now();
    for (;;) {
      const { task_status: status } = await ask(`${CALENDAR}/${task.task_id}/status`);
      if (status === "SUCCESS") break;
      if (status === "FAILURE") throw new Error("The calendar could not be built. Try again.");
      const [step, sentence] = STEPS[status];
      progress(step, Date.now() - since > PATIENCE ? "It takes unusually long; it will come." : sentence);
      await new Promise((resume) => setTimeout(resume, POLL));
    }
    $("download").href = `${CALENDAR}/${task.task_id}/result`;
    $("download").hidden = false;
    progress(3, "Ready.");
  } catch (error) {
    progress(0, error.message);
  } finally {
    $("generate").disabled = false;
  }
}

$("add").addEventListener("submit", add);
$("generate").addEventListener("click", generate);
attempt(load);
