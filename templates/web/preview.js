// Follows links without a new document, fits frames to what they show, and fetches the page again when a file has changed:
// so place, focus and choice stay where they are. Without this script everything but that works.
"use strict";

const page = () => document.getElementById("page");
let shownAs = comparable(page());
let asking = 0;

// The page without what may differ while it shows the same.
function comparable(root) {
  const copy = root.cloneNode(true);
  copy.removeAttribute("data-revision");
  copy.querySelector("#live")?.remove();
  copy.querySelectorAll("iframe").forEach((frame) => { ["src", "style", "data-shows"].forEach((name) => frame.removeAttribute(name)); });
  return copy.innerHTML;
}

async function show(address, { push = false, back = false } = {}) {
  const mine = ++asking;
  let answer;
  try {
    answer = await fetch(address, back ? { headers: { "x-preview": "return" } } : {});
  } catch {
    return mark("off", "Stopped");
  }
  const text = await answer.text();
  if (mine !== asking) return;
  if (!answer.ok) {
    location.href = address;
    return;
  }
  const other = new DOMParser().parseFromString(text, "text/html");
  const next = other.getElementById("page");
  if (push) history.pushState(null, "", address);
  document.title = other.title;
  replace(next);
  if (push) {
    const view = document.getElementById("view");
    if (view.getBoundingClientRect().top < 0) window.scrollTo(0, 0);
  }
}

function replace(next) {
  const now = page();
  const as = comparable(next);
  now.dataset.revision = next.dataset.revision;
  document.querySelector("#live time").textContent = next.querySelector("#live time").textContent;
  if (as === shownAs) {
    // The same page: only what a frame shows may be new, and it keeps its place while it is loaded.
    next.querySelectorAll("iframe").forEach((frame) => {
      const old = document.getElementById(frame.id);
      const address = frame.getAttribute("src");
      if (old && (old.dataset.shows ?? old.getAttribute("src")) !== address) {
        // Not by `src`, which would put a step into the history.
        old.dataset.shows = address;
        old.contentWindow.location.replace(new URL(address, location.href));
      }
    });
    return;
  }
  shownAs = as;
  const focus = focused();
  const heights = new Map([...now.querySelectorAll("iframe")].map((frame) => [frame.id, frame.style.height]));
  const typed = now.querySelector("#test-form input[name=to]:checked")?.value;
  now.replaceChildren(...next.childNodes);
  now.querySelectorAll("iframe").forEach((frame) => {
    if (heights.get(frame.id)) frame.style.height = heights.get(frame.id);
    fit(frame);
  });
  if (typed) now.querySelector(`#test-form input[value="${CSS.escape(typed)}"]`)?.click();
  focus?.()?.focus({ preventScroll: true });
  mark("on", "As of");
}

// How to find the focused element in the page that comes.
function focused() {
  const element = document.activeElement;
  if (!element || !page().contains(element)) return null;
  if (element.id) return () => document.getElementById(element.id);
  const label = element.textContent;
  const kind = element.tagName;
  return () => [...page().querySelectorAll(kind)].find((other) => other.textContent === label);
}

// A frame is as high as its document: the page scrolls, not the frame.
function fit(frame) {
  const measure = () => {
    const root = frame.contentDocument?.documentElement;
    const body = frame.contentDocument?.body;
    if (!body || root.childElementCount === 0) return;
    const bar = root.scrollWidth > root.clientWidth ? 18 : 0;
    frame.style.height = `${Math.max(Math.ceil(root.getBoundingClientRect().height), body.scrollHeight) + bar}px`;
  };
  const watch = () => {
    measure();
    if (frame.contentDocument?.documentElement) {
      new ResizeObserver(measure).observe(frame.contentDocument.documentElement);
      frame.contentDocument.addEventListener("keydown", keys);
    }
  };
  frame.addEventListener("load", watch);
  if (frame.contentDocument?.readyState === "complete") watch();
}

function mark(state, words) {
  const live = document.getElementById("live");
  live.classList.remove("on", "off");
  live.classList.add(state);
  live.querySelector(".words").textContent = words;
}

let events = null;
let silence = 0;

// Only while the page can be seen: the desk looks at the site for no one else.
function listen() {
  events?.close();
  clearTimeout(silence);
  if (document.visibilityState !== "visible") return;
  events = new EventSource("events");
  events.addEventListener("look", async (event) => {
    clearTimeout(silence);
    mark("on", "As of");
    if (event.data === page().dataset.revision) return;
    await show(location.href);
    const live = document.getElementById("live");
    live.classList.remove("fresh");
    void live.offsetWidth;
    live.classList.add("fresh");
  });
  // A server ends what is open for long; the browser asks again.
  events.addEventListener("error", () => {
    clearTimeout(silence);
    silence = setTimeout(() => mark("off", "Stopped; as of"), 5000);
  });
}

// How delivering goes, while it does; when it ends or begins, the whole page is another one.
async function follow() {
  const old = document.getElementById("delivery");
  if (old && document.visibilityState === "visible") {
    try {
      const answer = await fetch("delivery");
      const part = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("delivery");
      if (part && old.isConnected) {
        const isOther = part.dataset.isRunning !== old.dataset.isRunning;
        if (part.outerHTML !== old.outerHTML) old.replaceWith(part);
        if (isOther) await show(location.href);
        else shownAs = comparable(page());
      }
    } catch {
      // The page says itself that the program has stopped.
    }
  }
  const every = Number(document.getElementById("delivery")?.dataset.every) || 1;
  setTimeout(follow, every * 1000);
}

// Time and ledger change what is due: on coming back the page shows the present state.
document.addEventListener("visibilitychange", () => {
  listen();
  if (document.visibilityState === "visible") show(location.href, { back: true });
});
setInterval(() => {
  if (document.visibilityState === "visible") show(location.href, { back: true });
}, 60000);

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (event.target.closest("#keys-button")) return document.getElementById("keys").showModal();
  if (!link || !plain || link.target || link.hasAttribute("download")) return;
  const address = link.getAttribute("href");
  if (!address.startsWith("./")) return;
  event.preventDefault();
  show(address, { push: true });
});
document.addEventListener("submit", (event) => {
  const button = event.target.id === "test-form" && event.target.querySelector("button");
  if (!button) return;
  setTimeout(() => { button.disabled = true; button.textContent = "Sending…"; });
});
window.addEventListener("popstate", () => show(location.href));

function keys(event) {
  const isTyping = event.target.closest?.("input:not([type=radio]), textarea, select");
  if (event.metaKey || event.ctrlKey || event.altKey || isTyping || document.querySelector("dialog[open]")) return;
  if (event.key === "?") {
    event.preventDefault();
    return document.getElementById("keys").showModal();
  }
  if (event.key === "j" || event.key === "k") {
    const items = [...document.querySelectorAll(".reader .list li a")];
    const at = items.findIndex((item) => item.hasAttribute("aria-current"));
    return items[at + (event.key === "j" ? 1 : -1)]?.click();
  }
  if (/^[1-8a-z]$/.test(event.key)) document.querySelector(`[data-key="${event.key}"]`)?.click();
}
document.addEventListener("keydown", keys);

page().querySelectorAll("iframe").forEach(fit);
listen();
follow();
