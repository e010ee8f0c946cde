// The work behind the calendars, while somebody looks at it.
import { get } from "./api.js";
import { ago } from "./times.js";

const EVERY = 2000; // milliseconds

const $ = (id) => document.getElementById(id);
let timer = 0;

export function watchQueue() {
  stopQueue();
  look();
  timer = setInterval(look, EVERY);
}

export function stopQueue() {
  clearInterval(timer);
}

async function look() {
  const told = await get("/api/v1/queue", { tries: 1 }).catch(() => null);
  $("queue-away").hidden = Boolean(told?.answers);
  $("queue-away").textContent = told ? "The queue does not answer. Todos are safe, and calendars follow when it is back." : "Nothing is known of the queue now.";
  const shown = {
    waiting: told?.waiting, "in-flight": told?.in_flight, workers: told?.workers, dead: told?.dead,
    "last-build": told?.last_build ? ago(told.last_build) : "none yet",
  };
  for (const [name, value] of Object.entries(shown)) $(`queue-${name}`).textContent = value ?? "–";
  $("queue-dead").classList.toggle("alarm", told?.dead > 0);
  $("queue-workers").classList.toggle("alarm", told?.workers === 0);
}
