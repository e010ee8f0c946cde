// How the list's calendar stands: by server-sent events while the page is seen, or by asking where there is no stream.
import { ask } from "./api.js";
import { heard } from "./load.js";
import { store, path } from "./store.js";

const ASK = 3000; // milliseconds between two questions where there is no stream
const AGAIN = 30_000; // milliseconds until a stream is tried again

const $ = (id) => document.getElementById(id);
let source = null;
let asking = 0;
let retrying = 0;

/** What was last told; null until then. */
export let standing = null;

/** Follow the calendar of the list that is shown. */
export function follow() {
  stop();
  if (document.hidden || !store.list) return;
  source = new EventSource(path("/live"));
  source.addEventListener("message", (event) => take(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    if (source?.readyState === EventSource.CLOSED) poll(); // there was no place for us
  });
}

function stop() {
  source?.close();
  source = null;
  clearInterval(asking);
  clearTimeout(retrying);
}

function poll() {
  stop();
  const once = async () => {
    const list = store.list;
    const { content } = await ask("GET", path("/live"), { tries: 1 }).catch(() => ({}));
    if (content && store.list === list) take(content);
  };
  once();
  asking = setInterval(once, ASK);
  retrying = setTimeout(follow, AGAIN);
}

function take(told) {
  standing = told;
  show();
  heard(told.wanted);
  document.dispatchEvent(new Event("standing"));
}

export function words({ state, behind, version, error }) {
  if (error && state !== "fresh") return "Calendar: the last build failed, it is tried again";
  if (version < 0 && !behind) return "Calendar ready soon";
  if (state === "fresh") return "Calendar up to date";
  const changes = `${behind.toLocaleString()} ${behind === 1 ? "change" : "changes"} behind`;
  return state === "building" ? "Calendar updating…" : `Calendar: ${changes}`;
}

function show() {
  $("calendar-open").dataset.state = standing.error && standing.state !== "fresh" ? "error" : standing.state;
  const text = words(standing);
  if ($("standing").textContent === text) return;
  $("standing").textContent = text;
  if (standing.state !== "building") $("standing-said").textContent = text; // who listens needs no word of every change
}

document.addEventListener("visibilitychange", follow);
store.addEventListener("list", () => {
  standing = null;
  $("calendar-open").dataset.state = "";
  $("standing").textContent = "Calendar";
  follow();
});
