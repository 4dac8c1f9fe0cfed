// For everybody: forced colours, a telephone in the dark, fingers that rest on things, and what is said aloud.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { graveFindings } from './axe.mjs'
import { onOwnPages } from './browser.mjs'
import { manifestText, one, picture, runToRest, writeManifest } from './reading.mjs'

let page
let server
onOwnPages(opened => ({ page, server } = opened))

const press = (name, on = page) => on.getByRole('button', { name, exact: true }).click()
const speed = (place, on = page) => on.getByRole('slider', { name: 'Speed' }).fill(String(place))

/// A page of its own, paused, with a set that is at rest.
async function started(options) {
  const other = await server.open(options)
  await press('Pause', other.page)
  await press('Apply', other.page)
  await runToRest(other.page)
  return other
}

/// The luminance of a colour, and the contrast of two, as WCAG has them.
function contrast(one, other) {
  const light = text => {
    const [r, g, b] = text.match(/[\d.]+/g).map(part => {
      const share = Number(part) / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const [high, low] = [light(one), light(other)].sort((a, b) => b - a)
  return (high + 0.05) / (low + 0.05)
}

describe('With forced colours', () => {
  for (const colorScheme of ['light', 'dark']) {
    it(`everything in the picture is seen, ${colorScheme}`, { timeout: 60_000 }, async () => {
      const other = await started({ forcedColors: 'active', colorScheme })
      await press('Colour by node', other.page)
      await other.page.getByRole('textbox', { name: 'Image' }).fill('nginx:broken')
      await press('Set image', other.page)
      await speed(8, other.page)
      await press('Play', other.page)
      await other.page.getByRole('button', { name: /^Pod web-1, ImagePullBackOff/ }).waitFor()
      await press('Pause', other.page)
      const drawn = await other.page.evaluate(() => {
        const style = (element, property) => getComputedStyle(element)[property]
        const all = (selector, property) => [...document.querySelectorAll(selector)].map(element => [selector, style(element, property)])
        return {
          ground: style(document.querySelector('.pod .box'), 'fill'),
          things: [
            ...all('.graph__svg .card text', 'fill'),
            ...all('.graph__svg .set text', 'fill'),
            ...all('.graph__svg .card .box', 'stroke'),
            ...all('.edge__line', 'stroke'),
            ...all('.ring__part', 'stroke'),
            ...all('.pod:not(.pod--outdated) .stripe', 'fill'),
            ...all('.timeline__marks path', 'stroke'),
          ],
          // States are told apart by their borders, too.
          borders: ['web-0', 'web-1'].map(name => {
            const box = document.querySelector(`[id="pod/julin/${name}"]`).closest('.card').querySelector('.box')
            return [style(box, 'strokeDasharray'), style(box, 'strokeWidth')].join()
          }),
        }
      })
      assert.ok(drawn.things.length > 40)
      for (const [selector, colour] of drawn.things) {
        assert.ok(contrast(colour, drawn.ground) >= 4.5, `${selector}: ${colour} on ${drawn.ground}`)
      }
      assert.notEqual(drawn.borders[0], drawn.borders[1])
      const thumb = await other.page.evaluate(() => getComputedStyle(document.querySelector('.timeline__slider')).forcedColorAdjust)
      assert.equal(thumb, 'none', 'the moment that is looked at is seen')
      // What is chosen is told from what is not.
      const ground = name => other.page.getByRole('button', { name, exact: true }).evaluate(button => getComputedStyle(button).backgroundColor)
      assert.notEqual(await ground('Graph'), await ground('Table'))
      assert.equal(await ground('Graph'), await ground('What happened'))
      assert.deepEqual(other.faults, [])
      await other.page.context().close()
    })
  }
})

describe('On a telephone in the dark', () => {
  for (const lang of ['en', 'zh-CN']) {
    it(`axe-core finds nothing serious, and nothing runs out of the page, in ${lang}`, { timeout: 120_000 }, async () => {
      const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }
      const other = await server.open({ query: `?theme=dark&lang=${lang}`, ...phone })
      const words = { en: ['Apply', 'Table'], 'zh-CN': ['应用', '表格'] }[lang]
      await other.page.getByRole('button', { name: words[0], exact: true }).tap()
      await other.page.getByRole('button', { name: /^Pod web-0, Running/ }).tap()
      assert.deepEqual(await graveFindings(other.page), [], 'with a picture and details')
      await other.page.getByRole('button', { name: words[1], exact: true }).tap()
      await other.page.getByRole('table').first().waitFor()
      assert.deepEqual(await graveFindings(other.page), [], 'with tables')
      assert.equal(await other.page.evaluate(() => document.documentElement.scrollWidth), 390)
      assert.deepEqual(other.faults, [])
      await other.page.context().close()
    })
  }
})

describe('A finger that rests on a card', () => {
  it('opens its menu, which stays when the finger goes', { timeout: 60_000 }, async () => {
    const other = await started({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
    const card = other.page.getByRole('button', { name: /^Pod web-0, Running/ })
    await card.scrollIntoViewIfNeeded()
    const box = await card.boundingBox()
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
    const touch = await other.page.context().newCDPSession(other.page)
    const send = (type, touchPoints) => touch.send('Input.dispatchTouchEvent', { type, touchPoints })
    const menu = other.page.getByRole('menu', { name: /web-0/ })
    // A short press selects, as a click does.
    await send('touchStart', [{ x, y }])
    await send('touchEnd', [])
    await other.page.getByRole('region', { name: 'Details' }).waitFor()
    await other.page.waitForTimeout(700)
    assert.equal(await menu.count(), 0)
    await card.scrollIntoViewIfNeeded()
    await send('touchStart', [{ x, y }])
    await menu.waitFor()
    await send('touchEnd', [])
    await other.page.waitForTimeout(400)
    await menu.getByRole('menuitem', { name: 'Delete pod', exact: true }).tap()
    await other.page.getByRole('button', { name: /^Pod web-0, Terminating/ }).waitFor()
    assert.deepEqual(other.faults, [])
    await other.page.context().close()
  })

  it('opens none where the finger moves', { timeout: 60_000 }, async () => {
    const other = await started({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
    const card = other.page.getByRole('button', { name: /^Pod web-0, Running/ })
    await card.scrollIntoViewIfNeeded()
    const box = await card.boundingBox()
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
    const touch = await other.page.context().newCDPSession(other.page)
    await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x, y }] })
    await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: [{ x, y: y - 60 }] })
    await other.page.waitForTimeout(800)
    assert.equal(await other.page.getByRole('menu').count(), 0)
    await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
    await other.page.context().close()
  })
})

describe('What happens', () => {
  /// Everything that the live region says.
  const listen = () =>
    page.evaluate(() => {
      window.said = []
      const region = document.querySelector('[aria-live="polite"].unseen')
      new MutationObserver(() => window.said.push(region.textContent)).observe(region, { childList: true, characterData: true, subtree: true })
    })
  const said = () => page.evaluate(() => window.said)

  it('is said aloud, a few things at once and not too often', async () => {
    await listen()
    const began = Date.now()
    await press('Apply')
    await press('Play')
    await page.waitForFunction(() => window.said.some(words => /web-[01] (Pulled|Created|Started)/.test(words)))
    await press('Pause')
    const words = await said()
    const seconds = (Date.now() - began) / 1000
    assert.ok(words.length <= seconds / 1.2 + 1, `${words.length} times in ${seconds} s`)
    assert.ok(words.every(words => words.split(', ').length <= 4), words.join('\n'))
  })

  it('is not said while time flies', async () => {
    await speed(10)
    await listen()
    await press('Apply')
    await press('Play')
    await page.getByText('at rest', { exact: true }).waitFor()
    await page.waitForTimeout(1600)
    assert.deepEqual(await said(), [])
  })
})

describe('minReadySeconds', () => {
  it('has a ring around the glyph of a pod that is ready and not yet available', async () => {
    const text = await manifestText(page)
    await writeManifest(page, text.replace('  replicas: 2', '  replicas: 2\n  minReadySeconds: 40'))
    await press('Apply')
    await speed(5)
    await press('Play')
    await page.getByRole('button', { name: /^Pod web-0, Running, 1\/1, .*, minReadySeconds$/ }).waitFor()
    await press('Pause')
    const share = () => page.locator('.ring.state-ready .ring__part').evaluate(part => parseFloat(part.getAttribute('stroke-dasharray')))
    const before = await share()
    await press('Play')
    await page.waitForTimeout(700)
    await press('Pause')
    assert.ok((await share()) > before, 'it runs')
    assert.equal((await picture(page)).filter(name => /^Pod web-1, no pod/.test(name)).length, 1, 'the next one waits for it')
    await runToRest(page)
    await one(page, /^Pod web-0, Running, 1\/1, [^,]*, Revision \w+$/)
    assert.equal(await page.locator('.ring').count(), 0)
  })
})
