// Makes elements. Text from the reviewed program only ever becomes a text node.
const SVG = "http://www.w3.org/2000/svg";
const $ = (id) => document.getElementById(id);

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined && value !== false) made.setAttribute(name, value);
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

const element = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);
const drawn = (name, attributes = {}, ...children) => fill(document.createElementNS(SVG, name), attributes, children);

/** A sign of the page's own (page.html): of an operation or a verdict. */
const mark = (name, attributes = {}) => drawn("svg",
  { class: `mark ${name}`, viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true", ...attributes }, drawn("use", { href: `#${name}` }));

const counted = (number, one, many = `${one}s`) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

/** A text of so many characters at most; what is left out is in the middle, as names differ at their ends. */
function shortened(text, longest) {
  if (text.length <= longest) return text;
  const head = Math.ceil((longest - 1) * 0.6);
  return `${text.slice(0, head)}…${text.slice(text.length - (longest - 1 - head))}`;
}

const pen = document.createElement("canvas").getContext("2d");
const FAMILY = getComputedStyle(document.body).fontFamily;
/** A text of so many pixels at most, in a font such as `600 13px`. */
function fitted(text, width, font) {
  pen.font = `${font} ${FAMILY}`;
  const fits = (longest) => pen.measureText(shortened(text, longest)).width <= width;
  let [longest, too] = [3, Math.min(text.length, 80) + 1];
  if (fits(too - 1)) return shortened(text, too - 1);
  while (too - longest > 1) {
    const middle = (longest + too) >> 1;
    if (fits(middle)) longest = middle; else too = middle;
  }
  return shortened(text, longest);
}

/** Whether the stack stands beside the findings (page.css). */
const beside = () => matchMedia("(min-width: 70rem) and (min-height: 36rem)").matches;
