// The picture: what stays when a pod goes, what connects things, what can be done to them, and the same in tables.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { onOwnPages } from './browser.mjs'
import { manifestText, one, picture, runToRest, writeManifest } from './reading.mjs'

let page
let server
onOwnPages(opened => {
  ;({ page, server } = opened)
})

const press = name => page.getByRole('button', { name, exact: true }).click()
const details = () => page.getByRole('region', { name: 'Details' })
const card = name => page.getByRole('button', { name })
const menu = () => page.getByRole('menu')

async function started() {
  await press('Apply')
  await runToRest(page)
}

/// Lets time pass until something is seen. The speed is a place of the slider.
async function play(until, { speed = 4 } = {}) {
  await page.getByRole('slider', { name: 'Speed' }).fill(String(speed))
  await press('Play')
  await until()
  await press('Pause')
}

async function patch(text) {
  await page.getByRole('textbox', { name: 'Patch' }).fill(text)
  await press('Patch it')
}

describe('Columns', () => {
  it('stay when their pods go, and say what will be used again and what was before', async () => {
    await started()
    await patch('{"spec":{"replicas":1}}')
    await runToRest(page)
    await one(page, /^Pod web-1, no pod$/)
    await one(page, /^Claim www-web-1, Bound · 1Gi · nfs-storage, will be used again by web-1$/)
    await one(page, /^Name web-1\.nginx\..*, there is no pod formerly 10\.244\.\d+\.2$/)
    await patch('{"spec":{"replicas":2}}')
    await runToRest(page)
    await one(page, /^Name web-1\.nginx\..*, 10\.244\.(\d+)\.\d+ formerly 10\.244\.\d+\.2$/)
    await one(page, /^Claim www-web-1, Bound · 1Gi · nfs-storage$/)
  })

  it('show the partition, and which pods are at which revision', async () => {
    await started()
    await patch('{"spec":{"replicas":3,"updateStrategy":{"rollingUpdate":{"partition":1}}}}')
    await page.getByRole('textbox', { name: 'Image' }).fill('nginx:1.29')
    await press('Set image')
    await runToRest(page)
    await one(page, /^Partition 1: pods below it keep the current revision$/)
    await one(page, /^Pod web-0, Running, .*, Revision \w+, current$/)
    await one(page, /^Pod web-1, Running, .*, Revision \w+$/)
    await page.getByText(/^1 at \w+ \(current\) · 2 at \w+ \(update\)$/).waitFor()
    await page.getByText('OrderedReady · RollingUpdate · partition 1 · 0 unavailable of maxUnavailable 1').waitFor()
  })

  it('show what takes time', async () => {
    await press('Apply')
    await play(() => card(/^Pod web-0, ContainerCreating, .*, (pulling|starting)$/).waitFor())
    await page.locator('.ring__part').first().waitFor()
  })

  it('stand beside what is in no set, and what is not simulated', async () => {
    const text = await manifestText(page)
    const more = `---
apiVersion: v1
kind: Pod
metadata: {name: alone, namespace: julin}
spec:
  containers: [{name: main, image: nginx}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: julin}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers: [{name: main, image: nginx}]
---
apiVersion: v1
kind: Service
metadata: {name: clients, namespace: julin}
spec:
  selector: {app: nginx}
  ports: [{port: 80}]
`
    await writeManifest(page, `${text}\n${more}`)
    await started()
    await one(page, /^Pod alone, Running, 1\/1/)
    await one(page, /^Deployment api, present, not simulated$/)
    await one(page, /^Service clients, clients\.julin\.svc\.cluster\.local, 10\.\S+$/)
    await page.getByText('endpoints: 2 · web-0 web-1').first().waitFor()
  })
})

describe('What can be done', () => {
  it('is offered in a menu with the lines that it stands for', async () => {
    await started()
    await card(/^Pod web-0,/).click({ button: 'right' })
    const deletes = menu().getByRole('menuitem', { name: 'Delete pod', exact: true })
    assert.match(await deletes.innerText(), /kubectl delete pod web-0 -n julin/)
    await menu().getByRole('menuitemcheckbox', { name: 'Fail readiness' }).click()
    await play(() => card(/^Pod web-0, Running, 0\/1/).waitFor())
    await card(/^Pod web-0,/).click()
    const faults = details().getByRole('region', { name: 'Faults' })
    const readiness = faults.getByRole('button', { name: 'Fail readiness' })
    assert.equal(await readiness.getAttribute('aria-pressed'), 'true')
    await readiness.click()
    await runToRest(page)
    await one(page, /^Pod web-0, Running, 1\/1/)
    await faults.getByRole('button', { name: 'Kill the containers' }).click()
    await runToRest(page)
    await page.getByText('↻1 1/1').waitFor()
  })

  it('reaches nodes and storage classes', async () => {
    await started()
    const rail = page.getByRole('complementary', { name: 'Nodes and storage' })
    await rail.getByRole('button', { name: /^Node node1,/ }).click({ button: 'right' })
    await menu().getByRole('menuitemcheckbox', { name: 'Cordon' }).click()
    await rail.getByRole('button', { name: /^Node node1, Ready, SchedulingDisabled/ }).click({ button: 'right' })
    await menu().getByRole('menuitemcheckbox', { name: 'Node down' }).click()
    await play(() => rail.getByRole('button', { name: /^Node node1, Unknown, SchedulingDisabled, down/ }).waitFor(), { speed: 8 })
    await rail.getByRole('button', { name: /^StorageClass nfs-storage \(default\)/ }).click({ button: 'right' })
    await menu().getByRole('menuitemcheckbox', { name: 'Provisioner down' }).click()
    await rail.getByRole('button', { name: /^StorageClass nfs-storage \(default\) down/ }).waitFor()
  })

  it('adds nodes, storage classes and namespaces by lines that it shows', async () => {
    const rail = page.getByRole('complementary', { name: 'Nodes and storage' })
    await rail.getByRole('button', { name: 'Add a node' }).click()
    const form = page.getByRole('dialog', { name: 'Add a node' })
    assert.equal(await form.getByRole('textbox', { name: 'Name' }).inputValue(), 'node4')
    await form.getByRole('textbox', { name: 'Taint' }).fill('dedicated=db:NoSchedule')
    assert.match(await form.innerText(), /kind: Node[\s\S]*effect: NoSchedule/)
    await form.getByRole('button', { name: 'Create' }).click()
    await rail.getByRole('button', { name: 'Add a storage class' }).click()
    await page.getByRole('dialog', { name: 'Add a storage class' }).getByRole('button', { name: 'Create' }).click()
    await rail.getByRole('button', { name: 'Add a namespace' }).click()
    await page.getByRole('dialog', { name: 'Add a namespace' }).getByRole('button', { name: 'Create' }).click()
    await runToRest(page)
    await rail.getByRole('button', { name: /^Node node4, Ready/ }).waitFor()
    await rail.getByText('dedicated=db:NoSchedule').waitFor()
    await rail.getByRole('button', { name: /^StorageClass fast .*binds when a pod is scheduled · can be expanded · Delete$/ }).waitFor()
    await rail.getByRole('button', { name: 'shop', exact: true }).waitFor()
    const log = JSON.parse(await page.evaluate(() => window.wasmBindings.session_log()))
    const lines = log.commands.map(({ command }) => command.run?.line).filter(Boolean)
    assert.equal(lines.length, 3)
    assert.equal(lines[2], 'kubectl create namespace shop')
  })
})

describe('Chaos', () => {
  it('stops when its invariant breaks, and says at which moment', async () => {
    await started()
    const chaos = page.getByRole('group', { name: 'Chaos' })
    await chaos.getByRole('spinbutton', { name: 'Number' }).fill('2')
    await chaos.getByRole('spinbutton', { name: 'Number' }).press('Enter')
    await chaos.getByRole('button', { name: 'Start chaos' }).click()
    const alert = page.getByRole('alert').filter({ hasText: 'The invariant broke at' })
    await alert.waitFor({ timeout: 20_000 })
    const told = await alert.innerText()
    await page.getByRole('button', { name: 'Play', exact: true }).waitFor()
    const time = await page.locator('.clock time').innerText()
    assert.ok(told.includes(`broke at ${time}: 1 Ready, not 2`), `${told} at ${time}`)
  })
})

describe('Connections', () => {
  it('are the lines of both manifests', async () => {
    await started()
    await card(/^Pod web-0,/).click()
    await details().getByRole('button', { name: 'Service nginx selector' }).click()
    const text = await details().innerText()
    assert.match(text, /The selector takes in every object/)
    assert.match(text, /service\/nginx\s+spec:\n {2}selector:\n {4}app: nginx/)
    assert.match(text, /pod\/web-0\s+metadata:\n {2}labels:\n {4}app: nginx/)
    await details().getByRole('button', { name: 'Close' }).click()
    // The same by pressing the line itself.
    const line = await page.locator('.edge__hit').first().boundingBox()
    await page.mouse.click(line.x + line.width / 2, line.y + line.height / 2)
    await details().getByText('subdomain: nginx').waitFor()
  })

  it('to what is missing are ghosts', async () => {
    const text = await manifestText(page)
    await writeManifest(page, text.replace('serviceName: "nginx"', 'serviceName: "lost"').replace('accessModes', 'storageClassName: fast\n      accessModes'))
    await started()
    await one(page, /^Service lost, There is no Service of this name/)
    await page.getByRole('button', { name: /^StorageClass fast .*is not there/ }).waitFor()
    await card(/^StatefulSet julin\/web/).click({ position: { x: 150, y: 20 } })
    await details().getByRole('button', { name: 'Service lost serviceName is not there' }).click()
    await details().getByText('There is no service/lost.').waitFor()
  })
})

describe('A cluster that stands still', () => {
  it('says by itself that a set is not complete, and why', async () => {
    const text = await manifestText(page)
    await writeManifest(page, text.replace('accessModes', 'storageClassName: localhostpath\n      accessModes'))
    await started()
    const notice = page.getByRole('status').filter({ hasText: 'julin/web is not complete' })
    assert.match(await notice.innerText(), /Nobody makes volumes for the class localhostpath/)
    await notice.getByRole('button', { name: 'Why is it so?' }).click()
    await page.getByRole('region', { name: 'Why is it so?' }).getByText(/localhostpath/).first().waitFor()
  })

  it('says nothing where everything is as it shall be', async () => {
    await started()
    assert.equal(await page.getByText('is not complete').count(), 0)
  })
})

describe('The tables', () => {
  it('have the same things, and the same is done there', async () => {
    await started()
    await press('Table')
    const table = page.getByRole('table', { name: /^StatefulSet julin\/web, 2 of 2 ready/ })
    const row = table.getByRole('row', { name: /web-1/ })
    assert.match((await row.innerText()).replace(/\s+/g, ' '), /web-1 ⋯ ● ?Running 1\/1 node\d 10\.244\.\S+ \w+ ● ?www-web-1: Bound ● ?pvc-\S+: Bound/)
    await row.getByRole('button', { name: 'Actions for web-1' }).press('Enter')
    await menu().getByRole('menuitem', { name: 'Delete pod', exact: true }).press('Enter')
    await row.getByRole('cell', { name: 'Terminating' }).waitFor()
    await runToRest(page)
    await row.getByRole('cell', { name: 'Running' }).waitFor()
    await row.getByRole('button', { name: 'web-1', exact: true }).click()
    await details().getByRole('button', { name: 'Delete pod' }).waitFor()
  })
})

describe('By keyboard', () => {
  const focused = () => page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? '')
  const goes = async (key, to) => {
    await page.keyboard.press(key)
    await page.waitForFunction(to => new RegExp(to).test(document.activeElement.getAttribute('aria-label')), to)
  }

  it('one goes through the picture with arrows, opens details and menus, and comes back', async () => {
    await started()
    await page.getByRole('button', { name: 'Colour by node' }).focus()
    await page.keyboard.press('Tab')
    assert.match(await focused(), /^Compare with$/)
    await page.keyboard.press('Tab')
    assert.match(await focused(), /^StatefulSet julin\/web/)
    await page.keyboard.press('Tab')
    assert.match(await focused(), /^Add a node$/)
    await page.keyboard.press('Shift+Tab')
    await goes('ArrowDown', '^Service nginx')
    await goes('ArrowDown', '^Name web-[01]')
    await goes('Home', '^Name web-0')
    await goes('ArrowDown', '^Pod web-0')
    await goes('ArrowRight', '^Pod web-1')
    await goes('ArrowDown', '^Claim www-web-1')
    await goes('ArrowDown', '^Volume pvc-')
    await goes('ArrowUp', '^Claim www-web-1')
    await goes('ArrowUp', '^Pod web-1')
    await page.keyboard.press('Enter')
    await details().getByText('web-1').first().waitFor()
    await page.keyboard.press('Escape')
    await details().waitFor({ state: 'detached' })
    await page.keyboard.press('Shift+F10')
    await menu().waitFor()
    await page.keyboard.press('Escape')
    await page.waitForFunction(() => /^Pod web-1/.test(document.activeElement.getAttribute('aria-label')))
    await page.keyboard.press('m')
    await page.waitForFunction(() => document.activeElement.textContent.startsWith('Delete pod'))
    await page.keyboard.press('Enter')
    // The pod is another one now, and the focus is where it was.
    await runToRest(page)
    await card(/^Pod web-1, Running/).focus()
    await patch('{"spec":{"replicas":2}}')
    await card(/^Pod web-1, Running/).focus()
    await page.keyboard.press('ArrowLeft')
    await page.waitForFunction(() => /^Pod web-0/.test(document.activeElement.getAttribute('aria-label')))
  })

  it('one goes through a hundred pods', async () => {
    const text = await manifestText(page)
    await writeManifest(page, text.replace('replicas: 2', 'replicas: 100\n  podManagementPolicy: Parallel'))
    await press('Apply')
    await press('Step')
    await one(page, /^web-0 – web-19: /)
    await card(/^StatefulSet julin\/web/).focus()
    await goes('ArrowDown', '^Service nginx')
    await goes('ArrowDown', '^Pod web-')
    await goes('Home', '^Pod web-0,')
    await goes('ArrowRight', '^Pod web-1,')
    await goes('ArrowDown', '^Pod web-21,')
    await goes('End', '^Pod web-39,')
    await page.keyboard.press('Enter')
    await details().getByText('web-39').first().waitFor()
    await one(page, /^Name web-39\./)
  })
})

describe('On a telephone', () => {
  it('the main job goes by touch', async () => {
    const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }
    const { page, faults } = await server.open(phone)
    const tap = name => page.getByRole('button', { name, exact: true }).tap()
    await tap('Pause')
    await tap('Apply')
    await runToRest(page)
    await tap('One replica more')
    await runToRest(page)
    await one(page, /^StatefulSet julin\/web, 3 of 3 ready$/)
    await page.getByRole('button', { name: /^Pod web-0,/ }).tap()
    await page.getByRole('region', { name: 'Details' }).getByRole('button', { name: 'Delete pod' }).tap()
    await page.getByRole('button', { name: /^Pod web-0, Terminating/ }).waitFor()
    const wide = await page.evaluate(() => document.documentElement.scrollWidth)
    assert.ok(wide <= 390, `the page is ${wide} pixels wide`)
    assert.deepEqual(faults, [])
    await page.context().close()
  })
})
