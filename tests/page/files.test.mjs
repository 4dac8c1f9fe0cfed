// The editor's files: their tabs, what `-f` finds, and what lines of the shell write.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { onOwnPages } from './browser.mjs'
import { goIntoEditor, manifestText, printed, writeManifest } from './reading.mjs'
import { terminals } from './typing.mjs'

let page
let server
onOwnPages(opened => {
  ;({ page, server } = opened)
})

const press = name => page.getByRole('button', { name, exact: true }).click()
const tab = name => page.getByRole('tab', { name, exact: true })
const tabs = async () => (await page.getByRole('tab').allTextContents()).map(name => name.trim())
const run = line => terminals(page).run(line)

/// Makes a file with this name and text.
async function newFile(name, text) {
  await press('New file')
  const input = page.getByRole('textbox', { name: 'File name' })
  await input.fill(name)
  await input.press('Enter')
  await writeManifest(page, text)
}

const namespace = name => `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${name}\n`

describe('The files of the editor', () => {
  it('have tabs, and each its own text and history', async () => {
    const first = await manifestText(page)
    await newFile('shop.yaml', namespace('shop'))
    assert.deepEqual(await tabs(), ['statefulset-web.yaml', 'shop.yaml'])
    await tab('statefulset-web.yaml').click()
    assert.equal(await manifestText(page), first)
    // What was written in the other file is not undone here.
    await goIntoEditor(page)
    await page.keyboard.press('Control+Z')
    assert.equal(await manifestText(page), first)
    await tab('shop.yaml').click()
    assert.equal(await manifestText(page), namespace('shop'))
    await goIntoEditor(page)
    await page.keyboard.press('Control+Z')
    assert.equal(await manifestText(page), '')
    await press('Apply')
    assert.deepEqual(await printed(page), ['error: no objects passed to apply'])
  })

  it('are what -f names, alone and by their folder', async () => {
    await newFile('more/shop.yaml', namespace('shop'))
    await press('Terminal 1')
    assert.deepEqual(await run('kubectl apply -f more/shop.yaml'), ['namespace/shop created'])
    assert.deepEqual(await run('kubectl apply -f more'), ['namespace/shop unchanged'])
    assert.deepEqual(await run('kubectl apply -f statefulset-web.yaml'), ['service/nginx created', 'statefulset.apps/web created'])
  })

  it('show what lines of the shell write, and go when these remove them', async () => {
    await press('Terminal 1')
    await run(`echo 'kind: Pod' > pod.yaml`)
    assert.deepEqual(await tabs(), ['statefulset-web.yaml', 'pod.yaml'])
    await run(`sed -i 's/replicas: 2/replicas: 7/' statefulset-web.yaml`)
    assert.match(await manifestText(page), /replicas: 7/)
    await run('rm pod.yaml')
    assert.deepEqual(await tabs(), ['statefulset-web.yaml'])
  })

  it('are renamed and removed, and found with the keyboard', async () => {
    await newFile('shop.yaml', namespace('shop'))
    await tab('shop.yaml').focus()
    await page.keyboard.press('ArrowLeft')
    await tab('statefulset-web.yaml').and(page.locator(':focus')).waitFor()
    assert.equal(await tab('statefulset-web.yaml').getAttribute('aria-selected'), 'true')
    await page.keyboard.press('F2')
    const input = page.getByRole('textbox', { name: 'File name' })
    // A name that another file has is none.
    await input.fill('shop.yaml')
    await input.press('Enter')
    assert.equal(await input.getAttribute('aria-invalid'), 'true')
    await input.fill('web.yaml')
    await input.press('Enter')
    assert.deepEqual(await tabs(), ['web.yaml', 'shop.yaml'])
    await press('Terminal 1')
    assert.deepEqual(await run('kubectl apply -f web.yaml'), ['service/nginx created', 'statefulset.apps/web created'])
    page.once('dialog', dialog => dialog.accept())
    await press('Delete file')
    assert.deepEqual(await tabs(), ['shop.yaml'])
    assert.equal(await manifestText(page), namespace('shop'))
    assert.deepEqual(await run('kubectl apply -f web.yaml'), ['error: the path "web.yaml" does not exist'])
  })

  it('speak Chinese', async () => {
    const { page, faults } = await server.open({ query: '?lang=zh-CN' })
    await page.getByRole('tablist', { name: '文件' }).waitFor()
    await page.getByRole('button', { name: '新建文件' }).click()
    await page.getByRole('textbox', { name: '文件名' }).waitFor()
    assert.deepEqual(faults, [])
    await page.context().close()
  })
})
