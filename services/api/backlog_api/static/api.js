// Asks the API. What it refuses is a Refusal, whose message is a sentence for people.
// A request that may not have arrived is made again: every POST has a key by which the API knows it.
const PAUSES = [400, 1200, 3000]; // milliseconds before each further try
const AWAY = new Set([502, 503, 504]);
const NO_ANSWER = "The server cannot be reached.";

export class Refusal extends Error {
  constructor(status, content) {
    super(content?.error ?? NO_ANSWER);
    this.status = status;
    this.content = content;
  }
}

/** Tells of `away` and `back`. */
export const connection = new EventTarget();
let away = false;

export const pause = (milliseconds) => new Promise((resume) => setTimeout(resume, milliseconds));

/** The answer of the API: { status, headers, content }. */
export async function ask(method, path, { body, headers = {}, tries = PAUSES.length + 1, signal } = {}) {
  const told = { ...headers };
  if (body !== undefined) told["Content-Type"] = "application/json";
  if (method === "POST") told["Idempotency-Key"] = key();
  for (let done = 1; ; done += 1) {
    const answer = await attempt(path, { method, headers: told, body: body && JSON.stringify(body), signal });
    if (answer && !AWAY.has(answer.status)) return settled(answer, { again: done > 1, method });
    report(true);
    if (done >= tries) throw new Refusal(answer?.status ?? 0, null);
    await pause(PAUSES[done - 1]);
  }
}

export const get = async (path, options) => (await ask("GET", path, options)).content;

/** Whether the server answers; the banner asks until it does. */
export async function answers() {
  const answer = await attempt("/api/v1/health", {});
  if (answer?.ok) report(false);
  return Boolean(answer?.ok);
}

async function attempt(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return null;
  }
}

async function settled(answer, { again, method }) {
  report(false);
  if (answer.status === 401) location.assign("/"); // which leads to the way in
  const text = await answer.text();
  const content = answer.headers.get("Content-Type")?.startsWith("application/json") ? JSON.parse(text) : text;
  const gone = again && method === "DELETE" && answer.status === 404; // by the try whose answer was lost
  if (!answer.ok && !gone) throw new Refusal(answer.status, content);
  return { status: answer.status, headers: answer.headers, content };
}

function report(is) {
  if (away !== is) connection.dispatchEvent(new Event(is ? "away" : "back"));
  away = is;
}

function key() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
