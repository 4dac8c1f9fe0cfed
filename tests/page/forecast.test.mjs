// Before applying: what would happen, told and drawn.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { graveFindings } from './axe.mjs'
import { onOwnPages } from './browser.mjs'
import { assertOrder, manifestText, one, picture, runToRest, stepToRest, writeManifest } from './reading.mjs'

let page
let server
onOwnPages(opened => ({ page, server } = opened))

const press = (name, on = page) => on.getByRole('button', { name, exact: true }).click()
const panel = () => page.getByRole('region', { name: 'Before applying' })
const turns = async () => (await panel().locator('.forecast__turns li').allInnerTexts()).map(text => text.replace(/^\d+\s*/, '').split('\n')[0])
const hash = () => page.evaluate(() => window.wasmBindings.session_hash())

/// The set of the page with three pods, at rest.
async function three() {
  const text = (await manifestText(page)).replace('replicas: 2', 'replicas: 3')
  await writeManifest(page, text)
  await press('Apply')
  await runToRest(page)
  return text
}

async function preview(text) {
  await writeManifest(page, text)
  await press('Preview')
  await panel().waitFor()
}

describe('Before applying', () => {
  it('tells which pods are replaced, in which order, and how the template changes; then it happens so', async () => {
    const text = await three()
    const before = await hash()
    await preview(text.replace('image: nginx', 'image: nginx:1.29'))
    assert.deepEqual(await turns(), ['pod/web-2 is replaced', 'pod/web-1 is replaced', 'pod/web-0 is replaced'])
    const lines = await panel().locator('.diff span').allInnerTexts()
    assert.deepEqual(lines.filter(line => /^[+-]/.test(line)).map(line => line[0] + line.slice(1).trim()), ['-- image: nginx', '+- image: nginx:1.29'])
    await panel().getByText(/^After 0:\d\d\.\d everything is done\.$/).waitFor()
    for (const [ordinal, number] of [[2, 1], [1, 2], [0, 3]]) {
      await one(page, new RegExp(`^Pod web-${ordinal}, Running.*, to be replaced, number ${number}$`))
    }
    assert.equal(await hash(), before, 'nothing has happened')
    await press('Apply')
    await panel().waitFor({ state: 'detached' })
    const told = await stepToRest(page)
    assertOrder(told, [2, 1, 0].map(ordinal => new RegExp(`^\\+ Pod web-${ordinal}, Terminating`)))
  })

  it('draws the pods that are to come, and those that are to go', async () => {
    const text = await three()
    await preview(text.replace('replicas: 3', 'replicas: 5'))
    assert.deepEqual((await turns()).filter(turn => turn.startsWith('pod/')), ['pod/web-3 is created', 'pod/web-4 is created'])
    await panel().getByText('3 pods stay as they are.').waitFor()
    await one(page, /^Pod web-4, no pod, to be created, number 2$/)
    await preview(text.replace('replicas: 3', 'replicas: 1'))
    await one(page, /^Pod web-2, .*, to be deleted, number 1$/)
    await one(page, /^Pod web-1, .*, to be deleted, number 2$/)
    await press('Close', panel())
    assert.equal((await picture(page)).filter(name => /to be /.test(name)).length, 0)
  })

  it('says what the API server refuses, and where', async () => {
    const text = await three()
    await preview(text.replace('storage: 1Gi', 'storage: 2Gi'))
    await panel().getByText('refused', { exact: true }).waitFor()
    await one(page, /^StatefulSet julin\/web, .*, refused by the API server$/)
    assert.match(await page.getByRole('alert', { name: 'Problems' }).innerText(), /volumeClaimTemplates[\s\S]*field is immutable/)
    assert.deepEqual(await turns(), [])
  })

  it('is there for what a control would do, too', async () => {
    await three()
    const before = await hash()
    await page.getByRole('textbox', { name: 'Image' }).fill('nginx:1.29')
    await press('Preview: Set image')
    await panel().waitFor()
    assert.deepEqual(await turns(), ['pod/web-2 is replaced', 'pod/web-1 is replaced', 'pod/web-0 is replaced'])
    await one(page, /^Pod web-2, Running.*, to be replaced, number 1$/)
    await page.getByRole('textbox', { name: 'Patch' }).fill('{"spec":{"replicas":1}}')
    await press('Preview: Patch it')
    await one(page, /^Pod web-2, .*, to be deleted, number 1$/)
    await page.getByRole('textbox', { name: 'Patch' }).fill('{"spec":{"serviceName":"other"}}')
    await press('Preview: Patch it')
    await panel().getByText('refused', { exact: true }).waitFor()
    assert.match(await panel().innerText(), /spec\.serviceName: Invalid value: "other": field is immutable/)
    assert.equal(await hash(), before, 'nothing has happened')
  })

  it('says why a rollout would hang', async () => {
    const text = await three()
    await preview(text.replace('image: nginx', 'image: nginx:broken'))
    assert.deepEqual(await turns(), ['pod/web-2 is replaced'])
    await panel().getByText(/it is not complete: .*nginx:broken/).waitFor()
  })

  it('goes when the text changes, and when something happens', async () => {
    const text = await three()
    await preview(text.replace('replicas: 3', 'replicas: 4'))
    await writeManifest(page, text.replace('replicas: 3', 'replicas: 2'))
    await panel().waitFor({ state: 'detached' })
    await press('Preview')
    await panel().waitFor()
    await press('Previous event')
    await panel().waitFor({ state: 'detached' })
  })

  it('speaks Chinese, and axe-core finds nothing serious', async () => {
    const other = await server.open({ query: '?lang=zh-CN&theme=dark' })
    await press('预览', other.page)
    await other.page.getByRole('region', { name: '应用之前' }).getByText('创建 pod/web-0').waitFor()
    assert.deepEqual(await graveFindings(other.page), [])
    assert.deepEqual(other.faults, [])
    await other.page.context().close()
  })
})
