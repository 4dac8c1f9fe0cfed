// Everything can be reached: by the keyboard alone, by a finger, and where the page is magnified fourfold.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { onOwnPages } from './browser.mjs'
import { picture, runToRest } from './reading.mjs'

let page
let server
onOwnPages(opened => ({ page, server } = opened))

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }
const press = (name, on = page) => on.getByRole('button', { name, exact: true }).click()
const details = on => on.getByRole('region', { name: 'Details' })
const pod = (name, on) => on.getByRole('button', { name: new RegExp(`^Pod ${name},`) })

/// A page of its own, paused, with a set that is at rest.
async function started(options) {
  const { page, faults } = await server.open(options)
  await press('Pause', page)
  await press('Apply', page)
  await runToRest(page)
  return { page, end: async () => (assert.deepEqual(faults, []), page.context().close()) }
}

/// Goes to where the page has most to show, and looks at it there.
const PLACES = {
  'the picture': async () => {},
  details: page => pod('web-1', page).click(),
  tables: async page => {
    await page.keyboard.press('Escape')
    await press('Table', page)
  },
  'a story': async page => {
    await press('Graph', page)
    await page.evaluate(() => (location.hash = '#x=scale-down-blocked'))
    await press('Begin', page)
    await press('To the end of the step', page)
  },
  'the gallery': async page => {
    await press('Leave the story', page)
    await press('Stories', page)
    await page.getByRole('dialog').getByRole('link').first().waitFor()
  },
  'the share dialog': async page => {
    await page.keyboard.press('Escape')
    await press('Share', page)
    await page.getByRole('dialog', { name: 'Share' }).waitFor()
  },
  settings: async page => {
    await page.keyboard.press('Escape')
    await press('Cluster settings', page)
  },
}

/// What can be pressed and is smaller than 24 by 24, but for links within a sentence.
const small = page =>
  page.evaluate(() => {
    const all = document.querySelectorAll('button, a[href], input, select, textarea, summary, [role="button"], [role="menuitem"]')
    const seen = [...all].filter(element => element.checkVisibility({ visibilityProperty: true }) && !element.closest('p, [inert]'))
    const boxes = seen.map(element => [element, (element.closest('label') ?? element).getBoundingClientRect()])
    return boxes
      .filter(([, { width, height }]) => width > 0 && (width < 23.5 || height < 23.5))
      .map(([element, { width, height }]) => `${element.outerHTML.slice(0, 120)}: ${Math.round(width)} × ${Math.round(height)}`)
  })

describe('Magnified fourfold', () => {
  it('the page is as wide as the window, wherever one is', { timeout: 120_000 }, async () => {
    const { page, end } = await started({ viewport: { width: 320, height: 256 } })
    for (const [place, go] of Object.entries(PLACES)) {
      await go(page)
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320, place)
    }
    await end()
  })
})

describe('A finger', () => {
  for (const [where, options] of Object.entries({ 'on a telephone': PHONE, 'at a desk': {} })) {
    it(`finds nothing smaller than 24 by 24 ${where}`, { timeout: 120_000 }, async () => {
      const { page, end } = await started(options)
      for (const [place, go] of Object.entries(PLACES)) {
        await go(page)
        assert.deepEqual(await small(page), [], place)
      }
      await end()
    })
  }

  it('sees what it does: the picture after Apply, and a pod together with what is said of it', { timeout: 120_000 }, async () => {
    const { page, faults } = await server.open(PHONE)
    const tap = name => page.getByRole('button', { name, exact: true }).tap()
    await tap('Pause')
    const box = on => on.boundingBox()
    await tap('Apply')
    await page.getByRole('button', { name: /^StatefulSet julin\/web/ }).waitFor()
    await page.waitForFunction(() => Math.abs(document.querySelector('.toolbar').getBoundingClientRect().top) < 2)
    const clock = await box(page.getByRole('group', { name: 'Clock' }))
    assert.ok(clock.y + clock.height <= 844, 'the clock is in view')
    await runToRest(page)
    await page.getByRole('textbox', { name: 'Image' }).fill('nginx:broken')
    await tap('Set image')
    await page.getByRole('slider', { name: 'Speed' }).fill('8')
    await tap('Play')
    await page.getByText('Nothing happens but retries').waitFor({ timeout: 30_000 })
    await tap('Pause')
    await pod('web-1', page).tap()
    await details(page).getByText(/The image nginx:broken of the container nginx cannot be pulled/).waitFor()
    const [sheet, card] = [await box(details(page)), await box(pod('web-1', page))]
    assert.ok(sheet.y + sheet.height <= 845 && sheet.height > 200, JSON.stringify(sheet))
    assert.ok(card.y >= 0 && card.y + card.height <= sheet.y + 1 && card.x < 390, JSON.stringify([card, sheet]))
    await details(page).getByRole('button', { name: 'Close' }).tap()
    await tap('Undo')
    await page.getByText(/^Undone: kubectl set image/).waitFor()
    await tap('Share')
    await page.getByRole('dialog', { name: 'Share' }).getByRole('textbox', { name: 'Link' }).waitFor()
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390)
    assert.deepEqual(faults, [])
    await page.context().close()
  })
})

describe('The focus', () => {
  /// Goes through everything that the tabulator key leads to, and gives what has the focus and cannot be seen, or does not
  /// show it.
  async function walk(page) {
    const hidden = []
    const seen = new Set()
    for (let presses = 0; presses < 150; presses += 1) {
      await page.keyboard.press('Tab')
      const [key, trouble] = await page.evaluate(async () => {
        await new Promise(requestAnimationFrame)
        const element = document.activeElement.shadowRoot?.activeElement ?? document.activeElement
        if (element === document.body) return ['body', '']
        window.numbers ??= new WeakMap()
        if (!window.numbers.has(element)) window.numbers.set(element, (window.number = (window.number ?? 0) + 1))
        const { left, top, width, height } = element.getBoundingClientRect()
        const places = [0.1, 0.3, 0.5, 0.7, 0.9].flatMap(x => [0.1, 0.5, 0.9].map(y => [left + x * width, top + y * height]))
        const at = (x, y) => element.getRootNode().elementFromPoint(x, y)
        const isOwn = found => found && (element.contains(found) || found.contains(element) || found.closest('label')?.contains(element))
        const isSeen = places.some(([x, y]) => isOwn(at(x, y)))
        // What has no outline of its own has one around it, or a thicker border.
        const around = element.closest('.card, .terminal__line, .piece, .set, .cm-editor') ?? element
        const styles = [element, around].map(of => getComputedStyle(of))
        const stroke = around.querySelector('.box') && parseFloat(getComputedStyle(around.querySelector('.box')).strokeWidth) >= 3
        const shows = stroke || styles.some(style => (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== 'none')
        const name = element.outerHTML.slice(0, 100)
        return [window.numbers.get(element), !isSeen ? `behind something: ${name}` : !shows ? `shows no focus: ${name}` : '']
      })
      if (trouble) hidden.push(trouble)
      if (seen.has(key) && key !== 'body') break
      seen.add(key)
    }
    assert.ok(seen.size > 25, `${seen.size} stops`)
    return hidden
  }

  for (const [where, options] of Object.entries({ 'on a telephone': { viewport: PHONE.viewport }, 'at a desk': {} })) {
    for (const place of ['the picture', 'details', 'a story']) {
      it(`is seen, and never lies behind anything: ${place}, ${where}`, { timeout: 120_000 }, async () => {
        const { page, end } = await started(options)
        if (place === 'details') await PLACES.details(page)
        if (place === 'a story') await PLACES['a story'](page)
        assert.deepEqual(await walk(page), [])
        await end()
      })
    }
  }
})

describe('By the keyboard alone', () => {
  const focused = () => page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText)
  const isFocused = name => page.waitForFunction(name => (document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText) === name, name)
  async function tabTo(name, key = 'Tab') {
    for (let presses = 0; presses < 80; presses += 1) {
      if ((await focused()) === name) return
      await page.keyboard.press(key)
    }
    throw new Error(`The tabulator key does not lead to ${name}`)
  }

  it('a set is applied, scaled, looked at in tables, and a pod deleted there', async () => {
    await tabTo('Apply')
    await page.keyboard.press('Enter')
    await runToRest(page)
    await tabTo('One replica more')
    await page.keyboard.press('Space')
    await runToRest(page)
    await tabTo('Table')
    await page.keyboard.press('Enter')
    await tabTo('Actions for web-2')
    await page.keyboard.press('Enter')
    await page.getByRole('menu').waitFor()
    await page.keyboard.press('Escape')
    await isFocused('Actions for web-2')
    await page.keyboard.press('Enter')
    await page.getByRole('menuitem', { name: 'Delete pod', exact: true }).waitFor()
    await page.waitForFunction(() => document.activeElement.textContent.startsWith('Delete pod'))
    await page.keyboard.press('Enter')
    await page.getByRole('row', { name: /web-2.*Terminating/ }).waitFor()
  })

  it('dialogs are opened and closed, and give the focus back', async () => {
    for (const [name, open] of [
      ['Share', () => page.getByRole('dialog', { name: 'Share' })],
      ['Stories', () => page.getByRole('dialog', { name: 'Stories' })],
      ['Cluster settings', () => page.getByRole('dialog', { name: 'Cluster settings' })],
      ['Documents', () => page.getByRole('dialog', { name: 'Documents' })],
      ['Add a node', () => page.getByRole('textbox', { name: 'Zone' })],
    ]) {
      await tabTo(name)
      await page.keyboard.press('Enter')
      await open().waitFor()
      await page.keyboard.press('Escape')
      await open().waitFor({ state: 'hidden' })
      await isFocused(name)
    }
  })

  it('a pod is chosen in the picture, and its details are closed where they were opened', async () => {
    await press('Apply')
    await runToRest(page)
    await page.getByRole('button', { name: /^StatefulSet julin\/web/ }).focus()
    const way = [['ArrowDown', 'Service'], ['ArrowDown', 'Name'], ['Home', 'Name web-0'], ['ArrowDown', 'Pod web-0']]
    for (const [key, to] of way) {
      await page.keyboard.press(key)
      await page.waitForFunction(to => document.activeElement.getAttribute('aria-label').startsWith(to), to)
    }
    await page.keyboard.press('Enter')
    await details(page).waitFor()
    await page.keyboard.press('Tab')
    await isFocused('Close')
    await page.keyboard.press('Enter')
    await details(page).waitFor({ state: 'detached' })
    await page.waitForFunction(() => /^Pod web-0/.test(document.activeElement.getAttribute('aria-label')))
  })
})

describe('Movement', () => {
  const moving = async options => {
    const other = await server.open(options)
    await press('Apply', other.page)
    let most = 0
    for (let look = 0; look < 30; look += 1) {
      most = Math.max(most, await other.page.evaluate(() => document.getAnimations().length))
      await other.page.waitForTimeout(60)
    }
    assert.ok((await picture(other.page)).length > 3)
    await other.page.context().close()
    return most
  }

  it('is there, and nothing moves for those who want none', async () => {
    assert.ok((await moving({ reducedMotion: 'no-preference' })) > 0)
    assert.equal(await moving({ reducedMotion: 'reduce' }), 0)
  })
})
