// Sentences about what was done, with a way back; and the banner while the server is away.
import { answers, connection } from "./api.js";

const LASTS = 8000; // milliseconds; one with an action waits longer
const PROBE = 2500; // milliseconds between two looks for the server

const $ = (id) => document.getElementById(id);

/** Say it; `action` is { label, run }. The newest stands alone: what it says of the past is history. */
export function say(sentence, { action, alarm = false } = {}) {
  const notice = $("notice").content.cloneNode(true).firstElementChild;
  notice.classList.toggle("alarm", alarm);
  notice.querySelector("p").textContent = sentence;
  const button = notice.querySelector(".action");
  button.hidden = !action;
  if (action) {
    button.textContent = action.label;
    button.addEventListener("click", () => { notice.remove(); action.run(); });
  }
  const close = () => notice.remove();
  notice.querySelector(".close").addEventListener("click", close);
  $("notices").replaceChildren(notice);
  let timer = setTimeout(close, action || alarm ? LASTS * 2 : LASTS);
  notice.addEventListener("pointerenter", () => clearTimeout(timer));
  notice.addEventListener("focusin", () => clearTimeout(timer));
  notice.addEventListener("pointerleave", () => { timer = setTimeout(close, LASTS); });
}

/** The way back of the last change, if it is still offered. */
export function undo() {
  $("notices").querySelector(".action:not([hidden])")?.click();
}

let timer = 0;
connection.addEventListener("away", () => {
  $("away").hidden = false;
  clearInterval(timer);
  timer = setInterval(answers, PROBE);
});
connection.addEventListener("back", () => {
  $("away").hidden = true;
  clearInterval(timer);
});
addEventListener("online", answers);
