// What is kept in the browser: drafts, in several tabs, where storage is full, and where it is forbidden.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'

import { start } from './browser.mjs'
import { manifestText, runToRest, writeManifest } from './reading.mjs'

let server
before(async () => {
  server = await start()
})
after(() => server.close())

const press = (page, name) => page.getByRole('button', { name, exact: true }).click()
const state = page => page.evaluate(() => window.wasmBindings.session_hash())
const set = page => page.getByRole('button', { name: /^StatefulSet julin\/web,/ })
/// Long enough for what was written to be saved.
const saved = page => page.waitForTimeout(700)
const says = (page, text) => page.waitForFunction(text => window.wasmBindings?.session_manifest() === text, text)

/// A further tab of the same browser.
async function tab(page) {
  const other = await page.context().newPage()
  await other.goto(server.address)
  await other.getByRole('button', { name: 'Apply', exact: true }).waitFor()
  return other
}

describe('A draft', () => {
  it('is there again when the page is loaded again: files, run, branch and moment', async () => {
    const { page, faults } = await server.open()
    await press(page, 'Pause')
    await press(page, 'New file')
    await page.getByRole('textbox', { name: 'File name' }).fill('zone.yaml')
    await page.keyboard.press('Enter')
    await writeManifest(page, 'kind: Mine\n')
    await page.getByRole('tab', { name: 'statefulset-web.yaml' }).click()
    await press(page, 'Apply')
    await runToRest(page)
    await press(page, 'One replica more')
    await runToRest(page)
    await press(page, 'Undo')
    await press(page, 'One replica less')
    for (let step = 0; step < 4; step += 1) await press(page, 'Step')
    const there = await state(page)
    // Nothing is waited for: it is saved when the page is left.
    await page.reload()
    await set(page).waitFor()
    assert.equal(await state(page), there)
    assert.equal(await page.evaluate(() => JSON.parse(window.wasmBindings.session_log()).forks.length), 1)
    await page.getByRole('tab', { name: 'zone.yaml' }).click()
    assert.equal(await manifestText(page), 'kind: Mine\n')
    assert.deepEqual(faults, [])
    await page.context().close()
  })

  it('of a page that nobody has touched is not kept', async () => {
    const { page } = await server.open()
    await saved(page)
    assert.equal(await page.evaluate(() => localStorage.length), 0)
    await page.context().close()
  })

  it('is each tab’s own, and the newest one is taken over when nobody has it open', async () => {
    const { page, faults } = await server.open()
    await writeManifest(page, 'kind: First\n')
    await saved(page)
    const second = await tab(page)
    assert.match(await manifestText(second), /kind: StatefulSet/)
    await writeManifest(second, 'kind: Second\n')
    await writeManifest(page, 'kind: First too\n')
    await saved(page)
    await Promise.all([page.reload(), second.reload()])
    await says(page, 'kind: First too\n')
    await says(second, 'kind: Second\n')
    await writeManifest(second, 'kind: Second too\n')
    await saved(second)
    await second.close()
    const third = await tab(page)
    await says(third, 'kind: Second too\n')
    assert.deepEqual(faults, [])
    await page.context().close()
  })

  it('of a tab that was duplicated goes on in both', async () => {
    const { page } = await server.open()
    await writeManifest(page, 'kind: First\n')
    await saved(page)
    // A browser copies what the tab remembers.
    const remembered = await page.evaluate(() => ({ ...sessionStorage }))
    const second = await page.context().newPage()
    await second.addInitScript(remembered => {
      if (window.sessionStorage.length === 0) Object.assign(window.sessionStorage, remembered)
    }, remembered)
    await second.goto(server.address)
    await second.getByRole('button', { name: 'Apply', exact: true }).waitFor()
    await says(second, 'kind: First\n')
    await writeManifest(second, 'kind: Second\n')
    await saved(second)
    await page.reload()
    await says(page, 'kind: First\n')
    await second.reload()
    await says(second, 'kind: Second\n')
    await page.context().close()
  })

  it('is gone back to from a list, and removed', async () => {
    const { page, faults } = await server.open()
    await writeManifest(page, 'kind: First\n')
    await saved(page)
    await press(page, 'Documents')
    await page.getByText('Other drafts appear here.').waitFor()
    await press(page, 'New document')
    await page.waitForFunction(() => window.wasmBindings?.session_manifest().includes('kind: StatefulSet'))
    await press(page, 'Apply')
    await press(page, 'Documents')
    const drafts = page.getByRole('dialog', { name: 'Documents' }).getByRole('listitem')
    await drafts.first().waitFor()
    assert.equal(await drafts.count(), 1)
    await drafts.getByRole('button', { name: /statefulset-web.yaml/ }).click()
    await says(page, 'kind: First\n')
    await press(page, 'Documents')
    await drafts.getByText('Commands: 1').waitFor()
    await press(page, 'Remove this draft')
    assert.equal(await drafts.count(), 0)
    await page.reload()
    await says(page, 'kind: First\n')
    assert.deepEqual(faults, [])
    await page.context().close()
  })

  it('is kept to a dozen', async () => {
    const { page } = await server.open()
    for (let number = 0; number < 15; number += 1) {
      await page.evaluate(() => document.querySelector('.documents').hidePopover?.())
      await writeManifest(page, `kind: N${number}\n`)
      await press(page, 'Documents')
      await press(page, 'New document')
      await page.waitForFunction(() => window.wasmBindings?.session_manifest().includes('kind: StatefulSet'))
    }
    const count = () => Object.keys(localStorage).filter(key => key.startsWith('statefulscope.draft.')).length
    assert.equal(await page.evaluate(count), 12)
    await page.context().close()
  })

  it('in which the page was closed in the middle of a command is the one before it', async () => {
    const { page } = await server.open()
    await press(page, 'Apply')
    await saved(page)
    // The command never ends: as in a page that hangs until it is killed.
    await page.evaluate(() => {
      const id = sessionStorage.getItem('statefulscope.document')
      window.wasmBindings.fail('command', 1, 'panic')
      addEventListener('error', event => event.preventDefault())
      return id
    })
    await press(page, 'One replica more')
    await page.getByRole('dialog', { name: 'Statefulscope has stopped' }).waitFor()
    await page.reload()
    await page.getByText('Restored to the moment before kubectl scale').waitFor()
    await press(page, 'Try it again')
    await page.getByRole('button', { name: /^StatefulSet julin\/web, \d of 3 ready/ }).waitFor()
    await page.context().close()
  })
})

describe('Where storage', () => {
  const notice = (page, text) => page.getByRole('status').getByText(text)

  it('is full, the page works and says so once', async () => {
    const { page, faults } = await server.open()
    await page.evaluate(() => {
      for (let size = 1 << 20; size > 0; size >>= 1) {
        try {
          for (let i = 0; ; i += 1) localStorage.setItem(`fill ${size} ${i}`, 'x'.repeat(size))
        } catch {
          // Smaller ones may fit.
        }
      }
    })
    await press(page, 'Apply')
    await notice(page, 'storage is full').waitFor()
    await press(page, 'Dismiss')
    await press(page, 'One replica more')
    await page.getByRole('button', { name: /^StatefulSet julin\/web, \d of 3 ready/ }).waitFor()
    await saved(page)
    assert.equal(await notice(page, 'storage is full').count(), 0)
    assert.deepEqual(faults, [])
    await page.context().close()
  })

  it('is forbidden, the page works and says so once', async () => {
    const context = await server.browser.newContext({ locale: 'en-US' })
    const page = await context.newPage()
    const faults = []
    page.on('pageerror', error => faults.push(error.message))
    await page.addInitScript(() => {
      for (const name of ['localStorage', 'sessionStorage']) {
        Object.defineProperty(window, name, {
          get() {
            throw new DOMException('not here', 'SecurityError')
          },
        })
      }
    })
    await page.goto(server.address)
    await notice(page, 'This browser keeps nothing for this page').waitFor()
    await press(page, 'Apply')
    await set(page).waitFor()
    assert.deepEqual(faults, [])
    await context.close()
  })

  it('belongs to nobody, in a frame that is closed off, the page works; an embed says nothing of it', async () => {
    const context = await server.browser.newContext({ locale: 'en-US' })
    const page = await context.newPage()
    const faults = []
    page.on('pageerror', error => faults.push(error.message))
    for (const [query, count] of [['', 1], ['?embed', 0]]) {
      await page.setContent(
        `<iframe src="${server.address}${query}" sandbox="allow-scripts" width="1200" height="800"></iframe>`,
      )
      const frame = page.frameLocator('iframe')
      if (query) await frame.getByRole('button', { name: 'Manifest' }).click()
      await frame.getByRole('button', { name: 'Apply', exact: true }).click()
      await frame.getByRole('button', { name: /^StatefulSet julin\/web,/ }).waitFor()
      assert.equal(await frame.getByText('This browser keeps nothing for this page').count(), count)
      if (query) continue
      await frame.getByRole('button', { name: 'Share', exact: true }).click()
      assert.match(await frame.getByRole('textbox', { name: 'Link' }).inputValue(), /#s=1\./)
    }
    assert.deepEqual(faults, [])
    await context.close()
  })
})
