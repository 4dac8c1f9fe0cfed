// What axe-core finds in the page: nothing serious, in both themes and languages, at a desk and on a telephone, wherever
// one can be.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'

import { graveFindings } from './axe.mjs'
import { start } from './browser.mjs'
import { writeManifest } from './reading.mjs'
import { words } from './words.mjs'

let server
before(async () => {
  server = await start()
})
after(() => server.close())

const DESK = { viewport: { width: 1440, height: 900 } }
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }

/// Where one can be: how to get there from a set that is at rest, and how to leave.
function places(page, says) {
  const button = (name, on = page) => on.getByRole('button', { name, exact: true })
  const press = (name, on = page) => button(name, on).click()
  const pod = name => page.getByRole('button', { name: new RegExp(`^Pod ${name},`) })
  const escape = () => page.keyboard.press('Escape')
  const dialog = name => page.getByRole('dialog', { name, exact: true })
  const from = says.branch_of.split('{}')[0]
  return {
    'the picture': [async () => {}, async () => {}],
    'why a pod is as it is': [
      async () => {
        await pod('web-0').click()
        await page.getByRole('region', { name: says.why }).waitFor()
      },
      () => press(says.close, page.getByRole('region', { name: says.details })),
    ],
    'a menu': [
      async () => {
        await pod('web-0').press('m')
        await page.getByRole('menu').waitFor()
      },
      escape,
    ],
    'colours by node': [() => press(says.tint_nodes), () => press(says.tint_nodes)],
    'the tables': [
      async () => {
        await press(says.view_table)
        await page.getByRole('table').first().waitFor()
      },
      () => press(says.view_graph),
    ],
    'the settings': [() => press(says.settings).then(() => dialog(says.settings).waitFor()), escape],
    'the documents': [() => press(says.documents).then(() => dialog(says.documents).waitFor()), escape],
    'a new node': [() => press(says.create_node).then(() => button(says.create).first().waitFor()), escape],
    'the share dialog': [() => press(says.share).then(() => dialog(says.share).waitFor()), escape],
    'the gallery': [
      () => press(says.gallery).then(() => dialog(says.gallery).getByRole('link').first().waitFor()),
      escape,
    ],
    'two clusters': [
      async () => {
        await page.getByRole('combobox', { name: says.compare }).selectOption({ index: 1 })
        await page.getByRole('region', { name: says.compare_beside.replace('{}', 'podManagementPolicy: Parallel') }).waitFor()
      },
      () => page.getByRole('combobox', { name: says.compare }).selectOption({ index: 0 }),
    ],
    branches: [
      async () => {
        await press(says.scale_up)
        await press(says.undo)
        await press(says.scale_down)
        await page.getByRole('button', { name: new RegExp(`^${from}`) }).click()
        await dialog(says.branches).waitFor()
      },
      async () => {
        await escape()
        await press(says.undo)
      },
    ],
    'a terminal': [
      async () => {
        // What was done above has opened it.
        const line = page.getByRole('textbox', { name: says.terminal_line.replace('{}', '1') })
        await line.fill('kubectl get pods -n julin; kubectl get such')
        await line.press('Enter')
        await page.getByText("the server doesn't have a resource type").waitFor()
      },
      () => press(says.terminal.replace('{}', '1')),
    ],
    'chaos that has ended': [
      async () => {
        await page.getByRole('slider', { name: says.speed }).fill('10')
        await press(says.chaos_start)
        await page.getByRole('alert').filter({ hasText: says.chaos_broken.split('{}')[0] }).waitFor({ timeout: 30_000 })
      },
      () => press(says.close, page.getByRole('alert').filter({ hasText: says.chaos_broken.split('{}')[0] })),
    ],
    'what a manifest would do': [
      async () => {
        await writeManifest(page, (await page.evaluate(() => window.wasmBindings.session_manifest())).replace('image: nginx', 'image: nginx:1.29'))
        await press(says.preview)
        await page.getByRole('region', { name: says.before_applying }).waitFor()
      },
      () => press(says.close, page.getByRole('region', { name: says.before_applying })),
    ],
    'problems of a manifest': [
      async () => {
        await writeManifest(page, (await page.evaluate(() => window.wasmBindings.session_manifest())).replace('volumeClaimTemplates', 'volumeClaimTemplate'))
        await press(says.apply)
        await page.getByRole('alert', { name: says.problems }).waitFor()
      },
      async () => {},
    ],
    'a story that asks': [
      async () => {
        await page.evaluate(() => (location.hash = '#x=stuck-rollout'))
        const story = page.getByRole('region', { name: new RegExp(`^${says.story.split('{}')[0]}`) })
        await press(says.story_begin, story)
        await press(says.story_skip, story)
        await story.getByRole('group').getByRole('button').first().click()
      },
      () => press(says.story_leave),
    ],
    'a link that cannot be opened': [
      async () => {
        await page.evaluate(() => (location.hash = '#s=1.999999.AAAA'))
        await page.getByRole('alertdialog').waitFor()
      },
      () => press(says.back_to_own),
    ],
    'a program that has stopped': [
      async () => {
        await page.evaluate(() => window.wasmBindings.fail('command', 1, 'panic'))
        await press(says.apply)
        await dialog(says.fault_title).waitFor()
      },
      async () => {},
    ],
  }
}

describe('axe-core finds nothing serious', () => {
  for (const [size, where] of Object.entries({ 'at a desk': DESK, 'on a telephone': PHONE })) {
    for (const theme of ['light', 'dark']) {
      for (const lang of ['en', 'zh-CN']) {
        it(`${size}, ${theme}, in ${lang}`, { timeout: 300_000 }, async () => {
          const says = words(lang)
          const { page } = await server.open({ query: `?theme=${theme}&lang=${lang}`, ...where })
          const found = []
          const look = async place => {
            for (const finding of await graveFindings(page)) found.push(`${place}: ${finding}`)
            const width = await page.evaluate(() => document.documentElement.scrollWidth)
            if (width > where.viewport.width) found.push(`${place}: the page is ${width} wide`)
          }
          await look('the beginning')
          await page.getByRole('button', { name: says.apply, exact: true }).click()
          await page.getByRole('slider', { name: says.speed }).fill('10')
          await page.getByText(says.resting, { exact: true }).waitFor()
          await page.getByRole('button', { name: says.pause, exact: true }).click()
          for (const [place, [go, leave]] of Object.entries(places(page, says))) {
            await go()
            await look(place)
            await leave()
          }
          assert.deepEqual(found, [])
          await page.context().close()
        })
      }
    }
  }

  for (const theme of ['light', 'dark']) {
    it(`in a figure, ${theme}`, { timeout: 120_000 }, async () => {
      const context = await server.browser.newContext({ viewport: { width: 700, height: 420 }, reducedMotion: 'reduce' })
      const page = await context.newPage()
      await page.goto(`${server.address}?embed&theme=${theme}#x=stuck-rollout`)
      // Before its program has come, and after.
      const begin = page.getByRole('button', { name: 'Begin', exact: true })
      await begin.waitFor()
      assert.equal(await page.evaluate(() => document.activeElement === document.body), true, 'no focus is taken')
      assert.deepEqual(await graveFindings(page), [])
      await begin.click()
      const story = page.getByRole('region', { name: /^Story:/ })
      await story.getByRole('button', { name: 'To the end of the step' }).click()
      await story.getByRole('group').waitFor()
      assert.deepEqual(await graveFindings(page), [], 'with a question')
      assert.deepEqual(await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]), [700, 420])
      const picture = await page.locator('.graph__scroll').boundingBox()
      assert.ok(picture.width >= 400 && picture.height >= 150, JSON.stringify(picture))
      await context.close()
    })
  }
})
