// Makes the handsets live: listens to the mock's events, fetches a phone's picture again when something about
// it changed, sends forms without leaving the page, shows spoken words as they are said and speaks them aloud.
// Without this script the same forms work by reloading.
"use strict";

const desk = document.querySelector(".desk");
const link = document.getElementById("link");
const sound = document.getElementById("sound");
const waiting = new Map();
const silenced = new Set();
const spoken = new Set();

function phoneOf(number) {
  const plain = number.replace("whatsapp:", "").replace("messenger:", "+");
  return [...desk.querySelectorAll(".phone")].find((phone) => phone.dataset.number === plain);
}

// How a phone is addressed on the channel of another address.
function ownAddress(number, other) {
  if (other.startsWith("whatsapp:")) return `whatsapp:${number}`;
  return other.startsWith("messenger:") ? `messenger:${number.replace("+", "")}` : number;
}

function scrollDown(phone) {
  for (const list of phone.querySelectorAll(".thread, .call .said")) list.scrollTop = list.scrollHeight;
}

// Several events in a row cost one fetch; a fetch under way is followed by one more.
function refresh(number) {
  if (waiting.has(number)) {
    waiting.set(number, true);
    return;
  }
  waiting.set(number, false);
  draw(number).finally(() => {
    const again = waiting.get(number);
    waiting.delete(number);
    if (again) refresh(number);
  });
}

async function draw(number) {
  const old = phoneOf(number);
  if (!old) return;
  const query = new URLSearchParams({ number, label: old.dataset.label, back: location.search });
  const answer = await fetch(`/handset/phone?${query}`);
  if (!answer.ok) return;
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = parsed.querySelector(".phone");
  if (!fresh) return;
  replace(old, fresh, ".screen");
  replace(old, fresh, ".last");
  for (const part of [".tools summary", ".mailing > summary"]) {
    old.querySelector(part).replaceWith(fresh.querySelector(part));
  }
  replace(old, fresh, ".mails");
  keepChoice(old.querySelector("[name=answers]"), fresh.querySelector("[name=answers]"));
  old.dataset.now = fresh.dataset.now;
  old.dataset.seen = String(Date.now());
  settle(old);
}

// New mails can be answered; what is chosen stays chosen.
function keepChoice(before, after) {
  if (before.innerHTML === after.innerHTML) return;
  const chosen = before.value;
  before.replaceChildren(...after.children);
  before.value = [...before.options].some((option) => option.value === chosen) ? chosen : "";
}

// Replaces one part, keeping the focus, what is unfolded and what is half typed.
function replace(old, fresh, selector) {
  const [before, after] = [old.querySelector(selector), fresh.querySelector(selector)];
  if (!after) {
    before?.remove();
    return;
  }
  if (!before) {
    old.append(after);
    return;
  }
  const focused = before.contains(document.activeElement) ? document.activeElement : null;
  if (before.open) after.open = true;
  for (const unfolded of before.querySelectorAll("details[open]")) {
    const same = after.querySelector(`details[data-keep="${unfolded.dataset.keep}"]`);
    if (same) same.open = true;
  }
  const typed = before.querySelector("input[name=words]");
  const field = after.querySelector("input[name=words]");
  const selection = typed && [typed.selectionStart, typed.selectionEnd];
  if (typed && field) field.value = typed.value;
  const summary = focused?.closest("summary")?.parentElement.dataset.keep;
  before.replaceWith(after);
  if (!focused) return;
  if (focused === typed && field) {
    field.focus();
    field.setSelectionRange(...selection);
  } else if (summary) {
    after.querySelector(`details[data-keep="${summary}"] summary`)?.focus();
  } else {
    const same = [...after.querySelectorAll("button")].find(
      (button) => button.name === focused.name && button.value === focused.value);
    same?.focus();
  }
}

function settle(phone) {
  const call = phone.querySelector(".call");
  if (call) {
    const ringing = call.dataset.state === "ringing";
    call.classList.toggle("small", ringing && silenced.has(call.dataset.call));
    call.querySelector("[data-show]")?.addEventListener("click", () => {
      silenced.delete(call.dataset.call);
      call.classList.remove("small");
    });
  }
  showWords(phone);
  scrollDown(phone);
}

// Shows as many words of a line as have been said, by the mock's own clock.
function showWords(phone) {
  const ahead = Number(phone.dataset.now) - Number(phone.dataset.seen || Date.now());
  for (const line of phone.querySelectorAll(".call .said .gateway, .call .said .other")) {
    line.dataset.full ??= line.textContent;
    const words = line.dataset.full.split(" ");
    const perWord = Number(line.dataset.word) || 1;
    const said = Math.floor((Date.now() + ahead - Number(line.dataset.at)) / perWord) + 1;
    const whole = said >= words.length || line.classList.contains("cut");
    const text = whole ? line.dataset.full : words.slice(0, Math.max(said, 1)).join(" ");
    if (line.textContent !== text) {
      line.textContent = text;
      line.parentElement.scrollTop = line.parentElement.scrollHeight;
    }
    speak(line);
  }
}

function speak(line) {
  const key = `${line.dataset.at} ${line.dataset.full}`;
  const wanted = sound.querySelector("input").checked;
  if (line.classList.contains("cut") && spoken.has(key)) speechSynthesis.cancel();
  if (!wanted || spoken.has(key) || line.dataset.full.startsWith("(")) return;
  spoken.add(key);
  const words = new SpeechSynthesisUtterance(line.dataset.full);
  if (line.lang) words.lang = line.lang;
  speechSynthesis.speak(words);
}

async function submit(form, button) {
  const phone = form.closest(".phone");
  const whole = new FormData(form);
  const data = form.enctype === "multipart/form-data" ? whole : new URLSearchParams(whole);
  if (button?.name) data.set(button.name, button.value);
  if (data.get("do") === "let_ring") {
    silenced.add(form.closest(".call").dataset.call);
    settle(phone);
    return;
  }
  const text = form.querySelector("textarea, input[name=words]");
  if (text) text.value = "";
  const answer = await fetch(form.action, { method: "POST", body: data, headers: { Accept: "application/json" } });
  if (!answer.ok) {
    link.textContent = await answer.text();
    if (text) text.value = data.get(text.name);
  } else if (form.matches(".letter")) {
    form.elements.subject.value = form.elements.file.value = form.elements.answers.value = "";
    link.textContent = "The mail was sent.";
  }
  refresh(phone.dataset.number);
}

function asBase64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

// A picture goes with the text that is in the field, as on a real phone.
async function sendPictures(input) {
  const form = input.form;
  const text = form.querySelector("textarea");
  const media = [];
  for (const file of [...input.files].slice(0, 10)) {
    media.push({ content_type: file.type, data_base64: await asBase64(file) });
  }
  input.value = "";
  const said = { from: ownAddress(form.elements.from.value, form.elements.to.value), to: form.elements.to.value, body: text.value, media };
  const answer = await fetch("/control/say", { method: "POST", body: JSON.stringify(said) });
  if (answer.ok) text.value = "";
  else link.textContent = (await answer.json()).error;
}

desk.addEventListener("change", (event) => {
  if (!event.target.matches(".picture input") || event.target.files.length === 0) return;
  sendPictures(event.target).catch(() => { link.textContent = "The picture could not be sent."; });
});

desk.addEventListener("submit", (event) => {
  event.preventDefault();
  submit(event.target, event.submitter).catch(() => { link.textContent = "The mock does not answer."; });
});

desk.addEventListener("keydown", (event) => {
  const phone = event.target.closest(".phone");
  if (event.target.matches(".compose textarea")) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      if (event.target.value.trim()) event.target.form.requestSubmit();
    }
    return;
  }
  // Typing a digit while a phone is in a call presses its key.
  if (event.target.matches("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
  const key = [...(phone?.querySelectorAll(".keys button") ?? [])].find((button) => button.value === event.key);
  key?.click();
});

function hear(event) {
  const change = JSON.parse(event.data);
  if (change.type === "message" || change.type === "call") {
    for (const number of [change.from, change.to]) if (phoneOf(number)) refresh(number);
  } else if (change.type === "mail") {
    for (const phone of desk.querySelectorAll(".phone")) if (change.to.includes(phone.dataset.mail)) refresh(phone.dataset.number);
  } else if (change.type === "reset" || change.type === "lagged") {
    refreshAll();
  }
}

function refreshAll() {
  for (const phone of desk.querySelectorAll(".phone")) refresh(phone.dataset.number);
}

function connect() {
  const events = new EventSource(`/control/events?handset=${encodeURIComponent(desk.dataset.watch)}`);
  events.onmessage = hear;
  events.onopen = () => { link.textContent = "Live. Calls to these phones ring here."; refreshAll(); };
  events.onerror = () => { link.textContent = "Reconnecting\u2026"; };
}

sound.hidden = !("speechSynthesis" in window);
sound.addEventListener("change", (event) => { if (!event.target.checked) speechSynthesis.cancel(); });
for (const phone of desk.querySelectorAll(".phone")) {
  phone.dataset.seen = String(Date.now());
  const picture = phone.querySelector(".picture");
  if (picture) picture.hidden = false;
  settle(phone);
}
setInterval(() => {
  for (const phone of desk.querySelectorAll(".phone")) if (phone.querySelector(".call")) showWords(phone);
}, 90);
connect();
