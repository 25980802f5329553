// The reporter's pages work without this. It only makes them quicker: leaving by Esc twice, copying, printing, new answers by themselves.
// Nothing is kept here: no storage, no cookie, no history entry.
"use strict";

const ESC_TWICE_MS = 800;
const LOOK_EVERY_MS = 8000;
const LOOK_SLOWLY_MS = 40000;

const leave = document.getElementById("leave");

function leaveQuickly(event) {
  if (event) event.preventDefault();
  document.documentElement.hidden = true;
  for (const form of document.forms) form.reset();
  location.replace(leave.href);
}

leave.addEventListener("click", leaveQuickly);
let lastEsc = 0;
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const now = performance.now();
  if (now - lastEsc < ESC_TWICE_MS) leaveQuickly(event);
  lastEsc = now;
});

const copy = document.getElementById("copy");
if (copy && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    const code = [...document.querySelectorAll("#code span")].map((group) => group.textContent).join(" ");
    try {
      await navigator.clipboard.writeText(code);
      document.getElementById("copied").textContent = copy.dataset.copied;
    } catch {
      getSelection().selectAllChildren(document.getElementById("code"));
    }
  });
}

const print = document.getElementById("print");
if (print) {
  print.hidden = false;
  print.addEventListener("click", () => window.print());
}

// Says that it is on its way, and takes a second press for the first: the server would take both as one anyhow.
for (const form of document.querySelectorAll("form[data-sending]")) {
  let sending = false;
  form.addEventListener("submit", (event) => {
    if (event.submitter && event.submitter.value !== "send") return;
    if (sending) return event.preventDefault();
    sending = true;
    document.getElementById("sending").textContent = form.dataset.sending;
    addEventListener("pageshow", () => { sending = false; document.getElementById("sending").textContent = ""; }, { once: true });
  });
}

// New answers, asked for by the same form that the button sends; the token is in the body, and is not prolonged.
const talk = document.getElementById("talk");
if (talk) {
  const live = document.getElementById("live");
  live.hidden = false;
  let every = LOOK_EVERY_MS;
  const look = async () => {
    if (!document.hidden) {
      const fields = new URLSearchParams({ step: "poll", visit: document.getElementById("visit").value, have: talk.dataset.have });
      try {
        const answer = await fetch(document.getElementById("answer").action.split("#")[0], { method: "POST", body: fields, cache: "no-store" });
        if (answer.status === 403) {
          live.hidden = true;
          return;
        }
        every = answer.ok ? LOOK_EVERY_MS : LOOK_SLOWLY_MS;
        if (answer.status === 200) show(new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("talk"));
      } catch {
        every = LOOK_SLOWLY_MS;
      }
    }
    setTimeout(look, every);
  };
  setTimeout(look, LOOK_EVERY_MS);
}

// Puts in only what is new or changed, so that a reader is told of that alone and nothing jumps.
function show(fresh) {
  if (!fresh) return;
  talk.dataset.have = fresh.dataset.have;
  const old = [...talk.children];
  const next = [...fresh.children].map((node) => document.importNode(node, true));
  next.forEach((node, place) => {
    if (!old[place]) talk.append(node);
    else if (!old[place].isEqualNode(node)) old[place].replaceWith(node);
  });
  old.slice(next.length).forEach((node) => node.remove());
}
