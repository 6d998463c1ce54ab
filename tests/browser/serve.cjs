// Joins, confirms, leaves and comes back in Chromium: node serve.cjs CHROMIUM ADDRESS SITE, with the address of `tidings serve`
// on this machine. With TIDINGS_SCREENSHOTS set to a folder, each page is also kept there as a picture.
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { chromium } = require("playwright-core");

const [executablePath, address, site] = process.argv.slice(2);
const pictures = process.env.TIDINGS_SCREENSHOTS;
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const visitors = [
  { name: "light", width: 1280, height: 900, colorScheme: "light", javaScriptEnabled: true },
  { name: "dark", width: 1280, height: 900, colorScheme: "dark", javaScriptEnabled: true },
  { name: "phone", width: 375, height: 800, colorScheme: "light", javaScriptEnabled: false },
];

// No rule of axe-core is broken, nothing is wider than the screen, and what is pressed is large enough.
async function look(page, visitor, what) {
  if (pictures) await page.screenshot({ path: path.join(pictures, `serve-${visitor.name}-${what}.png`), fullPage: true });
  assert.equal(await page.locator("h1").count(), 1, what);
  if (!visitor.javaScriptEnabled) return;
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const result = await window.axe.run(document);
    return result.violations.map((rule) => `${rule.id}: ${rule.nodes.map((node) => node.html).join(" ")}`);
  });
  assert.deepEqual(found, [], what);
  for (const width of [visitor.width, 375, 320]) {
    await page.setViewportSize({ width, height: visitor.height });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(over, 0, `${what} scrolls sideways at ${width}`);
  }
  await page.setViewportSize({ width: visitor.width, height: visitor.height });
  const small = await page.evaluate(() => [...document.querySelectorAll("button, input:not([type=hidden])")]
    .filter((element) => !element.closest(".trap") && (element.closest(".choice") || element).getBoundingClientRect().height < 42)
    .map((element) => element.outerHTML));
  assert.deepEqual(small, [], `${what}: too small to be pressed`);
}

// The page below `folder` that the letter to an address links to.
async function letter(to, folder) {
  const outbox = path.join(site, "outbox");
  for (let tries = 0; tries < 300; tries += 1) {
    for (const name of fs.existsSync(outbox) ? fs.readdirSync(outbox) : []) {
      const text = fs.readFileSync(path.join(outbox, name), "utf8").replaceAll("=\r\n", "");
      if (text.includes(to)) return address + text.match(new RegExp(`https://news.example.org(/${folder}/[a-z0-9]+)`))[1];
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return assert.fail(`no letter to ${to}`);
}

async function visit(browser, visitor) {
  const { name, width, height, colorScheme, javaScriptEnabled } = visitor;
  // axe-core is a script, which the pages let no one run.
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, javaScriptEnabled, bypassCSP: javaScriptEnabled });
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("request", (request) => { if (!request.url().startsWith(address)) problems.push(`asked ${request.url()}`); });
  const reader = `${name}@reader.test`;
  await page.goto(address);
  await look(page, visitor, "subscribe");
  await page.getByLabel("E-mail address").fill(`${name}@nowhere`);
  await new Promise((resolve) => setTimeout(resolve, 2100));
  await page.getByRole("button", { name: "Subscribe" }).click();
  await look(page, visitor, "wrong");
  await page.getByLabel("E-mail address").fill(reader);
  await new Promise((resolve) => setTimeout(resolve, 2100));
  await page.getByRole("button", { name: "Subscribe" }).click();
  await page.getByRole("heading", { name: "Look into your mailbox" }).waitFor();
  await look(page, visitor, "asked");
  await page.goto(await letter(reader, "n"));
  await look(page, visitor, "never");
  await page.goto(await letter(reader, "c"));
  await look(page, visitor, "confirm");
  await page.getByRole("button", { name: "Yes, subscribe me" }).click();
  await page.getByRole("heading", { name: "You are subscribed" }).waitFor();
  await look(page, visitor, "confirmed");
  await page.getByRole("link", { name: "Your preferences" }).click();
  await look(page, visitor, "preferences");
  await page.getByLabel("Name (optional)").fill("Ada <b>");
  await page.getByLabel("Short notes").uncheck();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved.").waitFor();
  assert.equal(await page.getByLabel("Name (optional)").inputValue(), "Ada <b>");
  assert.deepEqual([await page.getByLabel("Long essays").isChecked(), await page.getByLabel("Short notes").isChecked()], [true, false]);
  await look(page, visitor, "saved");
  await page.getByRole("link", { name: "Unsubscribe" }).click();
  await look(page, visitor, "leave");
  await page.getByRole("button", { name: "Unsubscribe" }).click();
  await page.getByRole("heading", { name: "You are unsubscribed" }).waitFor();
  await look(page, visitor, "left");
  await page.getByRole("button", { name: "That was a mistake: subscribe me again" }).click();
  await page.getByRole("heading", { name: "You are subscribed again" }).waitFor();
  await look(page, visitor, "returned");
  await page.goto(`${address}/u/nothing`);
  await look(page, visitor, "missing");
  assert.deepEqual(await context.cookies(), []);
  assert.deepEqual(problems, []);
  await context.close();
}

(async () => {
  const browser = await chromium.launch({ executablePath, args: quiet });
  for (const visitor of visitors) await visit(browser, visitor);
  await browser.close();
  console.log("done");
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
