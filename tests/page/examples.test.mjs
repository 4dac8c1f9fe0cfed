// Each site of `examples/embed`, built by its tool and opened in Chromium: its figure runs, follows the colours of the page,
// and is text for those who run no scripts. `make examples` installs the tools; one that is not there is skipped by name.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { after, before, describe, it } from 'node:test'

import { serve } from '../../tools/serve.mjs'
import { start, watch } from './browser.mjs'

const work = resolve('target/examples')
const PATH = [resolve('.tools/bin'), resolve('.tools/python/bin'), process.env.PATH].join(':')
const env = { ...process.env, PATH }
const run = (folder, name, ...args) => execFileSync(name, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] })
const docusaurus = resolve('.tools/docusaurus')

/// Each tool: how to tell that it is there, how it puts the site of a folder into another one, and how a reader takes the dark
/// colours there.
const TOOLS = {
  html: {
    there: ['true'],
    build: (folder, out) => cpSync(folder, out, { recursive: true }),
    dark: page => page.emulateMedia({ colorScheme: 'dark' }),
  },
  mdbook: {
    there: ['mdbook', '--version'],
    build: (folder, out) => run(folder, 'mdbook', 'build', '--dest-dir', out),
    async dark(page) {
      await page.getByRole('button', { name: 'Change theme' }).click()
      await page.getByRole('menuitem', { name: 'Coal' }).click()
    },
  },
  mkdocs: {
    there: ['python3', '-c', 'import mkdocs, material'],
    build: (folder, out) => run(folder, 'python3', '-m', 'mkdocs', 'build', '--quiet', '--site-dir', out),
    dark: page => page.locator('label[title="Dark colours"]').click(),
  },
  hugo: {
    there: ['hugo', 'version'],
    build: (folder, out) => run(folder, 'hugo', '--quiet', '--destination', out),
    dark: page => page.getByRole('button', { name: 'Light or dark' }).click(),
  },
  docusaurus: {
    there: ['test', '-d', join(docusaurus, 'node_modules/@docusaurus/core')],
    build(folder, out) {
      // Its packages are found above the copy.
      const copy = join(docusaurus, 'site')
      rmSync(copy, { recursive: true, force: true })
      cpSync(folder, copy, { recursive: true })
      cpSync('dist', join(copy, 'static/statefulscope'), { recursive: true })
      run(copy, join(docusaurus, 'node_modules/.bin/docusaurus'), 'build', '--out-dir', out)
    },
    // The switch goes from the system's colours to the light ones first.
    async dark(page) {
      for (let presses = 0; presses < 3; presses += 1) {
        if ((await page.locator('html').getAttribute('data-theme')) === 'dark') return
        await page.getByRole('button', { name: /^Switch between dark and light mode/ }).click()
      }
    },
  },
}

const isThere = ([tool, ...args]) => spawnSync(tool, args, { env }).status === 0

let server
before(async () => {
  server = await start()
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work, { recursive: true })
})
after(() => server.close())

async function open(address, options) {
  const context = await server.browser.newContext({
    viewport: { width: 1280, height: 900 },
    locale: 'en-US',
    colorScheme: 'light',
    serviceWorkers: 'block',
    ...options,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const faults = watch(page, [address])
  await page.goto(address)
  return { page, faults, end: async () => (assert.deepEqual(faults, []), context.close()) }
}

describe('A figure in a page that is made by', () => {
  for (const [name, { there, build, dark }] of Object.entries(TOOLS)) {
    const skip = !isThere(there) && `${name} is not installed: make examples`
    it(name, { skip, timeout: 300_000 }, async () => {
      const out = join(work, name)
      build(resolve('examples/embed', name), out)
      cpSync('dist', join(out, 'statefulscope'), { recursive: true })
      const site = await serve(out)
      const { page, end } = await open(site.address)
      const element = page.locator('statefulscope-scenario').first()
      await element.scrollIntoViewIfNeeded()
      const figure = element.frameLocator('iframe')
      // The manifest is text until somebody wants to see it play.
      await figure.getByText('kind: StatefulSet').waitFor()
      await figure.getByRole('button', { name: 'Play', exact: true }).click()
      await figure.getByRole('button', { name: /^Pod web-2, running/i }).first().waitFor()
      assert.equal(await element.locator('pre').isVisible(), false)
      assert.ok((await element.boundingBox()).width > 500)
      const root = figure.locator('html')
      assert.equal(await root.getAttribute('data-theme'), 'light')
      await page.screenshot({ path: join(work, `${name}-light.png`) })
      await dark(page)
      await figure.locator('html[data-theme=dark]').waitFor({ timeout: 5000 })
      await element.scrollIntoViewIfNeeded()
      await page.mouse.move(0, 0)
      await page.waitForTimeout(600)
      await page.screenshot({ path: join(work, `${name}-dark.png`) })
      await end()

      const plain = await open(site.address, { javaScriptEnabled: false })
      const text = plain.page.locator('statefulscope-scenario pre').first()
      assert.equal(await text.isVisible(), true)
      assert.match(await text.innerText(), /kind: Service\n[^]*\n---\n[^]*kind: StatefulSet\nmetadata:\n  name: web\n[^]*containerPort: 80\n/)
      await plain.end()
      await site.close()
    })
  }
})
