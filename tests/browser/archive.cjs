// Looks at the pages of an archive in Chromium: node archive.cjs CHROMIUM PLACE, with the folder that holds `issues/`, or the
// address of a server that shows it. With TIDINGS_SCREENSHOTS set to a folder, each page is also kept there as a picture.
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const { chromium } = require("playwright-core");

const [executablePath, folder] = process.argv.slice(2);
const isServed = folder.startsWith("http:");
const pictures = process.env.TIDINGS_SCREENSHOTS;
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const sizes = [
  { name: "light", width: 1280, height: 900, colorScheme: "light" },
  { name: "dark", width: 1280, height: 900, colorScheme: "dark" },
  { name: "phone", width: 375, height: 800, colorScheme: "light" },
];

(async () => {
  const server = isServed ? null : http.createServer((request, response) => {
    const file = path.join(folder, request.url.endsWith("/") ? `${request.url}index.html` : request.url);
    response.setHeader("content-type", file.endsWith(".html") ? "text/html; charset=utf-8" : "application/xml");
    response.end(fs.existsSync(file) ? fs.readFileSync(file) : "");
  }).listen(0, "127.0.0.1");
  if (server) await new Promise((done) => server.on("listening", done));
  const address = server ? `http://127.0.0.1:${server.address().port}/` : folder;
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  for (const { name, width, height, colorScheme } of sizes) {
    // axe-core is a script, which the policy of the server forbids.
    const context = await browser.newContext({ viewport: { width, height }, colorScheme, bypassCSP: isServed });
    const page = await context.newPage();
    page.on("request", (request) => {
      assert.ok(request.url().startsWith(address), `asked ${request.url()}`);
    });
    for (const at of ["issues/", "issues/1/", "issues/2/"]) {
      await page.goto(address + at);
      await page.evaluate(axe);
      const broken = await page.evaluate(async () => {
        const { violations } = await window.axe.run(document);
        return violations.map((rule) => `${rule.id}: ${rule.nodes.map((node) => node.html).join(" ")}`);
      });
      assert.deepEqual(broken, [], `${at} ${name}`);
      const { wide, scripts } = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth > innerWidth, scripts: document.scripts.length,
      }));
      assert.ok(!wide, `${at} ${name} is wider than the screen`);
      assert.equal(scripts, 0);
      if (pictures) await page.screenshot({ path: path.join(pictures, `${at.replaceAll("/", "-")}${name}.png`), fullPage: true });
    }
    // From the list to an issue, to its neighbour, and back.
    await page.goto(`${address}issues/`);
    await page.getByRole("link", { name: "Third" }).click();
    assert.equal(page.url(), `${address}issues/2/`);
    await page.locator("a[rel=prev]").click();
    assert.equal(page.url(), `${address}issues/1/`);
    await page.getByRole("link", { name: "Archive" }).first().click();
    assert.equal(page.url(), `${address}issues/`);
    await context.close();
  }
  if (isServed) {
    const page = await browser.newPage();
    page.on("console", (message) => assert.fail(message.text()));
    for (const at of ["issues/", "issues/1/"]) {
      await page.goto(address + at);
      const width = await page.evaluate(() => document.querySelector("nav").getBoundingClientRect().width);
      assert.ok(width < 800, `${at}: the policy keeps the styles away`);
    }
  }
  await browser.close();
  server?.close();
  console.log("archive: done");
})().catch((error) => { console.error(error); process.exit(1); });
