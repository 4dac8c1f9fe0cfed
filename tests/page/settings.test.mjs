// The settings of a cluster, and why something stands still.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { onOwnPages } from './browser.mjs'
import { assertOrder, manifestText, one, picture, printed, runToRest, stepToRest, writeManifest } from './reading.mjs'

let page
let server
onOwnPages(opened => {
  ;({ page, server } = opened)
})

const press = name => page.getByRole('button', { name, exact: true }).click()

async function setImage(image) {
  await page.getByRole('textbox', { name: 'Image' }).fill(image)
  await press('Set image')
}

describe('Feature gates', () => {
  it('are chosen for a new cluster, and kept in its log', async () => {
    await writeManifest(page, (await manifestText(page)).replace('  replicas: 2', '  replicas: 2\n  updateStrategy:\n    type: Recreate'))
    await press('Apply')
    assert.match(await page.getByRole('alert', { name: 'Problems' }).innerText(), /spec\.updateStrategy/)
    await press('Cluster settings')
    await page.getByRole('checkbox', { name: /^StatefulSetRecreateStrategy/ }).check()
    await press('Start a new cluster')
    assert.deepEqual(await picture(page), [])
    await press('Apply')
    assert.deepEqual(await printed(page), ['service/nginx created', 'statefulset.apps/web created'])
    await runToRest(page)
    await setImage('nginx:1.29')
    const told = await stepToRest(page)
    // Both pods go before one comes back.
    assertOrder(told, [/^\+ Pod web-1, Terminating/, /^\+ Pod web-[01], (Pending|ContainerCreating|no pod)/, /^\+ Pod web-1, Running, 1\/1/])
    const log = JSON.parse(await page.evaluate(() => window.wasmBindings.session_log()))
    assert.equal(log.config.featureGates.StatefulSetRecreateStrategy, true)
  })
})

describe('Why', () => {
  it('leads from a set that waits to the image that does not pull, and to what helps', async () => {
    await press('Apply')
    await runToRest(page)
    await setImage('nginx:broken')
    await page.getByRole('slider', { name: 'Speed' }).fill('9')
    await press('Play')
    await page.getByRole('button', { name: /^Pod web-1, ImagePullBackOff/ }).waitFor()
    await setImage('nginx:1.29')
    await page.getByRole('button', { name: /^Name web-1\./ }).click()
    const why = page.getByRole('region', { name: 'Why is it so?' })
    await why.getByText(/The image nginx:broken of the container nginx cannot be pulled/).waitFor()
    await why.getByText(/a corrected template does not replace it/).waitFor()
    await press('Pause')
    await why.getByRole('button', { name: 'kubectl delete pod web-1 -n julin' }).click()
    await runToRest(page)
    await one(page, /^StatefulSet julin\/web, 2 of 2 ready$/)
    await why.getByText('Nothing holds it up').waitFor()
  })

  it('says it in Chinese', async () => {
    const { page, faults } = await server.open({ query: '?lang=zh-CN' })
    await page.getByRole('button', { name: '应用', exact: true }).click()
    await page.getByRole('button', { name: /^StatefulSet julin\/web/ }).click({ position: { x: 150, y: 20 } })
    await page.getByRole('region', { name: '为什么会这样？' }).getByText(/Pod web-0/).first().waitFor()
    assert.deepEqual(faults, [])
    await page.context().close()
  })
})
