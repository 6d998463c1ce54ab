// Drives the page of `tidings preview` in Chromium: node preview.cjs CHROMIUM ADDRESS SITE PART…, with the whole address that it
// printed and names of functions below. With TIDINGS_SCREENSHOTS set to a folder, each view is also kept there as a picture.
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { chromium } = require("playwright-core");

const [executablePath, secret, site, ...wanted] = process.argv.slice(2);
const address = new URL("/", secret).href;
const pictures = process.env.TIDINGS_SCREENSHOTS;
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const post = path.join(site, "posts/2026-03-01-slow-rivers.md");
const views = ["", "view=text", "view=source", "view=source&part=html", "view=plan", "view=findings", "view=feeds", "view=readers", "view=issues", "view=test",
  "scheme=dark", "width=phone", "images=off", "post=posts%2F2025-12-24-before-the-start.md"];
const sizes = [
  { name: "light", width: 1280, height: 900, colorScheme: "light" },
  { name: "dark", width: 1280, height: 900, colorScheme: "dark" },
  { name: "phone", width: 375, height: 800, colorScheme: "light" },
  { name: "narrow", width: 320, height: 640, colorScheme: "dark" },
];

async function open(browser, { width, height, colorScheme }) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme });
  const page = await context.newPage();
  await enter(page);
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(String(error)));
  page.on("console", (message) => { if (message.type() === "error") page.problems.push(message.text()); });
  page.on("request", (request) => {
    if (!request.url().startsWith(address) && !request.url().startsWith("data:")) page.problems.push(`asked ${request.url()}`);
  });
  return page;
}

// Goes in by the whole address, which is then shown no more.
async function enter(page) {
  await page.goto(secret);
  assert.equal(page.url(), address);
}

async function look(page, query) {
  await page.goto(address + (query && `?${query}`));
  await page.locator("#live.on").waitFor();
}

// No rule of axe-core is broken, or none of these.
async function inspect(page, what, runOnly) {
  if (!await page.evaluate(() => "axe" in window)) await page.evaluate(axe);
  const found = await page.evaluate(async (runOnly) => {
    const result = await window.axe.run(document, { iframes: false, runOnly });
    const broken = result.violations.map((rule) => `${rule.id}: ${rule.nodes.map((node) => node.html).join(" ")}`);
    return { broken, kept: result.passes.length };
  }, runOnly);
  assert.deepEqual(found.broken, [], what);
  assert.ok(found.kept > (runOnly ? 0 : 15), `${what}: axe-core looked at next to nothing`);
  await fits(page, what);
}

// Nothing is wider than the screen, everything to be pressed is large enough.
async function fits(page, what) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(over, 0, `${what} scrolls sideways`);
  const small = await page.evaluate(() => [...document.querySelectorAll("nav a, .button, .switch a, .reader li a, label")]
    .filter((element) => element.offsetParent && !element.closest(".meter") && element.getBoundingClientRect().height < 42)
    .map((element) => element.outerHTML));
  assert.deepEqual(small, [], `${what}: too small to be pressed`);
}

// Each view is loaded once, in the size that the last one ended with, and then takes on the others.
async function everyView(browser, all = views) {
  const page = await open(browser, sizes[0]);
  for (const view of all) {
    await look(page, view);
    for (const { name, width, height, colorScheme } of sizes) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme });
      await page.evaluate(() => new Promise(requestAnimationFrame));
      // In the dark nothing but the colours is different.
      if (width > 600) await inspect(page, `${name} ${view}`, colorScheme === "dark" ? ["color-contrast"] : undefined);
      else await fits(page, `${name} ${view}`);
      if (pictures) {
        await page.waitForTimeout(200);
        await page.screenshot({ path: path.join(pictures, `${name}-${view.replace(/\W+/g, "-") || "issue"}.png`) });
      }
    }
  }
  assert.deepEqual(page.problems, []);
  await page.context().close();
}

// The views of readers and issues, where there are some.
async function desk(browser) {
  await everyView(browser, ["view=readers", "view=issues"]);
  const page = await open(browser, { ...sizes[0], width: 1600 });
  await look(page, "");
  const shown = page.frameLocator("#other-frame").locator("body");
  await shown.locator("h1").waitFor();
  const [light, dark] = await Promise.all([frame(page).locator("body"), shown].map((body) =>
    body.evaluate((element) => getComputedStyle(element).backgroundColor)));
  assert.notEqual(light, dark);
  await inspect(page, "light and dark");
  if (pictures) await page.screenshot({ path: path.join(pictures, "pair.png") });
  await look(page, "width=phone");
  const row = await page.locator(".row").evaluate((element) => element.getBoundingClientRect().height);
  assert.ok(row > 55, `the row has one line: ${row}`);
  assert.deepEqual(page.problems, []);
  await page.context().close();
}

const frame = (page) => page.frameLocator("#issue-frame");
const background = (page) => frame(page).locator("body").evaluate((body) => getComputedStyle(body).backgroundColor);

async function theIssue(browser) {
  const page = await open(browser, sizes[0]);
  await look(page, "");
  await frame(page).getByText("This is what Slow rivers has to say").waitFor();
  const light = await background(page);
  // The keys switch, and the address says so.
  await page.keyboard.press("d");
  await page.waitForURL(/scheme=dark/);
  await page.waitForFunction(() => document.getElementById("issue-frame").contentDocument?.URL.includes("scheme=dark"));
  await frame(page).locator("h1").waitFor();
  assert.notEqual(await background(page), light, "dark looks like light");
  await page.keyboard.press("w");
  await page.waitForURL(/width=phone/);
  assert.equal(await page.locator("#issue-frame").evaluate((element) => element.clientWidth), 375);
  await page.keyboard.press("i");
  await page.waitForURL(/images=off/);
  // The frame is as high as what it shows: the page scrolls, not the frame.
  await frame(page).locator("h1").waitFor();
  await page.waitForFunction(() => {
    const element = document.getElementById("issue-frame");
    const root = element.contentDocument.documentElement;
    return root.childElementCount > 0 && element.clientHeight >= root.scrollHeight - 1 && element.clientHeight > 300;
  });
  await page.goBack();
  await page.waitForURL((url) => !url.search.includes("images"));
  // Links of the issue open elsewhere, and its unsubscribe link is no reader's.
  assert.equal(await frame(page).locator("base").getAttribute("target"), "_blank");
  await page.keyboard.press("Shift+?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await page.keyboard.press("Escape");
  for (const [key, text] of [["2", "Unsubscribe"], ["3", "List-Unsubscribe"], ["4", "Before the start"], ["5", ""], ["6", "feed.xml"]]) {
    await page.keyboard.press(key);
    await page.locator(`nav[aria-label=Views] a[data-key="${key}"][aria-current]`).waitFor();
    assert.ok((await page.locator("main").textContent()).includes(text), `view ${key} has no ${text}`);
  }
  await page.keyboard.press("j");
  await page.waitForURL(/entry=1/);
  await page.waitForFunction(() => document.getElementById("entry-frame").contentDocument.querySelector("img")?.naturalWidth === 1);
  await page.keyboard.press("j");
  await page.waitForURL(/entry=2/);
  await page.frameLocator("#entry-frame").locator("body").getByText("has to say").waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
}

async function reload(browser) {
  const page = await open(browser, { ...sizes[0], height: 400 });
  await look(page, "width=phone&scheme=dark");
  await frame(page).getByText("Slow rivers has to say").waitFor();
  await page.waitForFunction(() => document.getElementById("issue-frame").clientHeight > 450);
  await page.evaluate(() => window.scrollTo(0, 300));
  await page.evaluate(() => { window.isSame = true; });
  const text = fs.readFileSync(post, "utf8");
  const took = [];
  for (const words of ["A first change.", "A second change.", "A third change."]) {
    const start = Date.now();
    fs.writeFileSync(post, text.replace("This is what", `${words} This is what`));
    await frame(page).getByText(words).waitFor();
    took.push(Date.now() - start);
    assert.equal(await page.evaluate(() => Math.round(window.scrollY)), 300, "the place is lost");
  }
  console.log(`a save is shown after ${took.join(", ")} ms`);
  assert.ok(Math.min(...took) < 1000, `a save is shown after ${took} ms`);
  assert.ok(await page.evaluate(() => window.isSame), "the document was loaded anew");
  assert.match(page.url(), /width=phone&scheme=dark/);
  // A broken post says what is wrong, and is gone when mended.
  fs.writeFileSync(post, text.replace("title: Slow rivers", "title: [Slow"));
  await page.getByRole("heading", { name: "This cannot be published yet" }).waitFor();
  await page.getByText("the front matter is not YAML").waitFor();
  await inspect(page, "a broken post");
  if (pictures) await page.screenshot({ path: path.join(pictures, "broken.png") });
  fs.writeFileSync(post, text);
  await frame(page).getByText("Slow rivers has to say").waitFor();
  assert.deepEqual(page.problems, []);
  await page.context().close();
}

async function test(browser) {
  const page = await open(browser, sizes[2]);
  await look(page, "");
  await page.getByRole("link", { name: "Send me a test" }).click();
  await page.getByRole("heading", { name: "Send a test?" }).waitFor();
  assert.ok(!fs.existsSync(path.join(site, "outbox")), "sent without a word");
  await page.getByRole("button", { name: "Send the test" }).click();
  await page.getByText("Sent to ada@news.example.org.").waitFor();
  await inspect(page, "after the test");
  await page.reload();
  assert.equal(fs.readdirSync(path.join(site, "outbox")).length, 1);
  assert.deepEqual(page.problems, []);
  await page.context().close();
}

async function withoutScript(browser) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await enter(page);
  await page.getByRole("link", { name: "Dark" }).click();
  await page.getByRole("link", { name: /^Plan/ }).click();
  await page.getByText("dated before newsletter.start").waitFor();
  await context.close();
}

// A file on this machine leads to the page, as the program opens it; without the secret there is no page, and no other
// site on this machine gets anything out of it.
async function theDoor(browser) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const refused = await page.goto(address);
  assert.equal(refused.status(), 403);
  assert.match(await page.textContent("body"), /has printed in the terminal/);
  const file = path.join(site, "open.html");
  fs.writeFileSync(file, `<!doctype html><meta http-equiv="refresh" content="0; url=${secret}">`);
  await page.goto(`file://${file}`);
  await page.waitForURL(address);
  await page.getByRole("heading", { name: /Slow rivers/ }).waitFor();
  if (pictures) await page.screenshot({ path: path.join(pictures, "door.png") });
  const cookies = await context.cookies();
  assert.equal(cookies.length, 1);
  assert.ok(cookies[0].httpOnly && cookies[0].sameSite === "Strict", JSON.stringify(cookies));
  assert.equal(await page.evaluate(() => document.cookie), "");
  fs.unlinkSync(file);
  await context.close();
}

(async () => {
  const browser = await chromium.launch({ executablePath, args: quiet });
  try {
    const parts = { theDoor, everyView, desk, theIssue, reload, test, withoutScript };
    for (const name of wanted) {
      await parts[name](browser);
      console.log(`${name}: done`);
    }
  } finally {
    await browser.close();
  }
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
