// The picture explains itself: what takes time, what is missing, each line between two things, where pods run, and what
// else there is.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { onOwnPages } from './browser.mjs'
import { manifestText, one, picture, runToRest, writeManifest } from './reading.mjs'

let page
let server
onOwnPages(given => ({ page, server } = given))

const press = (name, on = page) => on.getByRole('button', { name, exact: true }).click()
const details = () => page.getByRole('region', { name: 'Details' })
const rail = () => page.getByRole('complementary', { name: 'Nodes and storage' })
const card = name => page.getByRole('button', { name })

async function applied(change = text => text) {
  await writeManifest(page, change(await manifestText(page)))
  await press('Apply')
}

async function patch(text) {
  await page.getByRole('textbox', { name: 'Patch' }).fill(text)
  await press('Patch it')
}

/// Steps from event to event until the picture has something of a name.
async function stepTo(pattern, limit = 120) {
  for (let step = 0; step < limit; step += 1) {
    if ((await picture(page)).some(name => pattern.test(name))) return
    await press('Step')
  }
  throw new Error(`${pattern} does not come:\n${(await picture(page)).join('\n')}`)
}

/// What the ring of the one thing that takes time is about, and whether one is drawn.
async function ringOf(pattern) {
  await stepTo(pattern)
  assert.ok(await page.locator('.ring__part').count() > 0, `no ring for ${pattern}`)
}

describe('A ring runs', () => {
  it('while an image is pulled, while a container starts, and until a pod has been ready for long enough', async () => {
    await applied(text => text.replace('  replicas: 2', '  replicas: 2\n  minReadySeconds: 20'))
    await ringOf(/^Pod web-0, ContainerCreating, .*, pulling$/)
    await ringOf(/^Pod web-0, ContainerCreating, .*, starting$/)
    await ringOf(/^Pod web-0, Running, 1\/1, .*, minReadySeconds$/)
    await one(page, /^Pod web-1, no pod$/)
    // It is filled as time passes.
    const share = async () => parseFloat(await page.locator('.ring__part').getAttribute('stroke-dasharray'))
    const before = await share()
    await press('Step')
    await page.getByRole('slider', { name: 'Speed' }).fill('5')
    await press('Play')
    await page.waitForFunction(before => parseFloat(document.querySelector('.ring__part')?.getAttribute('stroke-dasharray')) > before + 10, before)
    await press('Pause')
    await runToRest(page)
    assert.equal(await page.locator('.ring').count(), 0, 'nothing takes time at rest')
  })

  it('through a grace period, and through the pauses before a failed image and a failed container are tried again', async () => {
    await applied()
    await runToRest(page)
    await card(/^Pod web-1,/).click({ button: 'right' })
    await page.getByRole('menuitem', { name: 'Delete pod', exact: true }).click()
    await ringOf(/^Pod web-1, Terminating, .*, grace period$/)
    await runToRest(page)
    await page.getByRole('textbox', { name: 'Image' }).fill('nginx:broken')
    await press('Set image')
    await ringOf(/^Pod web-1, ImagePullBackOff, .*, back-off$/)
    await press('Undo')
    await card(/^Pod web-0,/).click({ button: 'right' })
    await page.getByRole('menuitemcheckbox', { name: 'Crash loop' }).click()
    await ringOf(/^Pod web-0, CrashLoopBackOff, .*, back-off$/)
  })
})

describe('A state', () => {
  it('is told by colour, glyph, border and word together', async () => {
    const seen = new Map()
    const look = async pattern => {
      const name = (await picture(page)).find(name => pattern.test(name))
      const told = await card(name).locator('xpath=..').evaluate(card => {
        const [box, glyph, status] = ['.box', '.glyph', '.status'].map(part => card.querySelector(part))
        const style = getComputedStyle(box)
        return {
          colour: getComputedStyle(glyph).fill,
          glyph: glyph.textContent,
          border: `${style.strokeWidth} ${style.strokeDasharray}`,
          word: (status ?? card.querySelector('.small')).textContent,
        }
      })
      seen.set(pattern.source, told)
    }
    const come = async pattern => {
      await stepTo(pattern, 400)
      await look(pattern)
    }
    await applied()
    await look(/^Pod web-1, no pod/)
    await come(/^Pod web-0, Pending/)
    await come(/^Pod web-0, ContainerCreating/)
    await come(/^Pod web-0, Running, 1\/1/)
    await runToRest(page)
    const fault = async (pod, item) => {
      await card(new RegExp(`^Pod ${pod},`)).click({ button: 'right' })
      await page.getByRole('menuitemcheckbox', { name: item }).click()
    }
    await fault('web-0', 'Fail readiness')
    await come(/^Pod web-0, Running, 0\/1/)
    await fault('web-1', 'Crash loop')
    await come(/^Pod web-1, CrashLoopBackOff/)
    const node = (await one(page, /^Pod web-1,/)).match(/node\d/)[0]
    await rail().getByRole('button', { name: new RegExp(`^Node ${node},`) }).click({ button: 'right' })
    await page.getByRole('menuitemcheckbox', { name: 'Node down' }).click()
    await card(/^Pod web-0,/).click({ button: 'right' })
    await page.getByRole('menuitem', { name: 'Delete pod', exact: true }).click()
    await come(/^Pod web-0, Terminating/)
    for (const part of ['colour', 'glyph', 'border', 'word']) {
      const values = [...seen.values()].map(told => told[part])
      // Two states have the word Running, and say beside it how many containers are ready; few colours can be told apart.
      const least = { colour: 5, word: values.length - 1 }[part] ?? values.length
      assert.ok(new Set(values).size >= least, `${part}: ${JSON.stringify([...seen], undefined, 1)}`)
    }
  })
})

describe('A rolling update', () => {
  it('shows its partition, both revisions, and how much of maxUnavailable is used', async () => {
    const more = '  replicas: 4\n  updateStrategy:\n    rollingUpdate: {partition: 1, maxUnavailable: 2}'
    await applied(text => text.replace('  replicas: 2', more))
    await runToRest(page)
    await page.getByText('OrderedReady · RollingUpdate · partition 1 · 0 unavailable of maxUnavailable 2').waitFor()
    await page.getByRole('textbox', { name: 'Image' }).fill('nginx:1.29')
    await press('Set image')
    await stepTo(/^Pod web-2, Terminating/)
    await page.getByText('OrderedReady · RollingUpdate · partition 1 · 2 unavailable of maxUnavailable 2').waitFor()
    await one(page, /^Partition 1: pods below it keep the current revision$/)
    const hashes = async () => [...(await page.getByText(/^\d at \w+ \(current\) · \d at \w+ \(update\)$/).textContent()).matchAll(/at (\w+)/g)].map(found => found[1])
    const [current, update] = await hashes()
    assert.notEqual(current, update)
    await one(page, new RegExp(`^Pod web-1, .*, Revision ${current}, current$`))
    await stepTo(new RegExp(`^Pod web-3, Running, 1/1, .*, Revision ${update}$`))
    await runToRest(page)
    await one(page, new RegExp(`^Pod web-0, .*, Revision ${current}, current$`))
    for (const ordinal of [1, 2, 3]) await one(page, new RegExp(`^Pod web-${ordinal}, .*, Revision ${update}$`))
  })
})

const set = (name, namespace, service) => `---
apiVersion: v1
kind: Service
metadata: {name: ${service}, namespace: ${namespace}}
spec: {clusterIP: None, selector: {app: ${name}}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  serviceName: ${service}
  replicas: 2
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {containers: [{name: main, image: nginx}]}
`

describe('One picture', () => {
  it('has several sets, namespaces and Services', async () => {
    const space = '---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n'
    const front = '---\napiVersion: v1\nkind: Service\nmetadata: {name: front, namespace: shop}\nspec: {selector: {app: db}, ports: [{port: 80}]}\n'
    await applied(text => [text, space, set('db', 'shop', 'db'), set('cache', 'julin', 'cache'), front].join('\n'))
    await runToRest(page)
    for (const name of ['julin/cache', 'julin/web', 'shop/db']) await one(page, new RegExp(`^StatefulSet ${name}, 2 of 2 ready$`))
    await one(page, /^Service db, db\.shop\.svc\.cluster\.local, 10\.\S+ 10\.\S+$/)
    await one(page, /^Service front, front\.shop\.svc\.cluster\.local, 10\.\S+$/)
    await one(page, /^Name db-1\.db\.shop\.svc\.cluster\.local, 10\.\S+$/)
    await rail().getByRole('button', { name: 'shop', exact: true }).waitFor()
    // The controls are for the set that was selected last.
    await card(/^Pod db-0,/).click()
    await page.getByRole('group', { name: 'Controls of shop/db' }).waitFor()
    await press('One replica more')
    await runToRest(page)
    await one(page, /^StatefulSet shop\/db, 3 of 3 ready$/)
  })

  it('lists what is not simulated, there and in the table', async () => {
    const more = `---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, namespace: julin}
spec:
  schedule: "0 3 * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: nginx}]}}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: julin}
data: {a: b}
`
    await applied(text => `${text}\n${more}`)
    await runToRest(page)
    await one(page, /^CronJob nightly, present, not simulated$/)
    await one(page, /^ConfigMap settings, present, not simulated$/)
    await press('Table')
    const table = page.getByRole('table', { name: 'Not part of a set' })
    for (const name of ['nightly', 'settings']) {
      await table.getByRole('row', { name: new RegExp(name) }).getByRole('cell', { name: 'present, not simulated' }).waitFor()
    }
  })

  it('colours pods by their nodes when somebody asks for it', async () => {
    await applied()
    await runToRest(page)
    const fill = ordinal => page.locator('.pod .box').nth(ordinal).evaluate(box => getComputedStyle(box).fill)
    const plain = await fill(0)
    assert.equal(await fill(1), plain)
    const button = page.getByRole('button', { name: 'Colour by node' })
    await button.click()
    assert.equal(await button.getAttribute('aria-pressed'), 'true')
    await page.waitForFunction(plain => getComputedStyle(document.querySelector('.pod .box')).fill !== plain, plain)
    await page.waitForTimeout(300)
    assert.notEqual(await fill(0), await fill(1), 'they are on different nodes')
    await button.click()
    await page.waitForTimeout(300)
    assert.equal(await fill(0), plain)
  })
})

describe('Each line', () => {
  it('says by which lines of both manifests it is there', async () => {
    await applied()
    await runToRest(page)
    const expected = {
      'service/nginx – pod/web-0': [/The selector takes in/, /Host name and subdomain/, /selector:\s+app: nginx/, /labels:\s+app: nginx/, /subdomain: nginx/],
      'statefulset.apps/web – pod/web-0': [/The owner reference/, /ownerReferences:[\s\S]*kind: StatefulSet/],
      'pod/web-0 – persistentvolumeclaim/www-web-0': [/The pod mounts the claim/, /claimName: www-web-0/, /name: www-web-0/],
      'persistentvolumeclaim/www-web-0 – persistentvolume/pvc-': [/name each other/, /volumeName: pvc-/, /claimRef:[\s\S]*name: www-web-0/],
    }
    const titles = await page.locator('.edge title').allTextContents()
    for (const [title, patterns] of Object.entries(expected)) {
      const at = titles.findIndex(found => found.startsWith(title))
      assert.notEqual(at, -1, `${title} is not among ${titles}`)
      const box = await page.locator('.edge__hit').nth(at).boundingBox()
      await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2)
      const text = await details().innerText()
      for (const pattern of patterns) assert.match(text, pattern)
    }
  })
})

describe('What is missing', () => {
  it('is drawn as a ghost with the reason, wherever a set, a pod or a claim names it', async () => {
    const change = text =>
      text
        .replace('serviceName: "nginx"', 'serviceName: "lost"')
        .replace('accessModes', 'storageClassName: fast\n      accessModes')
    await applied(change)
    await runToRest(page)
    await one(page, /^Service lost, There is no Service of this name/)
    await rail().getByRole('button', { name: /^StorageClass fast .*is not there/ }).waitFor()
    // Its reason, and what helps, which has room in its panel.
    await card(/^Name web-0\./).click()
    const remedy = details().getByRole('button', { name: /^kubectl create service clusterip lost / })
    assert.ok(await remedy.evaluate(button => button.scrollWidth <= button.clientWidth && button.getBoundingClientRect().right <= button.closest('.why__reason').getBoundingClientRect().right))
    await press('Close', details())
    await press('Table')
    await page.getByRole('row', { name: /^lost .*is not there, statefulset\.apps\/web names it/ }).waitFor()
    await page.getByRole('row', { name: /^fast .*is not there/ }).waitFor()
    await press('Graph')
    // The class comes, and the ghost is a class.
    await rail().getByRole('button', { name: 'Add a storage class' }).click()
    await page.getByRole('dialog', { name: 'Add a storage class' }).getByRole('button', { name: 'Create' }).click()
    await runToRest(page)
    assert.equal(await rail().getByRole('button', { name: /is not there/ }).count(), 0)
    await one(page, /^StatefulSet julin\/web, 2 of 2 ready$/)
  })

  it('is a ghost also where a pod names config maps, secrets and claims', async () => {
    const pod = `---
apiVersion: v1
kind: Pod
metadata: {name: alone, namespace: julin}
spec:
  containers:
  - name: main
    image: nginx
    envFrom: [{configMapRef: {name: settings}}]
  volumes:
  - {name: key, secret: {secretName: key}}
---
apiVersion: v1
kind: Pod
metadata: {name: reader, namespace: julin}
spec:
  containers: [{name: main, image: nginx}]
  volumes:
  - {name: data, persistentVolumeClaim: {claimName: shared}}
`
    await applied(text => `${text}\n${pod}`)
    await stepTo(/^Secret key, is not there/)
    await stepTo(/^PersistentVolumeClaim shared, is not there/)
    await one(page, /^Secret key, is not there, pod\/alone names it$/)
    await one(page, /^PersistentVolumeClaim shared, is not there, pod\/reader names it$/)
    await card(/^Secret key, is not there/).click()
    await details().getByRole('button', { name: /Pod alone/ }).click()
    await details().getByText('There is no secret/key.').waitFor()
    assert.match(await details().innerText(), /volumes:\s+- name: key\s+secret:[\s\S]*secretName: key/)
  })
})
