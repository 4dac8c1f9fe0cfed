// The manifest editor: what it knows of Kubernetes' types, where it shows what is wrong, and that nothing is lost.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'

import { translated } from '../../src/ui/codemirror/phrases.js'
import { onOwnPages } from './browser.mjs'
import { goIntoEditor, manifestText, printed, writeManifest } from './reading.mjs'

let page
let server
let faults
onOwnPages(opened => {
  ;({ page, server, faults } = opened)
})

/// Puts the cursor at the end of the line that is this text, and begins a new one.
async function newLineAfter(text) {
  await page.locator('.cm-line').getByText(text, { exact: true }).click()
  await page.keyboard.press('End')
  await page.keyboard.press('Enter')
}

describe('The manifest editor', () => {
  it('is loaded when somebody writes, and not before', async () => {
    const loads = []
    page.on('request', request => loads.push(new URL(request.url()).pathname))
    await page.getByRole('button', { name: 'Apply', exact: true }).click()
    assert.deepEqual(loads, [])
    const text = await manifestText(page)
    await goIntoEditor(page)
    assert.deepEqual(loads, ['/editor.js'])
    assert.equal(await manifestText(page), text)
  })

  it('keeps the place of the cursor, and what was typed while it was loading', async () => {
    let release
    const held = new Promise(resolve => (release = resolve))
    await page.route('**/editor.js', route => held.then(() => route.continue()))
    const area = page.getByRole('textbox', { name: 'Manifest' })
    await area.focus()
    await page.keyboard.press('Control+Home')
    await page.keyboard.type('# mine')
    release()
    await page.locator('.cm-content:focus').waitFor()
    await page.keyboard.type(' too')
    assert.match(await manifestText(page), /^# mine too# Headless/)
  })

  it('offers fields and values by the type at the cursor', async () => {
    await goIntoEditor(page)
    await newLineAfter('replicas: 2')
    await page.keyboard.type('podM')
    await page.locator('.cm-tooltip-autocomplete').getByRole('option', { name: /^podManagementPolicy/ }).waitFor()
    // The editor takes no key for an offer that has only just appeared.
    await page.waitForTimeout(150)
    await page.keyboard.press('Enter')
    await page.keyboard.type('Par')
    await page.keyboard.press('Control+Space')
    await page.locator('.cm-tooltip-autocomplete').getByRole('option', { name: /^Parallel/ }).click()
    assert.match(await manifestText(page), /\n {2}podManagementPolicy: Parallel\n/)
    await page.getByRole('button', { name: 'Apply', exact: true }).click()
    assert.deepEqual(await printed(page), ['service/nginx created', 'statefulset.apps/web created'])
  })

  it('tells what a field is', async () => {
    await goIntoEditor(page)
    // The editor draws only what is in view.
    await page.keyboard.press('Control+End')
    const field = page.locator('.cm-line').getByText('containerPort')
    await field.scrollIntoViewIfNeeded()
    const { x, y, width, height } = await field.boundingBox()
    await page.mouse.move(x + 5, y + height / 2)
    await page.mouse.move(x + width / 2, y + height / 2)
    const known = page.locator('.cm-known')
    await known.waitFor()
    assert.equal(await known.innerText(), 'spec.template.spec.containers.ports.containerPort\n<integer> -required-')
  })

  it('underlines what is wrong, marks it in the margin, and goes there from the list', async () => {
    const text = await manifestText(page)
    await writeManifest(page, text.replace('image: nginx', 'image: 7').replace('  - port: 80', '  - prot: 80'))
    await page.getByRole('button', { name: 'Apply', exact: true }).click()
    const problems = page.getByRole('alert', { name: 'Problems' })
    await problems.getByRole('button').first().waitFor()
    const marked = await page.locator('.cm-lintRange-error').allTextContents()
    assert.deepEqual(marked, ['prot', '7'])
    assert.equal(await page.locator('.cm-lint-marker-error').count(), 2)
    await page.keyboard.press('Control+Home')
    const button = problems.getByRole('button', { name: /spec\.template\.spec\.containers\[0\]\.image/ })
    await button.focus()
    await page.keyboard.press('Enter')
    assert.match(await page.locator('.cm-activeLine').textContent(), /image: 7/)
    await page.keyboard.type('nginx')
    assert.match(await manifestText(page), /image: nginx/)
    // F8 goes on to the next one.
    await page.keyboard.press('F8')
    assert.match(await page.locator('.cm-activeLine').textContent(), /prot/)
  })

  it('helps with the usual mistakes, and puts right what is safe', async () => {
    const text = await manifestText(page)
    await writeManifest(page, text.replace('volumeClaimTemplates', 'volumeClaimTemplate'))
    await page.getByRole('button', { name: 'Apply', exact: true }).click()
    const problems = page.getByRole('alert', { name: 'Problems' })
    await problems.getByText('Did you mean volumeClaimTemplates?').waitFor()
    await problems.getByRole('button', { name: 'Write volumeClaimTemplates' }).click()
    assert.equal(await manifestText(page), text)
    await page.getByRole('button', { name: 'Apply', exact: true }).click()
    assert.match((await printed(page)).join(), /statefulset\.apps\/web created/)
  })

  it('undoes and folds, and can be searched', async () => {
    const text = await manifestText(page)
    await writeManifest(page, 'kind: Pod')
    await page.keyboard.press('Control+Z')
    assert.equal(await manifestText(page), text)
    await page.keyboard.press('Control+F')
    await page.getByRole('textbox', { name: 'Find' }).pressSequentially('mountPath')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Escape')
    assert.match(await page.locator('.cm-activeLine').textContent(), /mountPath/)
    await page.keyboard.press('Control+Home')
    await page.keyboard.press('Control+Alt+[')
    await page.locator('.cm-foldPlaceholder').first().waitFor()
    await page.keyboard.press('Control+Alt+]')
  })

  it('is passed by the tabulator key where nobody writes, which indents where somebody does', async () => {
    const before = await manifestText(page)
    await page.getByRole('tab').first().focus()
    const isAt = name => page.getByRole('button', { name, exact: true }).and(page.locator(':focus')).count()
    // The first time the editor is loaded on the way.
    for (let time = 0; time < 2; time += 1) {
      await page.getByRole('button', { name: 'Delete file' }).focus()
      await page.keyboard.press('Tab')
      await page.locator('.cm-content:focus').waitFor()
      await page.keyboard.press('Tab')
      assert.equal(await isAt('Apply'), 1)
    }
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Shift+Tab')
    assert.equal(await isAt('Delete file'), 1)
    assert.equal(await manifestText(page), before)
    await page.keyboard.press('Tab')
    await page.keyboard.type('#')
    await page.keyboard.press('Tab')
    await page.locator('.cm-content:focus').waitFor()
    await page.waitForFunction(before => window.wasmBindings.session_manifest().length > before.length + 1, before)
  })

  it('lets the keyboard out', async () => {
    await goIntoEditor(page)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Tab')
    await page.getByRole('button', { name: 'Apply', exact: true }).and(page.locator(':focus')).waitFor()
  })

  it('applies with Ctrl+Enter what was typed a moment ago', async () => {
    await goIntoEditor(page)
    await page.locator('.cm-line').getByText('replicas: 2', { exact: true }).click()
    await page.keyboard.press('End')
    await page.keyboard.type('0')
    await page.keyboard.press('Control+Enter')
    assert.deepEqual(await printed(page), ['service/nginx created', 'statefulset.apps/web created'])
    assert.equal(await page.getByRole('spinbutton', { name: 'Replicas' }).inputValue(), '20')
  })

  it('stays a text area where the editor cannot be loaded', async () => {
    await page.route('**/editor.js', route => route.abort())
    const area = page.getByRole('textbox', { name: 'Manifest' })
    await area.fill((await area.inputValue()).replace('replicas: 2', 'replicas: "2"'))
    await page.getByRole('button', { name: 'Apply', exact: true }).click()
    await page.getByRole('button', { name: 'line 25' }).click()
    const selected = await area.evaluate(area => area.value.slice(area.selectionStart, area.selectionEnd))
    assert.equal(selected, '  replicas: "2"')
    const expected = faults.filter(fault => fault.includes('editor.js') || fault.includes('ERR_FAILED'))
    assert.ok(expected.length > 0)
    for (const fault of expected) faults.splice(faults.indexOf(fault), 1)
  })

  it('stays smooth with two megabytes', async () => {
    const document = i => {
      const lines = Array.from({ length: 550 }, (_, line) => `  key-${line}: ${'v'.repeat(80)}\n`).join('')
      return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: big-${i}}\ndata:\n${lines}`
    }
    const text = Array.from({ length: 40 }, (_, i) => document(i)).join('---\n')
    await goIntoEditor(page)
    await page.keyboard.press('Control+A')
    await page.evaluate(text => {
      const content = document.querySelector('.editor__code').shadowRoot.querySelector('.cm-content')
      const clipboardData = new DataTransfer()
      clipboardData.setData('text/plain', text)
      content.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
    }, text)
    await page.keyboard.press('Control+End')
    const spent = await page.evaluate(async () => {
      const { promise, resolve } = Promise.withResolvers()
      const lengths = []
      new PerformanceObserver(list => lengths.push(...list.getEntries().map(e => e.duration))).observe({ type: 'longtask' })
      setTimeout(() => resolve(Math.max(0, ...lengths)), 1500)
      const content = document.querySelector('.editor__code').shadowRoot.querySelector('.cm-content')
      for (const character of '#ab') {
        content.ownerDocument.execCommand('insertText', false, character)
        await new Promise(requestAnimationFrame)
      }
      return promise
    })
    assert.ok(spent < 200, `a keystroke took ${spent} ms`)
    await page.getByRole('button', { name: 'Apply', exact: true }).click()
    await page.locator('.printed').getByText('configmap/big-39 created').waitFor()
  })

  it('speaks Chinese', async () => {
    const { page, faults } = await server.open({ query: '?lang=zh-CN' })
    await goIntoEditor(page)
    await page.keyboard.press('Control+F')
    await page.getByRole('textbox', { name: '查找' }).waitFor()
    assert.deepEqual(faults, [])
    await page.context().close()
    // Whatever CodeMirror says is translated.
    const code = readFileSync('dist/editor.js', 'utf8')
    const said = [...code.matchAll(/\.phrase\("([^"]+)"/g), ...code.matchAll(/\.phrase\([^"()]*\?"([^"]+)":"([^"]+)"/g)]
    const missing = said.flatMap(match => match.slice(1)).filter(phrase => !translated.includes(phrase))
    assert.deepEqual(missing, [])
    assert.ok(said.length > 10)
  })
})
