// The gallery of stories, and the panel of the one that is told.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'

import { graveFindings } from './axe.mjs'
import { onOwnPages } from './browser.mjs'
import { one, picture, runToRest } from './reading.mjs'

const STORIES = JSON.parse(readFileSync('dist/gallery.json', 'utf8')).stories
const stepsOf = name => JSON.parse(STORIES.find(story => story.name === name).story).steps

let page
let server
let faults
onOwnPages(opened => ({ page, server, faults } = opened))

const button = (name, on = page) => on.getByRole('button', { name, exact: true })
const gallery = (on = page) => on.getByRole('dialog', { name: 'Stories' })
const panel = (on = page) => on.getByRole('region', { name: /^Story: / })
const text = (on = page) => on.locator('#story-text')
const step = (at, steps, on = page) => panel(on).getByRole('progressbar', { name: `Step ${at} of ${steps}` }).waitFor()

/// Opens a story by its short link, as somebody does who puts it into the address bar.
async function follow(name) {
  const { title } = STORIES.find(story => story.name === name)
  await page.evaluate(name => (location.hash = `#x=${name}`), name)
  await panel().getByRole('heading', { name: title.en, exact: true }).waitFor()
}

const isFocused = (on = page) => on.waitForFunction(() => document.activeElement?.id === 'story-text')

/// Has time pass slowly, so that no step is over before a test has pressed what ends it.
const slow = (on = page) => on.getByRole('slider', { name: 'Speed' }).fill('0')

/// Begins a step and brings it to its end.
async function tell() {
  await slow()
  await page.locator('.story__keys .button--primary').click()
  const skip = button('To the end of the step', panel())
  if (await skip.isVisible()) await skip.click()
}

describe('The gallery', () => {
  it('shows every story with a picture, a summary, tags and its link', async () => {
    await button('Stories').click()
    await gallery().waitFor()
    const cards = gallery().getByRole('listitem').filter({ has: page.getByRole('link') })
    await cards.first().waitFor()
    assert.equal(await cards.count(), STORIES.length)
    assert.ok(STORIES.length >= 17)
    for (const { name, title, summary } of STORIES) {
      const card = cards.filter({ has: page.getByRole('link', { name: title.en, exact: true }) })
      await card.getByText(summary.en, { exact: true }).waitFor()
      assert.equal(await card.getByRole('link').getAttribute('href'), `#x=${name}`)
      assert.ok((await card.locator('.mini .pod').count()) > 0 && (await card.locator('.piece__tags li').count()) > 0, name)
    }
    await page.keyboard.press('Escape')
    await gallery().waitFor({ state: 'hidden' })
    await page.waitForFunction(() => document.activeElement?.textContent === 'Stories')
    assert.equal(await page.evaluate(() => performance.getEntriesByName(new URL('gallery.json', document.baseURI)).length), 1)
  })

  it('is loaded only when it is wanted', async () => {
    assert.equal(await page.evaluate(() => performance.getEntriesByName(new URL('gallery.json', document.baseURI)).length), 0)
  })

  it('copies the short link of a story, which opens it', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await button('Stories').click()
    await button('Copy the link #x=dead-node').click()
    await gallery().getByRole('status').getByText('The link to #x=dead-node is on the clipboard.').waitFor()
    const link = await page.evaluate(() => navigator.clipboard.readText())
    assert.equal(link, `${server.address}#x=dead-node`)
    const other = await server.open({ query: '#x=dead-node' })
    await panel(other.page).getByRole('heading', { name: 'The node that died' }).waitFor()
    assert.deepEqual(other.faults, [])
    await other.page.context().close()
  })

  it('says so where there is no story of a name, and where the stories do not come', async () => {
    await page.evaluate(() => (location.hash = '#x=such-a-story'))
    await gallery().getByRole('status').getByText('There is no story called such-a-story.').waitFor()
    await page.keyboard.press('Escape')
    const other = await server.open()
    await other.page.route('**/gallery.json', route => route.abort())
    await button('Stories', other.page).click()
    await gallery(other.page).getByRole('alert').getByText('The stories could not be loaded.').waitFor()
    await other.page.unroute('**/gallery.json')
    await button('Try again', other.page).click()
    await gallery(other.page).getByRole('link').first().waitFor()
    await other.page.context().close()
  })
})

describe('A story', () => {
  it('stands in the place of what the reader had, and gives it back', async () => {
    await button('Apply').click()
    await runToRest(page)
    await button('New file').click()
    await page.keyboard.press('Escape')
    const files = await page.getByRole('tab').allInnerTexts()
    const before = await picture(page)
    const hash = await page.evaluate(() => window.wasmBindings.session_hash())
    await follow('stuck-rollout')
    assert.deepEqual(await picture(page), [])
    assert.deepEqual(await page.getByRole('tab').allInnerTexts(), ['web.yaml'])
    assert.match(await page.evaluate(() => window.wasmBindings.session_manifest()), /image: nginx:1\.28/)
    await tell()
    await step(1, 4)
    await one(page, /^Pod web-2, Running, 1\/1/)
    // Another one in its place, and then home.
    await follow('peers')
    assert.deepEqual(await picture(page), [])
    await button('Leave the story').click()
    await panel().waitFor({ state: 'detached' })
    assert.deepEqual(await picture(page), before)
    assert.deepEqual(await page.getByRole('tab').allInnerTexts(), files)
    assert.equal(await page.evaluate(() => window.wasmBindings.session_hash()), hash)
    assert.equal(await page.evaluate(() => location.hash), '')
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Stories')
  })

  it('is left with the browser\'s own way back', async () => {
    await follow('peers')
    await page.goBack()
    await panel().waitFor({ state: 'detached' })
  })

  it('goes by itself to the end of a step, and waits there', async () => {
    await follow('stuck-rollout')
    await button('Begin').click()
    await panel().getByText('The set web runs three pods.').waitFor()
    await isFocused()
    assert.equal(await panel().getByRole('group').count(), 0, 'no question before the step is over')
    await page.getByRole('button', { name: /^Pod web-0, Running/ }).waitFor()
    await panel().getByRole('group', { name: /How many pods will get it\?/ }).waitFor({ timeout: 30_000 })
    await button('Play').waitFor()
    await one(page, /^StatefulSet default\/web, 3 of 3 ready/)
    await page.getByRole('log', { name: 'Terminal 1' }).getByText('statefulset.apps/web created').waitFor()
  })

  it('passes a long rest quickly', async () => {
    await follow('dead-node')
    for (let number = 0; number < 2; number += 1) await tell()
    const time = () => page.evaluate(() => Number(window.wasmBindings.session_hash().split(' ')[0]))
    const [virtual, real] = [await time(), Date.now()]
    await page.getByRole('slider', { name: 'Speed' }).fill('3')
    await button('Next', panel()).click()
    await button('Play').waitFor({ timeout: 60_000 })
    const passed = (await time()) - virtual
    assert.ok(passed > 100_000 && Date.now() - real < 45_000, `${passed} ms in ${Date.now() - real} ms`)
  })

  it('asks, and says whether the answer was right and why', async () => {
    await follow('stuck-rollout')
    await tell()
    const question = panel().getByRole('group', { name: /How many pods will get it\?/ })
    await question.getByRole('button', { name: 'All three' }).click()
    await question.getByText('Not so: Only web-2.').waitFor()
    await question.getByRole('button', { name: 'Only web-2' }).click()
    await question.getByText('Right.').waitFor()
    await question.getByText(/An update begins with the highest ordinal/).waitFor()
    assert.ok(await question.locator('xpath=ancestor::*[@aria-live="polite"]').count(), 'it is said aloud')
  })

  it('goes back step by step to the same pictures, and forward again', async () => {
    await follow('stuck-rollout')
    const pictures = [await picture(page)]
    for (let at = 1; at <= 4; at += 1) {
      await tell()
      await step(at, 4)
      pictures.push(await picture(page))
    }
    await panel().getByText('That is the story.').waitFor()
    for (let at = 3; at >= 0; at -= 1) {
      await button('Back', panel()).click()
      await step(at, 4)
      await isFocused()
      assert.deepEqual(await picture(page), pictures[at], `after going back to step ${at}`)
    }
    for (let at = 1; at <= 4; at += 1) {
      await tell()
      assert.deepEqual(await picture(page), pictures[at], `step ${at} again`)
    }
  })

  it('begins again where the cluster does', async () => {
    await follow('peers')
    await tell()
    await button('Reset').click()
    await step(0, 3)
    assert.deepEqual(await picture(page), [])
    await tell()
    await one(page, /^Pod db-0, Running, 0\/1/)
  })

  it('speaks Chinese', async () => {
    const other = await server.open({ query: '?lang=zh-CN#x=stuck-rollout' })
    const told = other.page.getByRole('region', { name: '案例：卡住的滚动更新' })
    await told.getByRole('button', { name: '开始' }).click()
    await told.getByText('StatefulSet web 运行着三个 Pod。').waitFor()
    await told.getByRole('button', { name: '直接到这一步结束' }).click()
    await told.getByRole('button', { name: '只有 web-2' }).click()
    await told.getByText('正确。').waitFor()
    assert.deepEqual(other.faults, [])
    await other.page.context().close()
  })
})

describe('Every story', () => {
  it('runs to its end in the page, and leaves a log that rebuilds it', { timeout: 300_000 }, async () => {
    for (const { name } of STORIES) {
      const steps = stepsOf(name)
      await follow(name)
      for (let at = 1; at <= steps.length; at += 1) {
        await tell()
        await step(at, steps.length)
        await text().getByText(steps[at - 1].say.en).waitFor()
        const { question } = steps[at - 1]
        if (question) await panel().getByRole('group', { name: question.ask.en }).waitFor()
      }
      await panel().getByText('That is the story.').waitFor()
      const log = await page.evaluate(() => window.wasmBindings.session_log())
      const typed = JSON.parse(log).commands.flatMap(({ command }) => (command.run ? [command.run.line] : []))
      const lines = steps.flatMap(({ do: acts = [] }) => acts.flatMap(act => (typeof act === 'string' ? [act] : act.run ? [act.run.line] : [])))
      assert.deepEqual(typed, lines, name)
      const [now, hash] = (await page.evaluate(() => window.wasmBindings.session_hash())).split(' ')
      const again = await page.evaluate(([log, now]) => window.wasmBindings.replay_hash(log, Number(now)), [log, now])
      assert.equal(again, hash, name)
    }
  })

  it('can be played with the keyboard alone', { timeout: 120_000 }, async () => {
    const focused = () =>
      page.evaluate(() => {
        const element = document.activeElement
        return element.getAttribute('aria-label') ?? (element.querySelector('h3') ?? element).innerText.trim().replace(/^[?✓✕]\s*/, '')
      })
    const tabTo = async wanted => {
      for (let presses = 0; presses < 80; presses += 1) {
        await page.keyboard.press('Tab')
        if ((await focused()).startsWith(wanted)) return
      }
      throw new Error(`The tabulator key does not lead to ${wanted}`)
    }
    await tabTo('Stories')
    await page.keyboard.press('Enter')
    await gallery().getByRole('link').first().waitFor()
    await tabTo('The rollout that stays stuck')
    await page.keyboard.press('Enter')
    const steps = stepsOf('stuck-rollout')
    await isFocused()
    // The sentence has the focus: Enter begins, and once more leads to the end of a step that takes long.
    await page.keyboard.press('Enter')
    for (let at = 1; at <= steps.length; at += 1) {
      await text().getByText(steps[at - 1].say.en).waitFor()
      await isFocused()
      if (at === 1) await page.keyboard.press('Enter')
      await step(at, steps.length)
      await button('To the end of the step', panel()).waitFor({ state: 'detached', timeout: 30_000 })
      const { question } = steps[at - 1]
      if (question) {
        await tabTo(question.answers[question.right].en)
        await page.keyboard.press('Space')
        await panel().getByText('Right.').waitFor()
      }
      if (at < steps.length) {
        await tabTo('Next')
        await page.keyboard.press('Enter')
      }
    }
    await one(page, /^StatefulSet default\/web, 3 of 3 ready/)
    await tabTo('Leave the story')
    await page.keyboard.press('Enter')
    await panel().waitFor({ state: 'detached' })
  })
})

describe('On a telephone', () => {
  it('a story is played by touch, with its panel and the picture in view', { timeout: 120_000 }, async () => {
    const phone = await server.open({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
    const tap = async (name, on) => on.getByRole('button', { name, exact: true }).tap()
    await tap('Stories', phone.page)
    await gallery(phone.page).getByRole('link', { name: 'The scale-down that does nothing' }).tap()
    const told = panel(phone.page)
    const steps = stepsOf('scale-down-blocked')
    const inView = async () => {
      const [picture, box] = [await phone.page.locator('.graph__scroll').boundingBox(), await told.boundingBox()]
      const shown = Math.min(picture.y + picture.height, box.y) - Math.max(picture.y, 0)
      assert.ok(box.y + box.height <= 844 && shown > 200, `of the picture ${shown} are seen above the panel at ${box.y}`)
    }
    await told.waitFor()
    await isFocused(phone.page)
    await inView()
    await slow(phone.page)
    await phone.page.locator('.toolbar').evaluate(picture => picture.scrollIntoView())
    await tap('Begin', told)
    for (let at = 1; at <= steps.length; at += 1) {
      await step(at, steps.length, phone.page)
      const skip = told.getByRole('button', { name: 'To the end of the step' })
      if (await skip.isVisible()) await skip.tap()
      const { question } = steps[at - 1]
      if (question) {
        await told.getByRole('button', { name: question.answers[question.right].en }).tap()
        await told.getByText('Right.').waitFor()
      }
      if (at < steps.length) await tap('Next', told)
    }
    await told.getByText('That is the story.').waitFor()
    await inView()
    assert.equal(await phone.page.evaluate(() => document.documentElement.scrollWidth), 390, 'nothing runs out of the page')
    assert.deepEqual(phone.faults, [])
    await phone.page.context().close()
  })
})

describe('axe-core finds nothing serious', () => {
  for (const theme of ['light', 'dark']) {
    for (const [lang, words] of Object.entries({ en: ['Stories', 'Only web-2'], 'zh-CN': ['案例', '只有 web-2'] })) {
      it(`in the gallery and a story, in ${theme} and ${lang}`, { timeout: 120_000 }, async () => {
        const other = await server.open({ query: `?theme=${theme}&lang=${lang}` })
        await button(words[0], other.page).click()
        await other.page.getByRole('dialog').getByRole('link').first().waitFor()
        assert.deepEqual(await graveFindings(other.page), [], 'in the gallery')
        await other.page.locator('a[href="#x=stuck-rollout"]').click()
        for (let press = 0; press < 2; press += 1) await other.page.locator('.story__keys .button--primary').click()
        await other.page.getByRole('button', { name: words[1] }).click()
        assert.deepEqual(await graveFindings(other.page), [], 'in the story')
        assert.deepEqual(other.faults, [])
        await other.page.context().close()
      })
    }
  }
})
