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

describe('What the address asks for', () => {
  const log = () => figure().getByRole('textbox', { name: /^Line for terminal/ })
  const load = async query => {
    await openHost(frame(query))
    await untilTold('ready')
    await tell({ statefulscope: 1, type: 'load', manifest: SET })
  }

  it('view: the manifest or a terminal beside the picture', async () => {
    await page.goto(`${server.address}?embed&view=split`)
    await page.getByRole('textbox', { name: 'Manifest' }).waitFor()
    await page.goto(`${server.address}?embed&view=terminal`)
    await page.getByRole('button', { name: 'Terminal 1' }).waitFor()
    assert.equal(await page.getByRole('textbox', { name: 'Manifest' }).count(), 0)
  })

  it('theme and lang', async () => {
    for (const theme of ['light', 'dark']) {
      await page.goto(`${server.address}?embed&lang=zh-CN&theme=${theme}`)
      await page.getByRole('link', { name: '在完整页面中打开' }).waitFor()
      const colors = () => [document.documentElement.dataset.theme, document.documentElement.lang]
      assert.deepEqual(await page.evaluate(colors), [theme, 'zh-CN'])
    }
  })

  it('controls: all, the clock, or nothing but the picture', async () => {
    for (const [controls, ...seen] of [['full', true, true], ['min', true, false], ['none', false, false]]) {
      await page.goto(`${server.address}?embed&controls=${controls}`)
      await page.getByRole('link', { name: 'Open in full page' }).waitFor()
      const clock = await page.getByRole('group', { name: 'Clock' }).count()
      const timeline = await page.getByRole('slider', { name: 'Timeline' }).count()
      assert.deepEqual([clock > 0, timeline > 0], seen, controls)
    }
  })

  it('autoplay, and without it, time that stands still', async () => {
    await load('?embed')
    await untilTold('state', message => message.sets[0]?.replicas === 2)
    await page.waitForTimeout(600)
    assert.deepEqual([...new Set((await told('state')).map(({ time, playing }) => `${time} ${playing}`))], ['1 false'])
    await load('?embed&autoplay')
    await untilTold('state', message => message.playing && message.time > 0)
  })

  it('autoplay is not for those who want no movement', async () => {
    await page.emulateMedia({ reducedMotion: 'reduce' })
    await load('?embed&autoplay')
    await untilTold('state', message => message.sets[0]?.replicas === 2)
    await page.waitForTimeout(600)
    assert.deepEqual([...new Set((await told('state')).map(({ time, playing }) => `${time} ${playing}`))], ['1 false'])
  })

  it('speed: so many virtual seconds in a second', async () => {
    await load('?embed&autoplay&speed=20')
    const began = Date.now()
    const { time } = await untilTold('state', message => message.time > 10)
    assert.ok(time / ((Date.now() - began) / 1000) > 5, `${time} after ${Date.now() - began} ms`)
  })

  it('at: the moment that is shown first, and loop: again from there', async () => {
    await load('?embed&at=1m30s')
    const { sets } = await untilTold('state', message => message.time === 90 && message.sets.length > 0)
    assert.equal(sets[0].readyReplicas, 2)
    await load('?embed&autoplay&loop&speed=20&at=4')
    await untilTold('state', message => message.time > 8)
    const far = (await told('state')).length
    await page.waitForFunction(
      far => window.told.filter(({ type }) => type === 'state').slice(far).some(({ time }) => time < 8),
      far,
      { timeout: 20_000 },
    )
  })

  it('readonly: nothing can be changed, by hand or by message', async () => {
    await load('?embed&readonly&view=terminal&autoplay')
    await untilTold('state', message => message.sets[0]?.readyReplicas === 2)
    await tell({ statefulscope: 1, type: 'run', id: 'r', line: 'kubectl delete sts web' })
    assert.match((await untilTold('error', message => message.id === 'r')).message, /read-only/)
    assert.equal(await log().count(), 0)
    assert.equal(await figure().getByRole('button', { name: 'One replica more' }).count(), 0)
  })
})

describe('A story in a figure', () => {
  it('leaves the page around where it is, and the focus too', async () => {
    // From the same origin a frame could move the page that it is in.
    await page.goto(`${server.address}gallery.json`)
    await page.evaluate(address => {
      const field = document.createElement('input')
      const frame = document.createElement('iframe')
      Object.assign(frame, { src: `${address}?embed#x=stuck-rollout`, width: 900, height: 500 })
      Object.assign(frame.style, { display: 'block', marginTop: '3000px' })
      document.body.replaceChildren(field, frame)
      field.focus()
    }, server.address)
    await figure().getByRole('button', { name: 'Begin', exact: true }).waitFor()
    await page.waitForTimeout(500)
    assert.deepEqual(await page.evaluate(() => [scrollY, document.activeElement.localName]), [0, 'input'])
    faults.splice(0, faults.length, ...faults.filter(fault => !fault.includes('favicon.ico') && !fault.includes('404')))
  })

  it('tells itself where it is to play at once, with the picture in view, and stops where the reader goes on', async () => {
    await openHost(frame('?embed&autoplay&speed=20#x=stuck-rollout'))
    await untilTold('ready')
    const panel = figure().getByRole('region', { name: /^Story: / })
    await panel.getByRole('progressbar', { name: 'Step 2 of 4' }).waitFor()
    const card = await figure().getByRole('button', { name: /^StatefulSet default\/web,/ }).first().boundingBox()
    const around = await page.locator('iframe').boundingBox()
    assert.ok(card.y >= around.y && card.y + 60 < around.y + around.height, JSON.stringify(card))
    await panel.getByRole('button', { name: 'Back' }).click()
    await panel.getByRole('progressbar', { name: 'Step 1 of 4' }).waitFor()
    await page.waitForTimeout(6000)
    await panel.getByRole('progressbar', { name: 'Step 1 of 4' }).waitFor()
  })

  it('waits where it is not, and the link to the whole page leads to it', async () => {
    await openHost(frame('?embed#x=stuck-rollout'))
    const link = figure().getByRole('link', { name: 'Open in full page' })
    await figure().getByRole('button', { name: 'Begin', exact: true }).waitFor()
    await link.hover()
    await page.waitForTimeout(300)
    assert.equal(await link.getAttribute('href'), `${server.address}#x=stuck-rollout`)
    assert.equal(await figure().getByText('Step 1 of 4', { exact: true }).count(), 0)
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

  it('is not moved by an element in it, as the browser measures that, and has text where no scripts run', async () => {
    const script = `<script type="module" src="${server.address}statefulscope-scenario.js"></script>`
    // As the share dialog writes it: its height is there before the script is. The manifest is higher than that.
    const style = 'style="display: block; height: 200px; overflow: auto"'
    const element = `<statefulscope-scenario height="200" autoplay ${style}><pre>${SET}</pre></statefulscope-scenario><p>below</p>`
    const note = `<script>window.shifts = []
      new PerformanceObserver(list => shifts.push(...list.getEntries().map(entry => entry.value))).observe({ type: 'layout-shift', buffered: true })</script>`
    await openHost(`${note}<p>above</p>${element.repeat(3)}${script}`)
    await figure().getByRole('button', { name: /^Pod web-1, running/i }).first().waitFor()
    await page.waitForTimeout(500)
    assert.deepEqual(await page.evaluate(() => window.shifts), [])
    const context = await server.browser.newContext({ javaScriptEnabled: false })
    const plain = await context.newPage()
    await plain.goto(host.address)
    assert.ok(await plain.locator('pre').first().isVisible())
    assert.match(await plain.locator('pre').first().innerText(), /kind: StatefulSet/)
    await context.close()
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
    assert.equal(await page.locator('statefulscope-scenario pre').isVisible(), false)
    const theme = () => page.frames().at(-1).evaluate(() => document.documentElement.dataset.theme)
    assert.equal(await theme(), 'light')
    await page.evaluate(() => document.documentElement.setAttribute('data-bs-theme', 'dark'))
    await page.waitForTimeout(300)
    assert.equal(await theme(), 'dark')
    assert.equal(await page.locator('iframe').getAttribute('title'), 'web')
  })
})
