// Logs in at the desk of `tidings serve` in Chromium and looks around: node desk.cjs CHROMIUM ADDRESS SITE. With TIDINGS_SCREENSHOTS
// set to a folder, each page is also kept there as a picture.
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
const sizes = [
  { name: "light", width: 1280, height: 900, colorScheme: "light" },
  { name: "dark", width: 1280, height: 900, colorScheme: "dark" },
  { name: "phone", width: 375, height: 800, colorScheme: "light" },
];

// In each size no rule of axe-core is broken, and nothing is wider than the screen.
async function look(page, what) {
  for (const { name, width, height, colorScheme } of sizes) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    await page.evaluate(axe);
    const found = await page.evaluate(async () => {
      const result = await window.axe.run(document, { iframes: false });
      return result.violations.map((rule) => `${rule.id}: ${rule.nodes.map((node) => node.html).join(" ")}`);
    });
    assert.deepEqual(found, [], `${what} ${name}`);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(over, 0, `${what} scrolls sideways at ${width}`);
    if (pictures) await page.screenshot({ path: path.join(pictures, `desk-${name}-${what}.png`) });
  }
}

async function letter(number) {
  const file = path.join(site, `outbox/letter-desk-${number}.eml`);
  for (let tries = 0; tries < 300; tries += 1) {
    if (fs.existsSync(file)) {
      const text = fs.readFileSync(file, "utf8").replaceAll("=\r\n", "");
      return text.match(/http:\S+\/desk\/in\/[a-z0-9]+/)[0];
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return assert.fail("no letter");
}

(async () => {
  const browser = await chromium.launch({ executablePath, args: quiet });
  // axe-core is a script, which the pages before the login let no one run.
  const context = await browser.newContext({ bypassCSP: true });
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith(address) && !request.url().startsWith("data:")) problems.push(`asked ${request.url()}`);
  });
  await page.goto(`${address}/desk/?view=readers`);
  await look(page, "outside");
  await page.getByRole("button", { name: "Send me a login link" }).click();
  await page.getByRole("heading", { name: "Look into your mailbox" }).waitFor();
  await look(page, "asked");
  const link = await letter(1);
  await page.goto(link);
  await look(page, "link");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL(`${address}/desk/`);
  await page.locator("#live.on").waitFor();
  const cookies = await context.cookies();
  assert.equal(cookies.length, 1);
  assert.ok(cookies[0].httpOnly && cookies[0].sameSite === "Strict" && cookies[0].path === "/desk/", JSON.stringify(cookies));
  // The issue runs no script, and its page does not see the cookie.
  await page.frameLocator("#issue-frame").getByText("Slow rivers has to say").last().waitFor();
  assert.equal(await page.evaluate(() => document.cookie), "");
  await look(page, "issue");
  for (const [view, text] of [["Readers", "Came last"], ["Issues", "Nothing is being delivered"], ["Plan", "Last run"]]) {
    await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: new RegExp(`^${view}`) }).click();
    await page.getByText(text).first().waitFor();
    await look(page, view.toLowerCase());
  }
  await page.getByRole("link", { name: /^Readers/ }).click();
  await page.getByText("r***@reader.test").first().waitFor();
  await page.getByRole("link", { name: "Show whole addresses" }).click();
  await page.getByText("r1@reader.test").waitFor();
  // What is saved is shown, as on the writer's own machine.
  const posts = path.join(site, "posts");
  const post = path.join(posts, fs.readdirSync(posts)[0]);
  const text = fs.readFileSync(post, "utf8");
  await page.goto(`${address}/desk/`);
  await page.locator("#live.on").waitFor();
  fs.writeFileSync(post, text.replace("This is what", "A change. This is what"));
  await page.frameLocator("#issue-frame").getByText("A change.").last().waitFor();
  fs.writeFileSync(post, text.replace("title: Slow", "title: [Slow"));
  await page.getByRole("heading", { name: "This cannot be published yet" }).waitFor();
  await page.frameLocator("#issue-frame").getByText("A change.").last().waitFor();
  await look(page, "broken");
  fs.writeFileSync(post, text);
  await page.getByRole("heading", { name: "This cannot be published yet" }).waitFor({ state: "detached" });
  // Another browser has no part in this one's session, and a link is good once.
  const other = await (await browser.newContext()).newPage();
  assert.equal((await other.goto(`${address}/desk/?view=readers`)).status(), 403);
  await other.goto(link);
  await other.getByRole("button", { name: "Log in" }).click();
  await other.getByText("This link was used").waitFor();
  await other.context().close();
  const second = await context.newPage();
  await second.goto(`${address}/desk/?view=issues`);
  await second.locator("#live.on").waitFor();
  await second.close();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByRole("button", { name: "Send me a login link" }).waitFor();
  assert.deepEqual(await context.cookies(), []);
  assert.deepEqual(problems, []);
  await browser.close();
  console.log("done");
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
