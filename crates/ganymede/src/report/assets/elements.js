"use strict";
// Elements, numbers and colours. Text of a run only ever becomes text: nothing here reads it as HTML.

const faults = [];
window.addEventListener("error", (event) => faults.push(String(event.message)));
window.addEventListener("unhandledrejection", (event) => faults.push(String(event.reason)));
document.addEventListener("securitypolicyviolation", (event) => faults.push("refused: " + event.blockedURI));

// el("p", {class: "x", onclick: f}, "text", child, …); children that are null are left out.
function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

// Four digits that matter.
function figure(value) {
  if (!isNumber(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e7 || size < 1e-4) return value.toExponential(2).replace("e+", "e");
  if (Number.isInteger(value)) return grouped(value);
  if (size >= 1e4) return grouped(Math.round(value));
  return String(Number(value.toPrecision(4)));
}

// 12345 as 12 345, with a thin space that does not break.
function grouped(value) {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

function duration(seconds) {
  if (!isNumber(seconds)) return "–";
  const whole = Math.round(seconds);
  if (whole < 60) return seconds.toFixed(1) + " s";
  if (whole < 3600) return Math.floor(whole / 60) + " min " + (whole % 60) + " s";
  return Math.floor(whole / 3600) + " h " + Math.floor((whole % 3600) / 60) + " min";
}

// A colour of the page's style, so that plots follow it.
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

const COLOURS = 8;

function lineColour(index) {
  return colour("line-" + (index % COLOURS));
}

// The last part of a path, unless several runs share it.
function runLabels(runs) {
  const last = runs.map((run) => run.name.replace(/[\\/]+$/, "").split(/[\\/]/).pop() || run.name);
  return runs.map((run, i) => (last.filter((name) => name === last[i]).length > 1 ? run.name : last[i]));
}
