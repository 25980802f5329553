// The console's script: keeps a page live, ticks its countdowns, counts text messages, listens to keys.
// Every page works without it; nothing here decides anything.
"use strict";
(() => {
  const page = document.body.dataset;
  const skew = Date.parse(page.now) - Date.now();

  // Time left, with the words of the server's page.
  const span = (s) => {
    const d = Math.floor(s / 86400), h = Math.floor(s / 3600) % 24, m = Math.floor(s / 60) % 60, two = (n) => String(n).padStart(2, "0");
    return d > 0 ? `${d} day${d > 1 ? "s" : ""} ${h} h` : h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
  };
  const tick = () => {
    const now = Date.now() + skew;
    for (const one of document.querySelectorAll("[data-until]")) {
      const left = Math.ceil((Date.parse(one.dataset.until) - now) / 1000);
      const text = left > 0 ? `${span(left)} left` : `overdue by ${span(-left)}`;
      if (one.textContent !== text) one.textContent = text;
      one.classList.toggle("over", left <= 0);
      const bar = one.parentElement.querySelector("progress");
      if (bar) bar.value = Math.max(0, left);
    }
  };
  setInterval(tick, 1000);

  // Live parts: the page is fetched again, and each part whose HTML changed takes the place of the old one.
  const own = (root) => [...root.querySelectorAll("[data-live]")].filter((one) => one.parentElement.closest("[data-live]") === (root.matches?.("[data-live]") ? root : null));
  const still = (one) => {
    const copy = one.cloneNode(true);
    for (const time of copy.querySelectorAll("[data-until]")) { time.textContent = ""; time.classList.remove("over"); }
    for (const bar of copy.querySelectorAll("progress")) bar.removeAttribute("value");
    for (const box of copy.querySelectorAll("details")) box.removeAttribute("open");
    return copy.outerHTML;
  };
  const edited = (field) => field.type === "checkbox" ? field.checked !== field.defaultChecked
    : field.tagName === "SELECT" ? [...field.options].some((o, i) => o.selected !== o.defaultSelected && !(i === 0 && ![...field.options].some((x) => x.defaultSelected)))
    : field.type !== "hidden" && field.value !== field.defaultValue;
  const inUse = (one) => {
    const fields = [...one.querySelectorAll("input, textarea, select")];
    const heard = [...one.querySelectorAll("audio")].some((sound) => !sound.paused);
    return heard || one.matches("[data-keep]") || fields.some((field) => field === document.activeElement || edited(field));
  };
  const seen = new Map();
  const remember = () => { for (const one of document.querySelectorAll("[data-live]")) seen.set(one.dataset.live, still(one)); };
  const swap = (old, fresh) => {
    if (inUse(old)) { const note = old.querySelector(".stale"); if (note) note.hidden = false; return; }
    const open = [...old.querySelectorAll("details[data-key]")].map((box) => [box.dataset.key, box.open]);
    const focus = old.contains(document.activeElement) ? document.activeElement.id : "";
    const news = document.importNode(fresh, true);
    for (const [key, was] of open) { const box = news.querySelector(`details[data-key="${CSS.escape(key)}"]`); if (box) box.open = was; }
    const frame = old.closest("[data-bottom]");
    const atEnd = frame && frame.scrollHeight - frame.scrollTop - frame.clientHeight < 24;
    old.replaceWith(news);
    if (frame && atEnd) frame.scrollTop = frame.scrollHeight;
    if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
  };
  const merge = (old, fresh) => {
    const before = own(old), after = own(fresh), names = (all) => all.map((one) => one.dataset.live).join();
    if (before.length > 0 && names(before) === names(after)) { before.forEach((one, at) => merge(one, after[at])); return; }
    const html = still(fresh);
    if (seen.get(old.dataset.live) !== html) swap(old, fresh);
  };
  let running = false, again = false;
  const refresh = async () => {
    if (running) { again = true; return; }
    running = true;
    try {
      const answer = await fetch(page.page === "tip" ? `/tips/${page.subject}` : location.href, { headers: { "X-Live": page.liveKey }, credentials: "same-origin" });
      if (answer.redirected && new URL(answer.url).pathname === "/login") { say("Logged out", true); return; }
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const news = new Map(own(fresh.body).map((one) => [one.dataset.live, one]));
      for (const old of own(document.body)) { const one = news.get(old.dataset.live); if (one) merge(old, one); }
      for (const one of fresh.querySelectorAll("[data-live]")) seen.set(one.dataset.live, still(one));
      prepare(); tick();
    } catch { /* the stream's own error says that the line is down */ } finally {
      running = false;
      if (again) { again = false; setTimeout(refresh, 250); }
    }
  };
  const state = document.getElementById("live");
  const say = (words) => { if (state && state.textContent !== words) state.textContent = words; };
  let stream = null, lost = false;
  const listen = () => {
    if (stream || !document.querySelector("[data-live]") || !window.EventSource) return;
    stream = new EventSource("/events");
    stream.addEventListener("tip", (event) => { if (!page.subject || page.subject === event.data) refresh(); });
    stream.addEventListener("all", refresh);
    // Also the first time: something may have changed between the page's making and this moment.
    stream.onopen = () => { say("Live"); lost = false; refresh(); };
    stream.onerror = () => { lost = true; say("Reconnecting"); if (stream.readyState === EventSource.CLOSED) { stream = null; setTimeout(listen, 5000); } };
  };
  // A page in the background gives its connection back: a browser has only six.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) { listen(); if (lost) { lost = false; refresh(); } } else if (stream) { stream.close(); stream = null; lost = true; }
  });

  // How many text messages an answer takes: 160 or 153 characters of the GSM alphabet, 70 or 67 of any other.
  const gsm = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
  const escaped = new Set("^{}\\[~]|€\f");
  const size = (text) => {
    const all = [...text], plain = all.every((c) => gsm.has(c) || escaped.has(c));
    const costs = all.map((c) => plain ? (escaped.has(c) ? 2 : 1) : c.length);
    const units = costs.reduce((sum, cost) => sum + cost, 0), [one, many] = plain ? [160, 153] : [70, 67];
    if (units <= one) return { units, parts: 1, plain };
    // A sign of two units is never cut: it goes whole into the next part.
    let parts = 1, filled = 0;
    for (const cost of costs) { if (filled + cost > many) { parts += 1; filled = 0; } filled += cost; }
    return { units, parts, plain };
  };
  const count = (field) => {
    const { units, parts, plain } = size(field.value), most = Number(field.dataset.most);
    const output = document.getElementById(field.dataset.count), texts = "segments" in field.dataset;
    const over = [...field.value].length - most;
    output.textContent = over > 0 ? `${over} characters too many: shorten it or send it in two.`
      : !texts ? `At most ${most} characters.`
      : units === 0 ? "160 plain characters fit in one text message."
      : `${units} characters, ${parts} text message${parts > 1 ? "s" : ""}${plain ? "" : " (a sign in it makes them shorter)"}`;
    const number = /(?:\+?\d[\s().-]?){7,}/.test(field.value);
    document.getElementById("reply-warning").textContent = /(?:\d[\s-]?){16}/.test(field.value) ? "This looks like a return code. Never send one: whoever reads it can read everything here." : number ? "This looks like a phone number. Send one only if the reporter needs it; never your own." : "";
  };

  const prepare = () => {
    const find = document.querySelector(".typefind");
    if (find) find.hidden = false;
  };
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (field.dataset.count) count(field);
    if (field.id === "typefind") {
      const wanted = field.value.trim().toLowerCase();
      for (const box of document.querySelectorAll(".types details")) {
        let any = false;
        for (const label of box.querySelectorAll(".tick")) { label.hidden = !label.textContent.toLowerCase().includes(wanted); any ||= !label.hidden; }
        box.hidden = !any; if (wanted && any) box.open = true;
      }
    }
  });
  document.addEventListener("keydown", (event) => { if (event.target.id === "typefind" && event.key === "Enter") event.preventDefault(); });
  // An approved answer goes into the field, after what was typed.
  document.addEventListener("click", (event) => {
    const words = event.target.dataset?.insert, field = words && event.target.form?.querySelector("[data-count]");
    if (!field) return;
    event.preventDefault();
    field.value = [field.value.trim(), words].filter(Boolean).join(" ");
    field.focus();
    count(field);
  });
  // A form is sent once, however often its button is pressed.
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-once]")) setTimeout(() => { for (const button of event.target.querySelectorAll("button")) button.disabled = true; });
  });
  // A recording is not cut off by news; they come when it ends. (These events do not bubble.)
  for (const end of ["pause", "ended"]) document.addEventListener(end, () => refresh(), true);
  window.addEventListener("pageshow", (event) => { if (event.persisted) { for (const button of document.querySelectorAll("button")) button.disabled = false; refresh(); } });

  // Keys, when nothing is being typed.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    const rows = [...document.querySelectorAll("[data-row]")], at = rows.indexOf(document.activeElement);
    const go = (to) => { rows[to]?.focus(); rows[to]?.scrollIntoView({ block: "nearest" }); };
    const claim = document.activeElement.closest(".row")?.querySelector("[data-claim]") ?? (page.page === "tip" ? document.querySelector("[data-claim]") : null);
    const keys = {
      j: () => go(Math.min(at + 1, rows.length - 1)), k: () => go(Math.max(at - 1, 0)), c: () => claim?.requestSubmit(),
      "/": () => document.getElementById("q")?.focus(), "?": () => { location.href = "/help"; },
    };
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });

  remember(); prepare(); tick(); listen();
  for (const field of document.querySelectorAll("[data-count]")) if (field.value) count(field);
  const talk = document.querySelector("[data-bottom]");
  if (talk) talk.scrollTop = talk.scrollHeight;
})();
