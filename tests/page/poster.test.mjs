// What a figure shows before its program has come, and when that comes.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { deflateRawSync } from 'node:zlib'

import { serve } from '../../tools/serve.mjs'
import { graveFindings } from './axe.mjs'
import { start, watch } from './browser.mjs'
import { runToRest } from './reading.mjs'

const SIZE = { width: 900, height: 480 }
/// A scenario, without a picture.
const GOLDEN = readFileSync('tests/scenarios/golden/v1-run.link', 'utf8').trim()

let server
/// A page of another origin.
let host
let folder
before(async () => {
  server = await start()
  folder = mkdtempSync(join(tmpdir(), 'poster-'))
  host = await serve(folder)
})
after(async () => {
  await host.close()
  await server.close()
  rmSync(folder, { recursive: true })
})

/// Opens a page, and gives it with the names of the files that it loads.
async function open(address, { prepare = async () => {}, ...options } = {}) {
  const context = await server.browser.newContext({ viewport: SIZE, locale: 'en-US', serviceWorkers: 'block', ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const faults = watch(page, [server.address, host.address])
  const loaded = []
  page.on('request', request => loaded.push(new URL(request.url()).pathname.slice(1)))
  await prepare(page)
  await page.goto(address.startsWith('http') ? address : server.address + address)
  const hasProgram = () => loaded.some(name => name.endsWith('.wasm'))
  return { page, faults, loaded, hasProgram, end: async () => (assert.deepEqual(faults, []), context.close()) }
}

const NOTES = `<!doctype html><html lang="en"><title>Host</title><link rel="icon" href="data:,"><script>window.told = []; addEventListener('message', event => {
  if (event.data && event.data.statefulscope) told.push(event.data) })</script><body>`

/// Opens a page of the other origin, which notes the messages that it gets.
async function openHost(body) {
  writeFileSync(join(folder, 'index.html'), NOTES + body)
  const opened = await open(host.address, { viewport: { width: 1000, height: 900 } })
  const told = type => opened.page.evaluate(type => window.told.filter(message => message.type === type), type)
  const tell = message => opened.page.evaluate(message => document.querySelector('iframe').contentWindow.postMessage(message, '*'), message)
  return { ...opened, told, tell, figure: opened.page.frameLocator('iframe') }
}

const frame = (query, more = '') => `<iframe title="figure" width="900" height="480" src="${server.address}${query}" ${more}></iframe>`

/// What goes behind a link for a picture of this text.
const pictureOf = svg => `&p=${deflateRawSync(svg).toString('base64url')}`
const SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="90" viewBox="0 0 300 90" role="img"><title>A drawing</title>'
const DRAWN = `${SVG}<text x="9" y="40" fill="var(--text)">drawn</text></svg>`

const button = (page, name) => page.getByRole('button', { name, exact: true })
const until = async (is, what) => {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await is()) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`never: ${what}`)
}

describe('A figure of a story', () => {
  it('shows its picture, with nothing loaded that simulates, and begins where it is pressed', async () => {
    const { page, loaded, hasProgram, end } = await open('?embed#x=stuck-rollout')
    await page.getByRole('img', { name: 'The rollout that stays stuck' }).waitFor()
    await page.getByText('ImagePullBackOff', { exact: true }).waitFor()
    await page.getByText('An image that does not pull stops a rolling update.').waitFor()
    await page.waitForTimeout(1500)
    const kinds = loaded.map(name => name.replace(/-[0-9a-f]{16}/, '')).sort()
    assert.deepEqual(kinds, ['', 'icon.svg', 'page.css', 'page.js', 'posters/stuck-rollout.json'])
    const link = page.getByRole('link', { name: 'Open in full page' })
    assert.equal(await link.getAttribute('href'), `${server.address}#x=stuck-rollout`)
    await button(page, 'Begin').click()
    const story = page.getByRole('region', { name: /^Story: / })
    await story.getByRole('progressbar', { name: 'Step 1 of 4' }).waitFor()
    // It plays that step, and waits for the reader then.
    await page.getByRole('button', { name: /^Pod web-2, running/i }).waitFor()
    await page.waitForTimeout(6000)
    await story.getByRole('progressbar', { name: 'Step 1 of 4' }).waitFor()
    assert.ok(hasProgram())
    await end()
  })

  it('can be begun by keyboard, and has the focus where the reader goes on', async () => {
    const { page, end } = await open('?embed#x=basics')
    await button(page, 'Begin').waitFor()
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Begin')
    await page.keyboard.press('Enter')
    await page.getByRole('region', { name: /^Story: / }).waitFor()
    await page.waitForFunction(() => document.activeElement.id === 'story-text')
    await end()
  })

  it('shows it at once and plays where the address says so, once it is in view', async () => {
    const { page, figure, hasProgram, end } = await openHost(`<div style="height: 3000px"></div>${frame('?embed&autoplay&speed=20#x=stuck-rollout')}`)
    // What is out of view is not drawn.
    await button(figure, 'Begin').waitFor({ state: 'attached' })
    await page.waitForTimeout(1000)
    assert.equal(hasProgram(), false)
    await page.evaluate(() => scrollTo(0, 3000))
    await figure.getByRole('progressbar', { name: 'Step 2 of 4' }).waitFor()
    await end()
  })

  it('waits for those who want no movement', async () => {
    const { page, hasProgram, end } = await open('?embed&autoplay#x=basics', { reducedMotion: 'reduce' })
    await button(page, 'Begin').waitFor()
    await page.waitForTimeout(1000)
    assert.equal(hasProgram(), false)
    await end()
  })

  it('speaks the language and has the colours that are asked for', async () => {
    for (const [lang, begin, title] of [['zh-CN', '开始', '毫无动静的缩容'], ['en', 'Begin', 'The scale-down that does nothing']]) {
      const { page, end } = await open(`?embed&theme=dark&lang=${lang}#x=scale-down-blocked`, { locale: 'zh-CN' })
      await button(page, begin).waitFor()
      assert.equal(await page.getByRole('heading').innerText(), title)
      const root = () => [document.documentElement.lang, document.documentElement.dataset.theme]
      assert.deepEqual(await page.evaluate(root), [lang, 'dark'])
      const colour = await page.getByText('web-0', { exact: true }).evaluate(text => getComputedStyle(text).fill)
      assert.equal(colour, 'rgb(232, 237, 244)')
      await end()
    }
  })

  it('has nothing that keeps people out, in both themes, at a desk and on a telephone', async () => {
    for (const [theme, viewport] of [['light', SIZE], ['dark', SIZE], ['light', { width: 390, height: 460 }], ['dark', { width: 320, height: 400 }]]) {
      const { page, end } = await open(`?embed&theme=${theme}#x=basics`, { viewport })
      await button(page, 'Begin').waitFor()
      assert.deepEqual(await graveFindings(page), [], theme)
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true)
      assert.equal(await page.evaluate(() => document.documentElement.scrollHeight <= innerHeight), true)
      await end()
    }
  })
})

describe('A figure of a scenario', () => {
  it('is shared with its picture, which is what the program shows then', async () => {
    const { page, faults } = await server.open()
    await button(page, 'Pause').click()
    await button(page, 'Apply').click()
    await runToRest(page)
    await button(page, 'Share').click()
    const code = await page.getByRole('dialog', { name: 'Share' }).locator('pre, textarea, code').filter({ hasText: '<iframe' }).first().innerText()
    assert.deepEqual(faults, [])
    await page.context().close()
    const source = /src="([^"]+)"/.exec(code)[1].replaceAll('&amp;', '&')
    assert.ok(source.length < 4000, `${source.length} characters`)
    const figure = await open(source)
    await figure.page.getByRole('img', { name: /^A StatefulSet at / }).waitFor()
    const words = await figure.page.locator('.poster__picture text').allTextContents()
    await figure.page.waitForTimeout(500)
    assert.equal(figure.hasProgram(), false)
    const link = await figure.page.getByRole('link', { name: 'Open in full page' }).getAttribute('href')
    assert.match(link, /#s=1\.\d+\.[\w-]+$/)
    await button(figure.page, 'Play').click()
    await figure.page.getByRole('button', { name: /^Pod web-1, running/i }).first().waitFor()
    const drawn = await figure.page.locator('.graph__svg text').allTextContents()
    // The picture says no more below itself than when that was.
    const beyond = words.slice(0, -1).filter(word => !drawn.includes(word))
    assert.deepEqual(beyond, [])
    await button(figure.page, 'Pause').waitFor()
    await figure.page.waitForFunction(() => document.activeElement.id === 'clock-play')
    await figure.end()
  })

  it('has its program at once where it has no picture, one of another moment, or one that was damaged', async () => {
    for (const more of ['', '&p=', '&p=AAAA', `${pictureOf(DRAWN).slice(0, -9)}`, `&at=1${pictureOf(DRAWN)}`]) {
      const query = more.startsWith('&at') ? `?embed&at=1${GOLDEN}${pictureOf(DRAWN)}` : `?embed${GOLDEN}${more}`
      const { page, end } = await open(query)
      await page.getByRole('button', { name: /^Pod web-0/ }).first().waitFor()
      await end()
    }
  })

  it('shows a picture that is made of shapes and words, and no other', async () => {
    const { page, end } = await open(`?embed${GOLDEN}${pictureOf(DRAWN)}`)
    await page.getByRole('img', { name: 'A drawing' }).waitFor()
    assert.equal(await page.getByText('drawn', { exact: true }).count(), 1)
    await end()
    const harmful = [
      '<script>globalThis.harmed = true</script>',
      '<image href="https://example.com/a.png"/>',
      '<image href="data:image/svg+xml,x" onerror="globalThis.harmed = true"/>',
      '<foreignObject><iframe src="javascript:parent.harmed = true"/></foreignObject>',
      '<use href="#a"/>',
      '<style>@import "https://example.com/a.css"</style>',
      '<rect onload="globalThis.harmed = true" width="9"/>',
      '<rect style="background: url(https://example.com/a.png)"/>',
      '<rect fill="url(https://example.com/a.svg#b)"/>',
      '<rect fill="u\\72l(https://example.com/a.svg#b)"/>',
      '<rect fill="\nurl(icon.svg#b)"/>',
      '<rect stroke="\rurl(..#b) red"/>',
      '<rect filter="blur(9px)"/>',
      '<path d="M0 0C1 1 2 2 3 3"/>',
      '<g transform="scale(9999)"/>',
      // What takes a browser long to draw.
      '<circle r="300" stroke-dasharray=".001" stroke="red"/>'.repeat(10),
      '<path d="M0 0L99999 99999" stroke-dasharray="1 3" stroke="var(--text)"/>'.repeat(3000),
      '<rect width="1000000"/>',
      '<text x="1"><a href="javascript:globalThis.harmed = true">drawn</a></text>',
      '<animate attributeName="href" to="javascript:globalThis.harmed = true"/>',
      '<rect id="app"/>',
      '<rect class="button"/>',
      '<svg><g></svg></g>',
      '<!-- --><rect width="1"/>',
      '<![CDATA[<script>globalThis.harmed = true</script>]]>',
      '<?xml-stylesheet href="https://example.com/a.css"?>',
      '<g>'.repeat(5000) + '</g>'.repeat(5000),
      '<rect width="1"/>'.repeat(30_000),
      '</svg><svg>',
    ]
    for (const inside of harmful) {
      const { page, end } = await open(`?embed${GOLDEN}${pictureOf(`${SVG}${inside}</svg>`)}`)
      await page.getByRole('button', { name: /^Pod web-0/ }).first().waitFor()
      assert.equal(await page.evaluate(() => globalThis.harmed), undefined, inside.slice(0, 80))
      await end()
    }
  })

  it('is not held up by any picture', async () => {
    const heavy = [
      '<path d="M0 0L99999 99999" stroke-dasharray="4 3" stroke="var(--text)" stroke-width="9"/>',
      '<circle r="9999" fill="var(--text)"/>'.repeat(2500),
      '<text x="1" font-size="99">word</text>'.repeat(2500),
    ]
    for (const inside of heavy) {
      const { page, end } = await open(`?embed${GOLDEN}${pictureOf(`${SVG}${inside}</svg>`)}`)
      await page.getByRole('img', { name: 'A drawing' }).waitFor()
      const began = Date.now()
      await page.mouse.move(100, 100)
      await page.mouse.move(300, 200)
      await page.evaluate(() => new Promise(resolve => requestAnimationFrame(resolve)))
      assert.ok(Date.now() - began < 1500, `${Date.now() - began} ms: ${inside.slice(0, 60)}`)
      await end()
    }
  })

  it('takes what is inflated to too much for no picture, and soon', async () => {
    const bomb = pictureOf(`${SVG}${' '.repeat(11_000_000)}</svg>`)
    assert.ok(bomb.length < 16_000, `${bomb.length} characters`)
    const { page, end } = await open(`?embed${GOLDEN}${bomb}`)
    await page.getByRole('button', { name: /^Pod web-0/ }).first().waitFor()
    await end()
  })
})

describe('A program that does not come', () => {
  it('is said wherever a part of it is missing, with a poster or without', async () => {
    const broken = [['#x=basics', 'program-page'], [GOLDEN, 'content-page'], ['?embed', 'program-figure'], [`?embed${GOLDEN}`, 'content-figure']]
    for (const [address, part] of broken) {
      const { page } = await open(address, { prepare: page => page.route(`**/${part}-*.wasm`, route => route.abort()) })
      await page.getByText('What shows this could not be loaded.').waitFor()
      await page.unroute(`**/${part}-*.wasm`)
      await button(page, 'Try again').click()
      await page.getByRole('region', { name: 'Cluster graph' }).waitFor()
      await page.context().close()
    }
  })

  it('asks for stories that are not to be had no more than somebody does', async () => {
    const { page, loaded } = await open('#x=basics', { prepare: page => page.route('**/gallery.json', route => route.abort()) })
    await page.getByText('The stories could not be loaded.').waitFor()
    await page.waitForTimeout(1000)
    assert.equal(loaded.filter(name => name === 'gallery.json').length, 1)
    await page.unroute('**/gallery.json')
    await button(page, 'Try again').click()
    await page.getByRole('region', { name: /^Story: / }).waitFor()
    await page.context().close()
  })

  it('is said, and can be tried again', async () => {
    const { page, faults } = await open('?embed#x=basics', { prepare: page => page.route('**/*.wasm', route => route.abort()) })
    await button(page, 'Begin').click()
    await page.getByText('What shows this could not be loaded.').waitFor()
    await page.unroute('**/*.wasm')
    await button(page, 'Try again').click()
    await page.getByRole('region', { name: /^Story: / }).waitFor()
    assert.ok(faults.length > 0 && faults.every(fault => fault.includes('ERR_FAILED')), faults.join('\n'))
    await page.context().close()
  })
})

describe('The address', () => {
  it('asks for a figure, or does not', async () => {
    for (const query of ['?embed=0', '?embed=false', '?embed=%30']) {
      const { page, end } = await open(query, { reducedMotion: 'reduce' })
      await page.mouse.move(300, 300)
      await button(page, 'Apply').click()
      await page.getByRole('button', { name: /^Pod web-0/ }).first().waitFor()
      await page.waitForFunction(() => localStorage.length > 0)
      await end()
    }
  })
})

describe('The page around', () => {
  const SET = 'apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec:\n  serviceName: db\n  selector: {matchLabels: {app: db}}\n  template:\n    metadata: {labels: {app: db}}\n    spec: {containers: [{name: db, image: db:1}]}\n'
  it('can ask a figure that has no program yet, which comes for that and does it, in its order', async () => {
    const { told, tell, figure, hasProgram, end } = await openHost(frame('?embed#x=basics', 'sandbox="allow-scripts"'))
    await until(async () => (await told('ready')).length === 1, 'ready')
    await until(async () => (await told('resize')).length > 0, 'resize')
    await tell({ statefulscope: 1, type: 'setConfig', theme: 'dark', lang: 'zh-CN' })
    await button(figure, '开始').waitFor()
    assert.equal(await figure.locator('html').getAttribute('data-theme'), 'dark')
    await tell({ type: 'play' })
    assert.equal(hasProgram(), false)
    await tell({ statefulscope: 1, type: 'load', manifest: SET })
    await tell({ statefulscope: 1, type: 'run', id: 1, line: 'kubectl scale sts db --replicas=2' })
    await tell({ statefulscope: 1, type: 'none', id: 2 })
    await tell({ statefulscope: 1, type: 'play' })
    await until(async () => (await told('state')).some(({ sets }) => sets[0]?.name === 'db' && sets[0].readyReplicas === 2), 'state')
    assert.deepEqual((await told('error')).map(({ id }) => id), [2])
    assert.equal((await told('ready')).length, 1)
    await figure.getByRole('link', { name: '在完整页面中打开' }).waitFor()
    await end()
  })

  it('can load links, and what it asks for then is done to what they hold', async () => {
    const { page, told, tell, figure, end } = await openHost(frame('?embed#x=basics'))
    await until(async () => (await told('ready')).length === 1, 'ready')
    await tell({ statefulscope: 1, type: 'load', link: `https://example.com/${GOLDEN}${pictureOf(DRAWN)}` })
    await tell({ statefulscope: 1, type: 'seek', time: 1.5 })
    await tell({ statefulscope: 1, type: 'load', link: '#s=1.9999.AAAA', id: 'cut' })
    await until(async () => (await told('state')).some(({ time, sets }) => time === 1.5 && sets.length > 0), 'that moment')
    assert.deepEqual((await told('error')).map(({ id }) => id), ['cut'])
    // A story begins where it is to play, and no focus is taken from the page around.
    await page.evaluate(() => document.body.append(Object.assign(document.createElement('input'), { id: 'own' })))
    await page.locator('#own').focus()
    const steps = await page.evaluate(() => history.length)
    await tell({ statefulscope: 1, type: 'load', link: '#x=stuck-rollout' })
    await tell({ statefulscope: 1, type: 'play' })
    await figure.getByRole('progressbar', { name: 'Step 1 of 4' }).waitFor()
    await tell({ statefulscope: 1, type: 'load', link: '#x=nothing' })
    await figure.getByText('There is no story called nothing.').waitFor()
    assert.deepEqual(await page.evaluate(() => [document.activeElement.id, history.length]), ['own', steps])
    await end()
  })

  it('is told what is wrong with a manifest, which is seen in the figure', async () => {
    const { told, tell, figure, end } = await openHost(frame('?embed&wait'))
    await until(async () => (await told('ready')).length === 1, 'ready')
    await tell({ statefulscope: 1, type: 'load', manifest: 'kind: [broken', id: 'm' })
    await button(figure, 'Play').click()
    await until(async () => (await told('error')).length === 1, 'error')
    assert.match((await told('error'))[0].message, /^manifest: error/)
    await figure.getByRole('textbox', { name: 'Manifest' }).waitFor()
    await end()
  })

  it('is not listened to by a poster that has gone', async () => {
    const { page, told, tell, figure, end } = await openHost(frame('?embed&wait'))
    await until(async () => (await told('ready')).length === 1, 'ready')
    await tell({ statefulscope: 1, type: 'load', manifest: SET })
    await button(figure, 'Play').click()
    for (let round = 0; round < 20; round += 1) {
      await tell({ statefulscope: 1, type: 'load', manifest: SET })
      await tell({ statefulscope: 1, type: 'setConfig', lang: round % 2 ? 'en' : 'zh-CN' })
      await page.waitForTimeout(100)
    }
    await figure.getByRole('button', { name: /^Pod db-0/ }).first().waitFor()
    assert.equal(await figure.locator('.poster').count(), 0)
    await end()
  })

  it('has a program for what it asks for at once when that is ready, and nothing takes its place', async () => {
    const { told, tell, end } = await openHost(frame(`?embed${GOLDEN}`))
    await until(async () => (await told('ready')).length === 1, 'ready')
    await tell({ statefulscope: 1, type: 'seek', time: 1 })
    await until(async () => (await told('state')).some(({ time, sets }) => time === 1 && sets.length > 0), 'that moment')
    const { time } = (await told('state')).at(-1)
    assert.equal(time, 1)
    await end()
  })

  it('may give a manifest that is text until somebody wants to see it', async () => {
    const script = `<script type="module" src="${server.address}statefulscope-scenario.js"></script>`
    const { page, figure, hasProgram, told, end } = await openHost(`${script}<statefulscope-scenario height="400"><pre>${SET}</pre></statefulscope-scenario>`)
    await figure.getByText('serviceName: db').waitFor()
    await page.waitForTimeout(1000)
    assert.equal(hasProgram(), false)
    await button(figure, 'Play').click()
    await figure.getByRole('button', { name: /^Pod db-0, running/i }).first().waitFor()
    assert.ok((await told('state')).at(-1).playing)
    await end()
  })

  it('has twenty figures for the price of one, of which none has a program', async () => {
    const all = Array.from({ length: 20 }, (_, at) => frame(`?embed#x=${at % 2 ? 'basics' : 'partition'}`)).join('')
    const { page, told, loaded, hasProgram, end } = await openHost(all)
    await until(async () => (await told('ready')).length === 20, 'twenty')
    assert.equal(hasProgram(), false)
    assert.equal(page.frames().length, 21)
    assert.ok(loaded.length > 20)
    await end()
  })
})
