// Deadlines as people read and write them: in the list's time zone, or else in the browser's.
const DAY = 86_400_000; // milliseconds
const OWN = Intl.DateTimeFormat().resolvedOptions().timeZone;
const formats = new Map();

/** The zone whose wall clock counts; the API keeps moments in UTC, and a day as its midnight in UTC. */
export const zoneOf = (list) => list?.time_zone ?? OWN;

function format(zone, options) {
  const name = JSON.stringify([zone, options]);
  if (!formats.has(name)) formats.set(name, new Intl.DateTimeFormat([], { timeZone: zone, ...options }));
  return formats.get(name);
}

/** Day (2030-04-15) and time (17:00) of a moment, by the wall clock of a zone. */
export function wallClock(moment, zone) {
  const numeric = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const parts = Object.fromEntries(new Intl.DateTimeFormat("en-US", { timeZone: zone, ...numeric })
    .formatToParts(moment).map(({ type, value }) => [type, value]));
  return { day: `${parts.year.padStart(4, "0")}-${parts.month}-${parts.day}`, time: `${parts.hour}:${parts.minute}` };
}

/** The moment at which the wall clock of a zone shows day and time; tried twice, as the offset may change between. */
export function momentOf(day, time, zone) {
  const wanted = Date.parse(`${day}T${time}Z`);
  let moment = wanted;
  for (let round = 0; round < 2; round += 1) {
    const shown = wallClock(moment, zone);
    moment += wanted - Date.parse(`${shown.day}T${shown.time}Z`);
  }
  return new Date(moment);
}

/** What a todo's deadline is in a form: day and time, each "" for none. */
export function fieldsOf(todo, zone) {
  if (!todo.deadline_at) return { day: "", time: "" };
  if (todo.all_day) return { day: todo.deadline_at.slice(0, 10), time: "" };
  return wallClock(new Date(todo.deadline_at), zone);
}

/** The opposite: fields of a todo. */
export function deadlineOf(day, time, zone) {
  if (!day) return { deadline_at: null, all_day: false };
  if (!time) return { deadline_at: `${day}T00:00:00Z`, all_day: true };
  return { deadline_at: momentOf(day, time, zone).toISOString(), all_day: false };
}

const ends = new Map(); // of days: for ten thousand todos

/** Milliseconds since the epoch after which a todo is overdue; a day counts until it ends. */
export function dueAt(todo, zone) {
  if (!todo.deadline_at) return Infinity;
  if (!todo.all_day) return Date.parse(todo.deadline_at);
  const day = todo.deadline_at.slice(0, 10);
  const name = `${day} ${zone}`;
  if (!ends.has(name)) ends.set(name, momentOf(day, "00:00", zone).getTime() + DAY);
  return ends.get(name);
}

/** The deadline in words: "Today, 17:00", "Tomorrow", "Mon, 15 Apr 2030". */
export function inWords(todo, zone) {
  const moment = new Date(todo.deadline_at);
  const { day } = fieldsOf(todo, zone);
  const days = Math.round((Date.parse(day) - Date.parse(wallClock(new Date(), zone).day)) / DAY);
  const near = { "-1": "Yesterday", 0: "Today", 1: "Tomorrow" }[days];
  const year = Math.abs(days) > 180 ? { year: "numeric" } : {};
  const date = near ?? format("UTC", { weekday: "short", day: "numeric", month: "short", ...year }).format(new Date(`${day}T12:00:00Z`));
  return todo.all_day ? date : `${date}, ${format(zone, { hour: "numeric", minute: "2-digit" }).format(moment)}`;
}

/** "just now", "5 minutes ago": of something that has been. */
export function ago(iso) {
  const seconds = Math.max(0, (Date.now() - Date.parse(iso)) / 1000);
  const words = new Intl.RelativeTimeFormat([], { numeric: "auto" });
  if (seconds < 10) return "just now";
  if (seconds < 60) return words.format(-Math.round(seconds), "second");
  if (seconds < 3600) return words.format(-Math.round(seconds / 60), "minute");
  if (seconds < 86_400) return words.format(-Math.round(seconds / 3600), "hour");
  return words.format(-Math.round(seconds / 86_400), "day");
}
