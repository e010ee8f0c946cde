// Prints as JSON what ical.js reads of a calendar: `node read_by_ical_js.mjs ICAL_JS CALENDAR`.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { default: ICAL } = await import(pathToFileURL(process.argv[2]));
const calendar = new ICAL.Component(ICAL.parse(readFileSync(process.argv[3], "utf-8")));
for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);

const moment = (value) => {
  if (!value) return null;
  return value.isDate ? value.toString() : value.toJSDate().toISOString().replace(".000Z", "Z");
};
const components = ["vtodo", "vevent"].flatMap((name) => calendar.getAllSubcomponents(name));
console.log(JSON.stringify(components.map((component) => ({
  uid: component.getFirstPropertyValue("uid"),
  summary: component.getFirstPropertyValue("summary"),
  description: component.getFirstPropertyValue("description"),
  status: component.getFirstPropertyValue("status"),
  sequence: component.getFirstPropertyValue("sequence"),
  moment: moment(component.getFirstPropertyValue("due") ?? component.getFirstPropertyValue("dtstart")),
  completed: moment(component.getFirstPropertyValue("completed")),
  changed: moment(component.getFirstPropertyValue("last-modified")),
  alarms: component.getAllSubcomponents("valarm").map((alarm) => alarm.getFirstPropertyValue("trigger").toSeconds()),
}))));
