// The chat's page. Everything said is in this page's memory and nowhere else: no storage, no cookie, nothing in an address.
// What is written waits here until the gateway says that it is stored; a cut connection goes on from the last number.
"use strict";
(() => {
    const at = (id) => document.getElementById(id);
    const words = at("chat").dataset;
    const log = at("log");
    const LARGEST = 10 * 1024 * 1024;
    const MOST_FILES = 10;
    const POCKET_MS = 45_000;
    const LONG_MS = 45_000;

    let socket = null;
    let token = null;
    let code = null;
    let typed = null;
    let last = 0;
    let read = 0;
    let tries = 0;
    let timer = 0;
    let hiddenAt = 0;
    let cutAt = 0;
    let gone = false;
    let welcomed = false;
    /** What was written here and is not stored yet, in order: { id, text, files, box }. */
    let waiting = [];
    /** The pictures of the message that is being written. */
    let picked = [];
    /** What was written here, by its id. */
    const mine = new Map();
    /** The reporter's messages by number, until a person has read them. */
    const unread = new Map();

    // ---- the connection

    function connect() {
        clearTimeout(timer);
        if (gone || (socket && socket.readyState <= WebSocket.OPEN)) return;
        tell(cutAt ? null : words.connecting);
        const opened = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/chat/socket`);
        socket = opened;
        welcomed = false;
        opened.onopen = () => { if (socket === opened) hello(); };
        opened.onmessage = (event) => { if (socket === opened) hear(JSON.parse(event.data)); };
        opened.onclose = () => { if (socket === opened) cut(); };
    }

    function hello() {
        const door = token ? { token } : typed ? { code: typed } : {};
        if (!token && !typed) last = 0;
        send({ type: "hello", v: 1, language: document.documentElement.lang, after: last, ...door });
    }

    /** Comes back after a moment that grows and is never the same for all. */
    function cut(after) {
        if (gone) return;
        socket = null;
        cutAt ||= Date.now();
        const most = Math.min(20_000, 800 * 2 ** tries);
        tries += 1;
        clearTimeout(timer);
        timer = setTimeout(connect, after ?? 200 + Math.random() * most);
        // A short cut is not worth a word.
        setTimeout(() => { if (cutAt && !gone) tell(words.waiting); }, 2_500);
        setTimeout(showElsewhere, LONG_MS);
    }

    function showElsewhere() {
        at("elsewhere").hidden = !(cutAt && Date.now() - cutAt >= LONG_MS - 100);
    }

    /** Leaves a connection that may be dead and comes back on a new one: nothing is lost by it. */
    function again() {
        const old = socket;
        socket = null;
        if (old) old.close();
        connect();
    }

    const send = (frame) => { if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame)); };

    function hear(frame) {
        switch (frame.type) {
            case "welcome": return welcome(frame);
            case "message": return message(frame);
            case "ack": return stored(frame.id, frame.seq);
            case "seen": return seen(frame.seq);
            case "code": return showCode(frame.code);
            case "again": {
                const old = socket;
                cut(frame.after_ms);
                old.close();
                return;
            }
            case "error": return trouble(frame);
        }
    }

    function welcome(frame) {
        const renewed = welcomed;
        welcomed = true;
        token = frame.token;
        tries = 0;
        cutAt = 0;
        at("elsewhere").hidden = true;
        tell(words.connected);
        if (typed) {
            typed = null;
            at("come-back").open = false;
        }
        at("come-back").hidden = frame.seq > 0 || last > 0;
        if (renewed) return;
        if (last > 0 && code === null) send({ type: "code" });
        for (const item of waiting) say(item);
    }

    function trouble(frame) {
        if (frame.code === "unknown_token") {
            token = null;
            if (code) {
                typed = code;
            } else {
                last = 0;
                show(words.over);
            }
            return again();
        }
        if (frame.code === "no_code") return;
        if (frame.id && (frame.code === "unavailable")) {
            setTimeout(() => waiting.filter((item) => item.id === frame.id).forEach(say), 3_000);
        }
        show(frame.text);
        if (frame.code === "unknown_code" || frame.code === "many_codes") {
            typed = null;
            hello();
        }
    }

    // ---- saying

    function write(text, files) {
        const item = { id: crypto.getRandomValues(new Uint32Array(4)).join("-"), text, files, box: null };
        item.box = box("you", text, new Date());
        for (const file of files) picture(item.box, file);
        mark(item.box, words.sending);
        mine.set(item.id, item.box);
        waiting.push(item);
        begun();
        toEnd();
        say(item);
    }

    /** Pictures first, then the words with their ids. What cannot be uploaded does not hold the words up. */
    async function say(item) {
        if (!welcomed || item.busy) return;
        item.busy = true;
        try {
            for (const file of item.files) {
                if (file.upload || file.lost) continue;
                file.tries = (file.tries ?? 0) + 1;
                if (file.tries > 3) {
                    file.lost = true;
                    show(words.leftOut);
                    continue;
                }
                const answer = await fetch("/chat/files", { method: "POST", body: file.blob, headers: { "Authorization": `Bearer ${token}`, "Content-Type": file.blob.type || "application/octet-stream" } });
                if (answer.ok) {
                    file.upload = (await answer.json()).id;
                } else if (answer.status === 413 || answer.status === 400) {
                    file.lost = true;
                    show(words.leftOut);
                } else {
                    throw new Error("not now");
                }
            }
            send({ type: "say", id: item.id, text: item.text || (item.files.every((file) => file.lost) ? "…" : ""), files: item.files.flatMap((file) => file.upload ?? []) });
        } catch {
            setTimeout(() => { if (waiting.includes(item)) say(item); }, 4_000);
        } finally {
            item.busy = false;
        }
    }

    function stored(id, seq) {
        const element = mine.get(id);
        waiting = waiting.filter((item) => item.id !== id);
        if (!element) return;
        mark(element, seq !== undefined && seq <= read ? words.read : words.stored);
        if (seq !== undefined && seq > read) unread.set(seq, element);
    }

    // ---- showing

    function message(frame) {
        if (frame.seq <= last) return;
        last = frame.seq;
        if (frame.by === "you" && frame.id && mine.has(frame.id)) return stored(frame.id, frame.seq);
        const bottom = isAtEnd();
        const element = box(frame.by, frame.text, new Date(frame.at));
        for (const file of frame.files ?? []) named(element, file.kind);
        if (frame.by === "you") {
            mark(element, frame.seq <= read ? words.read : words.stored);
            if (frame.seq > read) unread.set(frame.seq, element);
        }
        // What waits to be sent stays below what was said.
        const first = waiting[0]?.box;
        if (first) log.insertBefore(element, first);
        begun();
        if (bottom || frame.by === "you") toEnd(); else at("unseen").hidden = false;
        tellSeen();
    }

    function seen(seq) {
        read = Math.max(read, seq);
        for (const [number, element] of unread) {
            if (number > read) continue;
            mark(element, words.read);
            unread.delete(number);
        }
    }

    let seenTimer = 0;
    let told = 0;
    /** Only what is before somebody's eyes is seen. */
    function tellSeen() {
        clearTimeout(seenTimer);
        seenTimer = setTimeout(() => {
            if (document.visibilityState !== "visible" || !isAtEnd() || told >= last) return;
            told = last;
            send({ type: "seen", seq: last });
        }, 400);
    }

    function box(by, text, when) {
        const article = document.createElement("article");
        article.className = by;
        const who = document.createElement("p");
        who.className = "who";
        const time = document.createElement("time");
        time.dateTime = when.toISOString();
        time.textContent = when.toLocaleTimeString(document.documentElement.lang, { hour: "numeric", minute: "2-digit" });
        who.append(words[by] ?? "", " · ", time);
        article.append(who);
        if (text) {
            const said = document.createElement("p");
            said.dir = "auto";
            said.textContent = text;
            article.append(said);
        }
        log.append(article);
        return article;
    }

    function mark(article, text) {
        let line = article.querySelector(".mark");
        if (!line) {
            line = document.createElement("p");
            line.className = "mark";
            article.append(line);
        }
        line.textContent = text;
    }

    function picture(article, file) {
        if (!file.blob.type.startsWith("image/")) return named(article, file.blob.type);
        const shown = document.createElement("img");
        shown.alt = words.file;
        shown.src = URL.createObjectURL(file.blob);
        shown.onload = () => { URL.revokeObjectURL(shown.src); toEnd(); };
        article.append(shown);
    }

    function named(article) {
        const line = document.createElement("span");
        line.className = "file";
        line.textContent = words.file;
        article.append(line);
    }

    function begun() {
        at("begin").hidden = true;
        at("come-back").hidden = true;
        at("languages").hidden = true;
    }

    function tell(text) {
        if (text !== null && at("state").textContent !== text) at("state").textContent = text;
    }

    function show(text) {
        at("trouble").textContent = text;
        at("trouble").hidden = false;
    }

    const isAtEnd = () => innerHeight + scrollY >= document.documentElement.scrollHeight - 80;
    function toEnd() {
        scrollTo({ top: document.documentElement.scrollHeight });
        at("unseen").hidden = true;
    }

    // ---- the code

    function showCode(text) {
        const first = code === null;
        code = text;
        at("code-digits").textContent = text;
        if (first) placeCode();
    }

    /** The code stands in the conversation where it was told, and is told again at its end. */
    function placeCode() {
        log.insertBefore(at("code"), waiting[0]?.box ?? null);
        at("code").hidden = false;
        at("show-code").hidden = true;
        toEnd();
    }

    at("hide").onclick = () => { at("code").hidden = true; at("show-code").hidden = false; at("show-code").focus(); };
    at("show-code").onclick = () => { placeCode(); at("copy").focus(); };
    at("copy").onclick = async () => {
        try {
            await navigator.clipboard.writeText(code);
            at("copy").textContent = words.copied;
        } catch {
            getSelection().selectAllChildren(at("code-digits"));
        }
    };

    at("with-code").onsubmit = (event) => {
        event.preventDefault();
        at("trouble").hidden = true;
        typed = at("typed").value;
        at("typed").value = "";
        token = null;
        last = 0;
        again();
    };

    // ---- writing

    at("say").onsubmit = (event) => {
        event.preventDefault();
        const text = at("text").value.trim();
        if (!text && picked.length === 0) return at("text").focus();
        at("trouble").hidden = true;
        write(text, picked);
        at("text").value = "";
        picked = [];
        list();
        at("text").focus();
    };
    at("text").onkeydown = (event) => {
        const phone = matchMedia("(pointer: coarse)").matches;
        if (event.key !== "Enter" || event.shiftKey || event.isComposing || phone) return;
        event.preventDefault();
        at("say").requestSubmit();
    };

    at("picture").onchange = () => {
        at("trouble").hidden = true;
        for (const blob of at("picture").files) {
            if (blob.size > LARGEST) show(`${blob.name} ${words.tooLarge}`);
            else if (picked.length >= MOST_FILES) show(words.tooMany);
            else picked.push({ blob, name: blob.name });
        }
        at("picture").value = "";
        list();
    };

    function list() {
        at("files").hidden = picked.length === 0;
        at("files").replaceChildren(...picked.map((file) => {
            const line = document.createElement("li");
            const name = document.createElement("span");
            name.textContent = file.name;
            name.dir = "auto";
            const button = document.createElement("button");
            button.type = "button";
            button.className = "quiet";
            button.textContent = words.remove;
            button.setAttribute("aria-label", `${words.remove}: ${file.name}`);
            button.onclick = () => { picked = picked.filter((other) => other !== file); list(); at("text").focus(); };
            line.append(name, button);
            return line;
        }));
    }

    // ---- leaving

    function leave(event) {
        event?.preventDefault();
        const way = at("leave").href;
        gone = true;
        send({ type: "bye" });
        socket?.close();
        document.title = "";
        document.body.replaceChildren();
        token = code = typed = null;
        waiting = picked = [];
        location.replace(way);
    }
    at("leave").onclick = leave;
    let escaped = 0;
    addEventListener("keydown", (event) => {
        if (event.key !== "Escape") return;
        if (Date.now() - escaped < 1_000) leave();
        escaped = Date.now();
    });

    // ---- an hour in a pocket

    document.addEventListener("visibilitychange", () => {
        if (document.visibilityState === "hidden") {
            hiddenAt = Date.now();
            return;
        }
        if (!socket || socket.readyState > WebSocket.OPEN || Date.now() - hiddenAt > POCKET_MS) {
            tries = 0;
            again();
        }
        tellSeen();
    });
    addEventListener("online", () => { tries = 0; again(); });
    addEventListener("offline", () => { const old = socket; socket = null; if (old) old.close(); cut(); });
    addEventListener("scroll", () => { if (isAtEnd()) { at("unseen").hidden = true; tellSeen(); } }, { passive: true });
    at("unseen").onclick = toEnd;
    addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
    addEventListener("beforeunload", (event) => { if (waiting.length > 0 && !gone) event.preventDefault(); });

    // A visit leaves nothing on the device; only who has installed the app has its worker.
    if ("serviceWorker" in navigator && matchMedia("(display-mode: standalone)").matches) navigator.serviceWorker.register("/sw.js");

    at("room").hidden = false;
    at("below").hidden = false;
    connect();
})();
