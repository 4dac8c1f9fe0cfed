// No input at a hundred pods waits more than 100 ms for what it shows. Of a release: a quick build is not optimized.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'

import { start } from './browser.mjs'
import { goIntoEditor, manifestText } from './reading.mjs'

/// How long an input may take from the press to the next picture, in milliseconds.
const LONGEST = 100
/// The machine does other things as well: what is slow is done again, and the quickest counts.
const TRIES = 3

const SET = `apiVersion: v1
kind: Service
metadata: {name: nginx}
spec: {clusterIP: None, selector: {app: nginx}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: nginx
  replicas: 100
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec: {containers: [{name: nginx, image: nginx, volumeMounts: [{name: www, mountPath: /www}]}]}
  volumeClaimTemplates:
  - metadata: {name: www}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`

let server
before(async () => {
  assert.ok(existsSync('dist/worker.js'), 'dist holds a quick build: run tools/build')
  server = await start()
})
after(() => server.close())

const button = (page, name) => page.getByRole('button', { name, exact: true })
const press = (page, name) => button(page, name).click()

/// Lets the page note how long each input takes: from its event until the next picture is painted.
const note = page =>
  page.addInitScript(() => {
    window.inputs = []
    const { port1, port2 } = new MessageChannel()
    const waiting = []
    port1.onmessage = () => {
      const now = performance.now()
      window.inputs.push(...waiting.splice(0).map(began => now - began))
    }
    // What a frame has to draw is drawn after its callbacks, and before the next message.
    const take = ({ timeStamp, isTrusted }) => {
      if (isTrusted && waiting.push(timeStamp) === 1) requestAnimationFrame(() => port2.postMessage(0))
    }
    for (const kind of ['pointerdown', 'pointerup', 'click', 'contextmenu', 'keydown', 'keyup', 'input', 'change']) {
      addEventListener(kind, take, { capture: true, passive: true })
    }
  })

/// A page with a hundred pods at rest, and time that stands still.
async function openHundred() {
  const context = await server.browser.newContext({
    viewport: { width: 1440, height: 900 },
    locale: 'en-US',
    reducedMotion: 'reduce',
    serviceWorkers: 'block',
  })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  await note(page)
  await page.goto(server.address)
  await goIntoEditor(page)
  await page.keyboard.press('Control+A')
  await page.keyboard.insertText(SET)
  await press(page, 'Apply')
  await page.getByRole('slider', { name: 'Speed' }).fill('9')
  await page.getByText('100 of 100 ready', { exact: true }).waitFor({ timeout: 120_000 })
  await page.getByText('at rest', { exact: true }).waitFor()
  await press(page, 'Pause')
  return page
}

/// Does something, and gives the longest that one of its inputs took, in milliseconds.
async function measure(page, act) {
  await page.evaluate(() => new Promise(done => requestAnimationFrame(() => setTimeout(done))))
  await page.evaluate(() => (window.inputs.length = 0))
  await act(page)
  await page.waitForFunction(() => window.inputs.length > 0)
  await page.waitForTimeout(150)
  return Math.ceil(Math.max(...(await page.evaluate(() => window.inputs))))
}

const image = page => page.getByRole('textbox', { name: 'Image' })
const line = page => page.getByRole('textbox', { name: 'Line for terminal 1' }).or(page.getByRole('combobox', { name: 'Line for terminal 1' }))
const pod = page => page.getByRole('button', { name: /^Pod web-0, running/i }).first()
const slider = page => page.getByRole('slider', { name: 'Timeline' })

/// What people do, one after the other.
const INPUTS = {
  'selecting a pod': page => pod(page).click(),
  'closing its details': page => page.keyboard.press('Escape'),
  'opening a menu': page => pod(page).click({ button: 'right' }),
  'closing it': page => page.keyboard.press('Escape'),
  'an arrow in the picture': page => page.keyboard.press('ArrowRight'),
  'a table': page => press(page, 'Table'),
  'the picture again': page => press(page, 'Graph'),
  'tints': page => press(page, 'Colour by node'),
  'one replica more': page => press(page, 'One replica more'),
  'one replica less': page => press(page, 'One replica less'),
  'typing an image': async page => {
    await image(page).focus()
    await page.keyboard.press('End')
    await page.keyboard.type(':1.29', { delay: 20 })
  },
  'setting an image': page => press(page, 'Set image'),
  'a step': page => press(page, 'Step'),
  'a step back': page => press(page, 'Previous event'),
  'undo': page => press(page, 'Undo'),
  'the beginning': page => slider(page).press('Home'),
  'a press on the timeline': page => slider(page).click(),
  'the end': page => slider(page).press('End'),
  'playing': page => press(page, 'Play'),
  'pausing': page => press(page, 'Pause'),
  'applying': page => press(page, 'Apply'),
  'closing the terminal': page => press(page, 'Terminal 1'),
  'opening it': page => press(page, 'Terminal 1'),
  'typing in the terminal': async page => {
    await line(page).focus()
    await page.keyboard.type('kubectl get pods', { delay: 20 })
  },
  'a line in the terminal': page => page.keyboard.press('Enter'),
  'completing a line': async page => {
    await page.keyboard.type('kubectl delete pod web-', { delay: 20 })
    await page.keyboard.press('Tab')
  },
  'deleting a pod': async page => {
    await page.keyboard.press('Escape')
    await line(page).fill('')
    await page.keyboard.type('kubectl delete pod web-7 --wait=false', { delay: 20 })
    await page.keyboard.press('Enter')
  },
  'typing in the editor': async page => {
    await page.locator('.cm-content').focus()
    await page.keyboard.press('Control+End')
    await page.keyboard.type('# more\nkind: Pod\n', { delay: 20 })
  },
  'taking it back': async page => {
    for (let n = 0; n < 20 && (await manifestText(page)) !== SET; n += 1) await page.keyboard.press('Control+z')
  },
  'another language': page => press(page, '中文'),
  'the first language': page => press(page, 'English'),
  'the other colours': page => page.getByRole('button', { name: /^(Theme of the system|Light theme|Dark theme)/ }).click(),
}

/// Does all of these on a page of its own, up to three times, and gives those that were slow each time.
async function slowOf(inputs, prepare = async () => {}) {
  const best = new Map(Object.keys(inputs).map(name => [name, Infinity]))
  const slow = () => [...best].filter(([, took]) => took > LONGEST)
  for (let round = 0; round < TRIES && slow().length > 0; round += 1) {
    const page = await openHundred()
    await prepare(page)
    for (const [name, act] of Object.entries(inputs)) best.set(name, Math.min(best.get(name), await measure(page, act)))
    await page.context().close()
  }
  if (process.env.TIMES) [...best].forEach(([name, took]) => console.log(`${String(took).padStart(5)} ms  ${name}`))
  return slow()
}

describe('At a hundred pods', () => {
  it('every input is shown within 100 ms', { timeout: 300_000 }, async () => {
    assert.deepEqual(await slowOf(INPUTS), [])
  })

  it('every command is, where a megabyte of commands is saved before each', { timeout: 300_000 }, async () => {
    const noise = Array.from({ length: 500 }, (_, n) => `# ${String(n * 7919).padEnd(100, 'abc ')}\n`).join('')
    const grow = async page => {
      await goIntoEditor(page)
      await page.keyboard.press('Control+End')
      await page.keyboard.insertText(noise)
      for (let n = 0; n < 21; n += 1) await press(page, 'Apply')
      assert.ok((await page.evaluate(() => window.wasmBindings.session_log())).length > 1_000_000)
      // It is what is found when the page is opened again.
      await page.waitForFunction(() => Object.values(localStorage).some(text => text.length > 1_000_000))
    }
    const { 'one replica more': more, 'one replica less': less, applying } = INPUTS
    const typed = async page => {
      await line(page).fill('kubectl get pods')
      await line(page).press('Enter')
    }
    assert.deepEqual(await slowOf({ 'one replica more': more, 'one replica less': less, applying, 'a line': typed }, grow), [])
  })
})
