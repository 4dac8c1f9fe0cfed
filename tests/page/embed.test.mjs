// The page as a figure in another page: by frame, by element, by message; from another origin, and without one.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'

import { serve } from '../../tools/serve.mjs'
import { start, watch } from './browser.mjs'

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
  replicas: 2
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec: {containers: [{name: nginx, image: nginx}]}
`

let server
let host
let folder
let page
let faults

before(async () => {
  server = await start()
  // A page of another origin.
  folder = mkdtempSync(join(tmpdir(), 'figure-'))
  host = await serve(folder)
})

after(async () => {
  await host.close()
  await server.close()
  rmSync(folder, { recursive: true })
})

beforeEach(async () => {
  const context = await server.browser.newContext({
    viewport: { width: 1000, height: 700 },
    locale: 'en-US',
    colorScheme: 'light',
    serviceWorkers: 'block',
  })
  page = await context.newPage()
  page.setDefaultTimeout(20_000)
  faults = watch(page, [server.address, host.address])
})

afterEach(async () => {
  assert.deepEqual(faults, [])
  await page.context().close()
})

/// Opens a page of the other origin, which notes the messages that it gets.
async function openHost(body) {
  const notes = `<script>window.told = []; addEventListener('message', event => {
    if (event.data && event.data.statefulscope) told.push({ ...event.data, origin: event.origin }) })</script>`
  writeFileSync(join(folder, 'index.html'), `<!doctype html><html lang="en"><title>Host</title><link rel="icon" href="data:,">${notes}<body>${body}`)
  await page.goto(host.address)
}

const frame = (query, more = '') => `<iframe title="figure" width="900" height="500" src="${server.address}${query}" ${more}></iframe>`
const figure = () => page.frameLocator('iframe').first()
const tell = message =>
  page.evaluate(message => document.querySelector('iframe').contentWindow.postMessage(message, '*'), message)
const told = type => page.evaluate(type => window.told.filter(message => message.type === type), type)

async function untilTold(type, is = () => true) {
  for (let tries = 0; tries < 200; tries += 1) {
    const found = (await told(type)).filter(is)
    if (found.length > 0) return found.at(-1)
    await page.waitForTimeout(100)
  }
  throw new Error(`no message ${type}: ${JSON.stringify(await page.evaluate(() => window.told.slice(-4)))}`)
}

describe('A figure', () => {
  it('shows the picture first, and the manifest and terminals when they are opened', async () => {
    const loaded = []
    page.on('request', request => loaded.push(request.url()))
    await page.goto(`${server.address}?embed&theme=dark`)
    await page.getByRole('region', { name: 'Cluster graph' }).waitFor()
    assert.equal(await page.getByRole('textbox', { name: 'Manifest' }).count(), 0)
    assert.equal(await page.getByRole('heading', { name: 'Statefulscope' }).count(), 0)
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark')
    assert.ok(!loaded.some(url => url.includes('editor.js')))
    await page.getByRole('button', { name: 'Manifest' }).click()
    await page.getByRole('textbox', { name: 'Manifest' }).waitFor()
    await page.getByRole('button', { name: 'Log and terminals' }).click()
    await page.getByRole('group', { name: 'Clock' }).waitFor()
    assert.equal(await page.evaluate(() => document.documentElement.scrollHeight <= innerHeight), true)
  })

  it('leads to the whole page with what it shows at present', async () => {
    await openHost(frame('?embed&autoplay'))
    await untilTold('ready')
    await tell({ statefulscope: 1, type: 'load', manifest: SET })
    await untilTold('state', message => message.sets[0]?.readyReplicas === 2)
    const link = figure().getByRole('link', { name: 'Open in full page' })
    await link.hover()
    await page.waitForFunction(() => true)
    const [opened] = await Promise.all([page.context().waitForEvent('page'), link.click()])
    await opened.getByRole('button', { name: /^Pod web-1, running/i }).first().waitFor({ timeout: 20_000 })
    assert.ok(!opened.url().includes('embed'))
  })

  it('obeys what the address asks for', async () => {
    await page.goto(`${server.address}?embed&view=table&controls=none&readonly&lang=zh-CN&speed=5`)
    await page.getByRole('link', { name: '在完整页面中打开' }).waitFor()
    assert.equal(await page.getByRole('button', { name: '应用', exact: true }).count(), 0)
    assert.equal(await page.getByRole('group', { name: '时钟' }).count(), 0)
    assert.equal(await page.getByRole('table').count() > 0, true)
  })
})

describe('Messages', () => {
  it('load, run, seek, pause and change the colours, and errors come back', async () => {
    await openHost(frame('?embed&autoplay'))
    await untilTold('ready')
    await tell({ statefulscope: 1, type: 'load', manifest: SET })
    const state = await untilTold('state', message => message.sets[0]?.readyReplicas === 2)
    assert.equal(state.sets[0].name, 'web')
    await tell({ statefulscope: 1, type: 'run', line: 'kubectl scale sts web --replicas=3' })
    await untilTold('state', message => message.sets[0]?.readyReplicas === 3)
    await tell({ statefulscope: 1, type: 'pause' })
    await tell({ statefulscope: 1, type: 'seek', time: 2.5 })
    await untilTold('state', message => message.time === 2.5 && !message.playing)
    await tell({ statefulscope: 1, type: 'setConfig', theme: 'dark', lang: 'zh-CN' })
    await figure().getByRole('link', { name: '在完整页面中打开' }).waitFor()
    await tell({ statefulscope: 1, type: 'run', id: 'a', line: 7 })
    const error = await untilTold('error')
    assert.deepEqual([error.id, error.message], ['a', 'line: a string is expected'])
    await untilTold('resize')
  })

  it('are heard from the page around alone', async () => {
    await openHost(frame('?embed') + frame('?embed'))
    await untilTold('ready')
    await page.waitForFunction(() => window.told.filter(message => message.type === 'ready').length === 2)
    // One figure talks to the other.
    const [one] = page.frames().filter(frame => frame !== page.mainFrame())
    await one.evaluate(text => {
      for (let number = 0; number < parent.length; number += 1) {
        if (parent[number] !== window) parent[number].postMessage({ statefulscope: 1, type: 'load', manifest: text }, '*')
      }
      window.postMessage({ statefulscope: 1, type: 'load', manifest: text }, '*')
    }, SET)
    await page.waitForTimeout(500)
    assert.ok((await told('state')).every(message => message.sets.length === 0))
  })

  it('that are forged change nothing', async () => {
    await openHost(frame('?embed'))
    await untilTold('ready')
    await page.evaluate(() => {
      const odd = [null, 1, 'text', [], {}, { statefulscope: 1 }, { statefulscope: '1', type: 'play' }, new Map(), new Date()]
      const types = ['run', 'load', 'seek', 'setConfig', '__proto__', 'constructor', '<img src=x onerror=alert(1)>']
      const values = [undefined, null, -1, NaN, {}, [], '#s=1.4.AAAA', '<script>alert(1)</script>', 'javascript:alert(1)', '\0']
      const target = document.querySelector('iframe').contentWindow
      for (let n = 0; n < 1000; n += 1) {
        const type = types[n % types.length]
        const value = values[n % values.length]
        const forged = { statefulscope: n % 3 ? 2 : 1, type: n % 5 ? type : value, line: {}, time: value, theme: [value], link: value }
        target.postMessage(n % 7 ? forged : odd[n % odd.length], '*')
      }
    })
    await tell({ statefulscope: 1, type: 'none', id: 'last' })
    await untilTold('error', message => message.id === 'last')
    const states = await told('state')
    assert.ok(states.every(message => message.sets.length === 0 && !message.playing), JSON.stringify(states.at(-1)))
    assert.equal(new Set(states.map(message => message.time)).size, 1)
  })
})

describe('A page around', () => {
  it('of no origin of its own can be worked in: sandbox="allow-scripts"', async () => {
    await openHost(frame('?embed&autoplay', 'sandbox="allow-scripts"'))
    const ready = await untilTold('ready')
    assert.equal(ready.origin, 'null')
    await tell({ statefulscope: 1, type: 'load', manifest: SET })
    await untilTold('state', message => message.sets[0]?.readyReplicas === 2)
  })

  it('shows twenty at once', async () => {
    await openHost(Array.from({ length: 20 }, () => frame('?embed')).join(''))
    await page.waitForFunction(() => window.told.filter(message => message.type === 'ready').length === 20, undefined, {
      timeout: 60_000,
    })
  })

  it('has an element that comes when it is near, with the manifest in it, and follows the colours', async () => {
    const script = `<script type="module" src="${server.address}statefulscope-scenario.js"></script>`
    const element = `<div style="height:3000px">above</div><statefulscope-scenario height="400" autoplay label="web"><pre>${SET}</pre></statefulscope-scenario><p id="below">below</p>`
    await openHost(script + element)
    await page.waitForTimeout(500)
    assert.equal(await page.locator('iframe').count(), 0)
    assert.ok((await page.locator('statefulscope-scenario pre').textContent()).includes('StatefulSet'))
    const top = () => page.evaluate(() => document.getElementById('below').getBoundingClientRect().top + scrollY)
    const before = await top()
    await page.locator('statefulscope-scenario').scrollIntoViewIfNeeded()
    await figure().getByRole('button', { name: /^Pod web-1, running/i }).first().waitFor()
    assert.ok((await top()) <= before, 'nothing moves down')
    const theme = () => page.frames().at(-1).evaluate(() => document.documentElement.dataset.theme)
    assert.equal(await theme(), 'light')
    await page.evaluate(() => document.documentElement.setAttribute('data-bs-theme', 'dark'))
    await page.waitForTimeout(300)
    assert.equal(await theme(), 'dark')
    assert.equal(await page.locator('iframe').getAttribute('title'), 'web')
  })
})
