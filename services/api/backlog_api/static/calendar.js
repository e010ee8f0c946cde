// The calendar's panel: how it stands, files of it, and addresses for calendar apps.
import { ask, get, pause, Refusal } from "./api.js";
import { standing, words } from "./live.js";
import { stopQueue, watchQueue } from "./queue.js";
import { store, path } from "./store.js";
import { ago } from "./times.js";

const WAIT = 400; // milliseconds between two questions for a file that is not built yet
const PATIENCE = 60_000; // milliseconds until it is said to take too long

const $ = (id) => document.getElementById(id);
const feeds = () => path("/feeds");

function show() {
  if (!standing || !$("calendar").open) return;
  $("calendar-state").textContent = words(standing).replace(/^Calendar:? (\S)/, (_, letter) => letter.toUpperCase());
  $("calendar-dot").dataset.state = $("calendar-open").dataset.state;
  $("calendar-when").textContent = standing.published_at ? `Published ${ago(standing.published_at)}` : "Not published yet";
}

async function download(kind) {
  $("download-state").textContent = "Preparing the file…";
  try {
    const { wanted } = await get(path("/live"));
    const file = await built(`${path("/calendar.ics")}?as=${kind}&min_version=${wanted}`);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = `${store.list.name.replace(/[^\p{L}\p{N} _-]/gu, "").trim() || "todos"}.ics`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    $("download-state").textContent = "Downloaded.";
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    $("download-state").textContent = error.message;
  }
}

/** The file once it shows what was wanted; the worker is at it. */
async function built(address) {
  const until = Date.now() + PATIENCE;
  for (;;) {
    const { status, headers, content } = await ask("GET", address);
    if (status === 200) return new Blob([content], { type: headers.get("Content-Type") });
    if (Date.now() > until) throw new Refusal(status, { error: "It takes unusually long to build. Try again in a minute." });
    await pause(WAIT);
  }
}

async function attempt(work) {
  $("feeds-problem").hidden = true;
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    $("feeds-problem").textContent = error.message;
    $("feeds-problem").hidden = false;
    return null;
  }
}

async function loadFeeds() {
  const found = await attempt(() => get(feeds()));
  if (!found) return;
  $("feeds").replaceChildren(...found.map((feed) => {
    const item = $("feed").content.cloneNode(true).firstElementChild;
    item.querySelector(".name").textContent = feed.name;
    item.querySelector(".when").textContent = `made ${ago(feed.created_at)}`;
    const [rotate, remove] = item.querySelectorAll("button");
    rotate.setAttribute("aria-label", `New address for ${feed.name}`);
    remove.setAttribute("aria-label", `Remove ${feed.name}`);
    rotate.addEventListener("click", async () => {
      const made = await attempt(() => ask("POST", `${feeds()}/${feed.id}/rotate`));
      if (made) await address({ ...feed, ...made.content }, "The old address no longer works.");
    });
    remove.addEventListener("click", async () => {
      if (!(await attempt(() => ask("DELETE", `${feeds()}/${feed.id}`)))) return;
      $("address").hidden = true;
      await loadFeeds();
      $("feed-name").focus();
    });
    return item;
  }));
  $("no-feeds").hidden = found.length > 0;
}

/** Show an address; it is told this once. */
async function address(feed, what) {
  const qr = await attempt(() => ask("POST", "/qr", { body: { text: feed.webcal_url } }));
  $("address-title").textContent = `Address of “${feed.name}”`;
  $("address-what").textContent = what;
  $("address-open").href = feed.webcal_url;
  $("address-url").value = feed.url;
  $("address-qr").hidden = !qr;
  if (qr) $("address-qr").src = `data:image/svg+xml,${encodeURIComponent(qr.content)}`;
  $("address").hidden = false;
  $("address-title").focus();
  $("address").scrollIntoView({ block: "nearest" });
}

$("calendar-open").addEventListener("click", () => {
  $("calendar").showModal();
  $("address").hidden = true;
  $("download-state").textContent = "";
  show();
  loadFeeds();
  watchQueue();
});
$("calendar").addEventListener("close", () => {
  stopQueue();
  $("address-url").value = "";
  $("address-qr").removeAttribute("src");
});
$("download-todos").addEventListener("click", () => download("todo"));
$("download-events").addEventListener("click", () => download("event"));
$("new-feed").addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = $("feed-name").value.trim();
  const made = await attempt(() => ask("POST", feeds(), { body: { name } }));
  if (!made) return;
  $("feed-name").value = "";
  await loadFeeds();
  await address(made.content, "Copy it now: it is shown this once.");
});
$("address-copy").addEventListener("click", async () => {
  $("address-url").select();
  const copied = await navigator.clipboard?.writeText($("address-url").value).then(() => true, () => false);
  $("address-copied").textContent = copied ? "Copied." : "Press Ctrl+C to copy.";
});
document.addEventListener("standing", show);
