// Takes pictures of the page at the widths and in the themes that it has to look well in:
// `node tools/screenshot.mjs [folder] [scenes, with commas] [the built site]`.
import { mkdirSync } from 'node:fs'

import { start } from '../tests/page/browser.mjs'

const [folder = 'tests/page/out', only, dist] = process.argv.slice(2)
mkdirSync(folder, { recursive: true })

const press = (page, name) => page.getByRole('button', { name, exact: true }).click()
const speed = (page, place) => page.getByLabel('Speed').fill(String(place))
const pod = (page, name) => page.getByRole('button', { name }).first()

/// Runs until nothing is left to do.
async function rest(page) {
  await speed(page, 10)
  await page.getByText('at rest').and(page.locator('.clock__rest--on')).waitFor()
}

/// Has the set of the first example at rest.
async function applied(page) {
  await press(page, 'Apply')
  await rest(page)
}

async function patch(page, text) {
  await page.getByRole('textbox', { name: 'Patch' }).fill(text)
  await press(page, 'Patch it')
}

async function setImage(page, image) {
  await page.getByRole('textbox', { name: 'Image' }).fill(image)
  await press(page, 'Set image')
}

/// Goes through a story up to a step.
async function story(page, name, steps) {
  await page.evaluate(name => (location.hash = `#x=${name}`), name)
  await speed(page, 0)
  for (let at = 0; at < steps; at += 1) {
    await page.locator('.story__keys .button--primary').click()
    const skip = page.getByRole('button', { name: 'To the end of the step' })
    if (await skip.isVisible()) await skip.click()
  }
}

/// Changes what is in the editor.
async function write(page, change) {
  await page.getByRole('textbox', { name: 'Manifest' }).click()
  await page.locator('.cm-content:focus').waitFor()
  const text = await page.evaluate(() => window.wasmBindings.session_manifest())
  await page.keyboard.press('Control+A')
  await page.keyboard.insertText(change(text))
}

async function many(page, replicas) {
  await write(page, text => text.replace('replicas: 2', `replicas: ${replicas}\n  podManagementPolicy: Parallel`))
  await press(page, 'Apply')
  await speed(page, 3)
  await page.waitForTimeout(4500)
  await press(page, 'Pause')
}

const DESK = [1440, 900]
const PHONE = [390, 844]
const FIGURE = [700, 420]
/// What is done before a picture is taken, and, where it is not at a desk and on a telephone, how large the page is.
const SCENES = {
  first: { act: async () => {} },
  start: {
    act: async page => {
      await speed(page, 2)
      await press(page, 'Apply')
      await pod(page, /^Pod web-1, (Pending|ContainerCreating)/).waitFor()
      await page.waitForTimeout(300)
      await press(page, 'Pause')
    },
  },
  partition: {
    act: async page => {
      await applied(page)
      await patch(page, '{"spec":{"replicas":4,"updateStrategy":{"rollingUpdate":{"partition":2}}}}')
      await rest(page)
      await speed(page, 3)
      await setImage(page, 'nginx:1.29')
      await pod(page, /^Pod web-3, Terminating/).waitFor()
      await press(page, 'Pause')
    },
  },
  stuck: {
    act: async page => {
      await applied(page)
      await setImage(page, 'nginx:broken')
      await speed(page, 8)
      await page.getByText('Nothing happens but retries').waitFor()
      await press(page, 'Pause')
      await pod(page, /^Pod web-1,/).click()
    },
  },
  dead: { act: page => story(page, 'dead-node', 3) },
  beside: {
    act: async page => {
      await speed(page, 3)
      await press(page, 'Apply')
      await page.getByRole('combobox', { name: 'Compare with' }).selectOption('podManagementPolicy: Parallel')
      await page.waitForTimeout(1500)
      await press(page, 'Pause')
    },
  },
  thousand: { act: page => many(page, 1000) },
  hundred: { act: page => many(page, 100) },
  gallery: {
    act: async page => {
      await press(page, 'Stories')
      await page.getByRole('dialog').getByRole('link').first().waitFor()
    },
  },
  story: { act: page => story(page, 'stuck-rollout', 2) },
  forecast: {
    act: async page => {
      await applied(page)
      await write(page, text => text.replace('replicas: 2', 'replicas: 3').replace('image: nginx', 'image: nginx:1.29'))
      await press(page, 'Preview')
      await page.getByRole('region', { name: 'Before applying' }).waitFor()
    },
  },
  why: {
    act: async page => {
      await SCENES.partition.act(page)
      await page.getByRole('button', { name: /^Name web-3\./ }).click()
    },
  },
  chaos: {
    act: async page => {
      await applied(page)
      await press(page, 'Start chaos')
      await page.getByRole('alert').getByText(/^The invariant broke/).waitFor({ timeout: 30_000 })
    },
  },
  share: {
    act: async page => {
      await applied(page)
      await press(page, 'Share')
      await page.getByRole('dialog', { name: 'Share' }).waitFor()
    },
  },
  table: {
    act: async page => {
      await applied(page)
      await press(page, 'Table')
    },
  },
  menu: {
    act: async page => {
      await applied(page)
      await pod(page, /^Pod web-0,/).click({ button: 'right' })
      await page.getByRole('menu').waitFor()
    },
  },
  settings: { act: page => press(page, 'Cluster settings') },
  broken: {
    act: async page => {
      await write(page, text => text.replace('volumeClaimTemplates', 'volumeClaimTemplate').replace('replicas: 2', 'replicas: "2"'))
      await press(page, 'Apply')
      await page.getByRole('alert', { name: 'Problems' }).waitFor()
    },
  },
  brokenlink: {
    act: async page => {
      await page.evaluate(() => (location.hash = '#s=1.999999.AAAA'))
      await page.getByRole('alertdialog').waitFor()
    },
  },
  branches: {
    act: async page => {
      await applied(page)
      await press(page, 'One replica more')
      await rest(page)
      await press(page, 'Undo')
      await press(page, 'One replica less')
      await rest(page)
      await page.getByRole('button', { name: /^Branch 2 of 2/ }).click()
    },
  },
  poster: { query: '?embed', hash: '#x=stuck-rollout', sizes: [FIGURE, PHONE], act: page => page.waitForTimeout(500) },
  figure: {
    query: '?embed',
    hash: '#x=stuck-rollout',
    sizes: [FIGURE, PHONE],
    act: async page => {
      await press(page, 'Begin')
      await page.getByRole('button', { name: /^Pod web-2, running/i }).waitFor()
    },
  },
}

const { open, close, browser, address } = await start({ folder: dist || undefined })

/// A figure in another page has no editor that one could wait for.
async function openFigure({ query, viewport }) {
  const context = await browser.newContext({ viewport, reducedMotion: 'reduce' })
  const page = await context.newPage()
  await page.goto(address + query)
  await page.getByRole('link', { name: 'Open in full page' }).waitFor()
  return { page, faults: [] }
}

const wanted = only ? only.split(',') : Object.keys(SCENES)
for (const name of wanted) {
  // A scene in Chinese is called, say, `first.zh`.
  const [scene, language] = name.split('.')
  const { act, query = '?', hash = '', sizes = [DESK, PHONE] } = SCENES[scene]
  for (const [width, height] of sizes) {
    for (const theme of ['light', 'dark']) {
      const { page, faults } = await (query.includes('embed') ? openFigure : open)({ query: `${query}&theme=${theme}${hash}`, viewport: { width, height } })
      try {
        await act(page)
        if (language) await page.getByTitle('切换到中文').click()
        await page.screenshot({ path: `${folder}/${name}-${width}-${theme}.png`, fullPage: width < 500 && !page.url().includes('embed') })
      } catch (error) {
        console.log(name, width, theme, error.message)
        await page.screenshot({ path: `${folder}/${name}-${width}-${theme}-failed.png` })
      }
      if (faults.length > 0) console.log(name, width, theme, faults)
      await page.context().close()
    }
  }
}
await close()
