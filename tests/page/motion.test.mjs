// What moves in the picture: what has happened, for a moment, and nothing else.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'

import { start } from './browser.mjs'
import { runToRest } from './reading.mjs'

let server
before(async () => {
  server = await start()
})
after(() => server.close())

const press = (page, name) => page.getByRole('button', { name, exact: true }).click()

async function open(options) {
  const { page, faults } = await server.open(options)
  await press(page, 'Pause')
  return { page, end: async () => (assert.deepEqual(faults, []), page.context().close()) }
}

/// What moves in the picture now: the name of each thing, and the longest that something about it takes.
const moving = page =>
  page.evaluate(() => {
    const found = new Map()
    for (const animation of document.getAnimations()) {
      const target = animation.effect?.target
      if (!target?.closest('.graph__svg')) continue
      const thing = target.closest('.card, .set, .edge, .ring, .strip, .partition') ?? target
      const name = thing.querySelector('.hit')?.getAttribute('aria-label') ?? thing.getAttribute('class')
      found.set(name, Math.max(found.get(name) ?? 0, animation.effect.getTiming().duration))
    }
    return [...found]
  })

/// Where each thing in the picture stands.
const places = page =>
  page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll('.graph__svg .card')].map(card => [card.querySelector('.hit').id, card.getAttribute('transform')]),
    ),
  )

/// How many changes and events have happened.
const passed = async page => Number((await page.locator('.clock__event b').innerText()).split('/')[0])

describe('Movement', () => {
  it('is of one thing an event at most, and short, and nothing else is laid out anew', async () => {
    const { page, end } = await open({ reducedMotion: 'no-preference' })
    let before = 0
    let seen = 0
    const look = async () => {
      const now = await passed(page)
      const things = await moving(page)
      assert.ok(things.length <= now - before, `${now - before} events, and ${JSON.stringify(things)} move`)
      for (const [name, duration] of things) assert.ok(duration >= 120 && duration <= 300, `${name} moves for ${duration} ms`)
      seen += things.length
      before = now
    }
    await press(page, 'Apply')
    await look()
    let stood = await places(page)
    const stand = async () => {
      const now = await places(page)
      for (const [key, place] of Object.entries(stood)) assert.equal(now[key] ?? place, place, `${key} has moved`)
      stood = now
    }
    for (const then of [undefined, 'One replica more', 'Undo', 'One replica less']) {
      if (then) await press(page, then)
      before = await passed(page)
      for (let step = 0; step < 40 && !(await page.getByText('at rest', { exact: true }).isVisible()); step += 1) {
        // What moved before has come to rest.
        await page.waitForFunction(() => document.getAnimations().length === 0)
        await press(page, 'Step')
        await look()
        await stand()
      }
    }
    assert.ok(seen > 15, `${seen} things have moved`)
    await end()
  })

  it('is left out where somebody does not want it, and while time flies', async () => {
    for (const options of [{ reducedMotion: 'reduce' }, { reducedMotion: 'no-preference', flies: true }]) {
      const { page, end } = await open(options)
      if (options.flies) await page.getByRole('slider', { name: 'Speed' }).fill('10')
      await press(page, 'Apply')
      for (let step = 0; step < 40; step += 1) {
        assert.deepEqual(await moving(page), [])
        await press(page, 'Step')
      }
      await page.getByRole('button', { name: /^Pod web-1, Running, 1\/1/ }).waitFor()
      await runToRest(page)
      assert.deepEqual(await moving(page), [])
      await end()
    }
  })
})
