// The only script of the live page: it puts in parts of the page as they change, posts what its buttons say, and
// sends an image of the reader's own to be classified. All text goes in as text; parts come from our own templates.
"use strict";

const base = document.body.dataset.base;
const connection = document.getElementById("connection");

// ---- parts that change ----------------------------------------------------------------------------------------

function marks() {
  const found = [];
  for (const part of document.querySelectorAll(".part[data-mark]")) {
    found.push(part.id.slice("part-".length) + ":" + part.dataset.mark);
  }
  return found.join(",");
}

function openDetails(part) {
  const open = new Map();
  for (const item of part.querySelectorAll("details")) {
    open.set(item.querySelector("summary").textContent, item.open);
  }
  return open;
}

function put(name, mark, html) {
  const part = document.getElementById("part-" + name);
  if (!part || part.dataset.mark === mark) return;
  const open = openDetails(part);
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  part.innerHTML = html;
  part.dataset.mark = mark;
  for (const item of part.querySelectorAll("details")) {
    const before = open.get(item.querySelector("summary").textContent);
    if (before !== undefined) item.open = before;
  }
  if (focused && document.getElementById(focused)) document.getElementById(focused).focus();
  if (name === "try") prepareTry();
}

function listen() {
  const source = new EventSource(document.body.dataset.events + "?has=" + encodeURIComponent(marks()));
  source.onopen = () => { connection.textContent = "live"; };
  source.addEventListener("part", (event) => {
    const news = JSON.parse(event.data);
    put(news.name, news.mark, news.html);
  });
  source.onerror = () => {
    connection.textContent = "not connected; trying again ...";
    source.close();
    setTimeout(listen, 2000);
  };
}

// ---- buttons --------------------------------------------------------------------------------------------------

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-post]");
  if (!button) return;
  button.disabled = true;
  const answer = await fetch(base + "/" + button.dataset.post, { method: "POST" });
  if (!answer.ok) {
    connection.textContent = (await answer.json()).error;
    button.disabled = false;
  }
});

// ---- one's own image ------------------------------------------------------------------------------------------

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function picture(uri, text) {
  const figure = element("figure");
  figure.append(element("img", "", { src: uri, alt: text, class: "seen" }), element("figcaption", text));
  return figure;
}

function showAnswer(found) {
  const place = document.getElementById("verdict");
  const table = element("table");
  for (const [name, probability] of found.probabilities) {
    const row = element("tr");
    const cell = element("td");
    cell.append(element("meter", "", { min: "0", max: "1", value: String(probability), "aria-label": name }));
    row.append(element("th", name, { scope: "row" }), cell, element("td", (100 * probability).toFixed(1) + " %", { class: "num" }));
    table.append(row);
  }
  const said = element("p");
  said.append(found.variant + " says ", element("strong", found.label), ": " + found.agreeing + " of " + found.networks + " networks agree");
  const seen = element("div", "", { class: "side" });
  seen.append(picture(found.read, "as it was read"), picture(found.treated, "as the network sees it"));
  const notes = found.notes.map((note) => element("p", note, { class: "note" }));
  place.replaceChildren(said, ...notes, seen, table);
}

let latest = null;
let asked = 0;

async function classify(image) {
  latest = image;
  const number = ++asked;
  const variant = document.getElementById("variant").value;
  const place = document.getElementById("verdict");
  place.setAttribute("aria-busy", "true");
  let answer;
  try {
    const query = variant ? "?variant=" + encodeURIComponent(variant) : "";
    answer = await fetch(base + "/classify" + query, { method: "POST", body: image });
  } catch {
    answer = null;
  }
  const found = answer && answer.headers.get("content-type") === "application/json" ? await answer.json() : null;
  if (number !== asked) return;
  place.removeAttribute("aria-busy");
  if (answer && answer.ok) showAnswer(found);
  else place.replaceChildren(element("p", found ? found.error : "The server did not answer.", { class: "refuted" }));
}

function preparePad(pad) {
  const ink = pad.getContext("2d");
  const clear = () => {
    ink.fillStyle = "#ffffff";
    ink.fillRect(0, 0, pad.width, pad.height);
  };
  clear();
  ink.lineWidth = 18;
  ink.lineCap = ink.lineJoin = "round";
  const at = (event) => {
    const box = pad.getBoundingClientRect();
    return [(event.clientX - box.left) * pad.width / box.width, (event.clientY - box.top) * pad.height / box.height];
  };
  let drawing = false;
  pad.addEventListener("pointerdown", (event) => {
    drawing = true;
    pad.setPointerCapture(event.pointerId);
    ink.beginPath();
    ink.moveTo(...at(event));
    ink.lineTo(...at(event));
    ink.stroke();
  });
  pad.addEventListener("pointermove", (event) => {
    if (!drawing) return;
    ink.lineTo(...at(event));
    ink.stroke();
  });
  const end = () => {
    if (!drawing) return;
    drawing = false;
    pad.toBlob((blob) => classify(blob), "image/png");
  };
  pad.addEventListener("pointerup", end);
  pad.addEventListener("pointercancel", end);
  document.getElementById("clear").addEventListener("click", () => {
    clear();
    latest = null;
    asked += 1;
    document.getElementById("verdict").replaceChildren(element("p", "The answer will stand here.", { class: "soft" }));
  });
}

function prepareTry() {
  const drop = document.getElementById("drop");
  if (!drop) return;
  const pad = document.getElementById("pad");
  if (pad) preparePad(pad);
  const file = document.getElementById("file");
  file.addEventListener("change", () => { if (file.files.length) classify(file.files[0]); });
  document.getElementById("variant").addEventListener("change", () => { if (latest) classify(latest); });
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer.files.length) classify(event.dataTransfer.files[0]);
  });
}

prepareTry();
listen();
