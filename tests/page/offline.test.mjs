// The page without a network: by its service worker after a first visit, and as one file from a disk.
import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { after, before, describe, it } from 'node:test'

import { serve } from '../../tools/serve.mjs'
import { start, watch } from './browser.mjs'

let server
before(async () => {
  assert.ok(existsSync('dist/worker.js'), 'dist holds a quick build: run tools/build')
  server = await start()
})
after(() => server.close())

const newPage = async () => (await server.browser.newContext({ locale: 'en-US', reducedMotion: 'reduce' })).newPage()

async function isKept(page) {
  await page.evaluate(async () => (await navigator.serviceWorker.ready).active.state)
  // The first version takes over the page that it was loaded by.
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null)
}

async function applyAndRun(page) {
  await page.getByRole('button', { name: 'Apply', exact: true }).click()
  await page.getByRole('button', { name: /^Pod web-0/ }).first().waitFor()
}

describe('Without a network', () => {
  it('the page works after the first visit, with all that it loads later', async () => {
    const page = await newPage()
    await page.goto(server.address)
    await isKept(page)
    const faults = watch(page, [server.address])
    await page.context().setOffline(true)
    await page.reload()
    await applyAndRun(page)
    await page.getByRole('textbox', { name: 'Manifest' }).click()
    await page.locator('.cm-content:focus').waitFor()
    await page.goto(`${server.address}?theme=dark#x=none`)
    await page.locator('dialog[open]').waitFor()
    assert.deepEqual(faults, [])
    await page.context().close()
  })

  it('the page works under both of its names', async () => {
    const page = await newPage()
    await page.goto(server.address)
    await isKept(page)
    await page.context().setOffline(true)
    await page.goto(`${server.address}index.html`)
    await applyAndRun(page)
    await page.context().close()
  })

  it('a figure is that of the host, whatever version the page was kept at', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'figures-'))
    cpSync('dist', folder, { recursive: true })
    const site = await serve(folder)
    const page = await newPage()
    await page.goto(site.address)
    await isKept(page)
    // The next version has parts of other names, and none of the old ones.
    const part = readdirSync(folder).find(name => name.startsWith('program-figure-'))
    const script = readdirSync(folder).find(name => /^page-.*\.js$/.test(name))
    const other = part.replace(/[0-9a-f]{16}/, '0123456789abcdef')
    renameSync(join(folder, part), join(folder, other))
    const renamed = script.replace(/[0-9a-f]{16}/, '0123456789abcdef')
    writeFileSync(join(folder, renamed), readFileSync(join(folder, script), 'utf8').replaceAll(part, other))
    rmSync(join(folder, script))
    writeFileSync(join(folder, 'index.html'), readFileSync(join(folder, 'index.html'), 'utf8').replaceAll(script, renamed))
    await page.goto(`${site.address}?embed#x=basics`)
    await page.getByRole('button', { name: 'Begin', exact: true }).click()
    await page.getByRole('region', { name: /^Story: / }).waitFor()
    await page.context().close()
    await site.close()
    rmSync(folder, { recursive: true })
  })

  it('a newer version is offered, waits over a reload, and is used when somebody wants it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'version-'))
    cpSync('dist', folder, { recursive: true })
    const site = await serve(folder)
    const page = await newPage()
    await page.goto(site.address)
    await isKept(page)
    const old = await page.title()
    const change = (name, from, to) => {
      const text = readFileSync(join(folder, name), 'utf8')
      assert.match(text, from)
      writeFileSync(join(folder, name), text.replace(from, to))
    }
    change('index.html', /<title>/, '<title>Newer ')
    change('worker.js', /"[0-9a-f]{16}"/, '"0123456789abcdef"')
    for (let times = 0; times < 2; times += 1) {
      await page.reload()
      const offer = page.getByRole('status').filter({ hasText: 'A newer version of this page is ready.' })
      await offer.waitFor({ timeout: 20_000 })
      assert.equal(await page.title(), old)
    }
    await page.getByRole('button', { name: 'Load it now' }).click()
    await page.waitForFunction(old => document.title === `Newer ${old}`, old)
    await page.getByRole('button', { name: 'Apply', exact: true }).waitFor()
    await page.context().close()
    await site.close()
    rmSync(folder, { recursive: true })
  })

  it('a figure in another page registers no worker', async () => {
    const page = await newPage()
    await page.goto(`${server.address}?embed`)
    await page.getByRole('link', { name: 'Open in full page' }).waitFor()
    await page.waitForTimeout(6000)
    assert.equal(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length), 0)
    await page.context().close()
  })

  it('one file opens by a double click, with the editor and the gallery', async () => {
    const page = await newPage()
    const faults = watch(page, ['file:'])
    await page.goto(pathToFileURL(resolve('dist/statefulscope.html')).href)
    await applyAndRun(page)
    await page.getByRole('textbox', { name: 'Manifest' }).click()
    await page.locator('.cm-content:focus').waitFor()
    await page.getByRole('button', { name: 'Stories' }).click()
    await page.locator('dialog[open]').getByRole('heading').nth(3).waitFor()
    assert.deepEqual(faults, [])
    await page.context().close()
  })
})
