// Keeps style, script, icons and the page for no network. Never a page of the chat, never a word of anybody.
"use strict";
const KEPT = [/* what is kept */];
const NAME = `static ${KEPT.join(" ")}`;

addEventListener("install", (event) => {
    event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(KEPT)).then(() => self.skipWaiting()));
});

addEventListener("activate", (event) => {
    const old = async () => {
        for (const name of await caches.keys()) if (name !== NAME) await caches.delete(name);
        await self.clients.claim();
    };
    event.waitUntil(old());
});

addEventListener("fetch", (event) => {
    const url = new URL(event.request.url);
    if (event.request.method !== "GET" || url.origin !== location.origin) return;
    if (KEPT.includes(url.pathname)) {
        event.respondWith(caches.match(url.pathname).then((kept) => kept ?? fetch(event.request)));
    } else if (event.request.mode === "navigate") {
        event.respondWith(fetch(event.request).catch(() => caches.match("/chat/offline")));
    }
});
