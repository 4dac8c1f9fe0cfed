// Takes pictures of the page at the widths and in the themes that it has to look well in:
// `node tools/screenshot.mjs [folder]`.
import { mkdirSync } from 'node:fs'

import { start } from '../tests/page/browser.mjs'

const folder = process.argv[2] ?? 'tests/page/out'
mkdirSync(folder, { recursive: true })

/// What is done before a picture is taken.
const SCENES = {
  empty: async () => {},
  applied: async page => {
    await page.getByRole('button', { name: 'Apply', exact: true }).click()
    await page.waitForTimeout(5200)
  },
  rolling: async page => {
    await page.getByRole('button', { name: 'Apply', exact: true }).click()
    await page.getByLabel('Speed').fill('10')
    await page.getByRole('spinbutton', { name: 'Replicas' }).fill('5')
    await page.getByRole('spinbutton', { name: 'Replicas' }).press('Enter')
    await page.getByText('at rest').and(page.locator('.clock__rest--on')).waitFor()
    await page.getByLabel('Speed').fill('4')
    await page.getByRole('textbox', { name: 'Image' }).fill('nginx:1.29')
    await page.getByRole('button', { name: 'Set image' }).click()
    await page.waitForTimeout(3800)
    await page.getByRole('button', { name: /^Pod web-3/ }).click()
  },
  broken: async page => {
    const text = page.getByRole('textbox', { name: 'Manifest' })
    await text.fill((await text.inputValue()).replace('volumeClaimTemplates', 'volumeClaimTemplate').replace('replicas: 2', 'replicas: "2"'))
    await page.getByRole('button', { name: 'Apply', exact: true }).click()
    await page.waitForTimeout(200)
  },
}
/// Runs until nothing is left to do.
async function rest(page) {
  await page.getByLabel('Speed').fill('10')
  await page.getByText('at rest').and(page.locator('.clock__rest--on')).waitFor()
}

Object.assign(SCENES, {
  partition: async page => {
    await SCENES.applied(page)
    await page.getByRole('textbox', { name: 'Patch' }).fill('{"spec":{"replicas":4,"updateStrategy":{"rollingUpdate":{"partition":2}}}}')
    await page.getByRole('button', { name: 'Patch it' }).click()
    await rest(page)
    await page.getByLabel('Speed').fill('3')
    await page.getByRole('textbox', { name: 'Image' }).fill('nginx:1.29')
    await page.getByRole('button', { name: 'Set image' }).click()
    await page.getByRole('button', { name: /^Pod web-3, Terminating/ }).waitFor()
    await page.getByRole('button', { name: 'Colour by node' }).click()
  },
  stuck: async page => {
    await SCENES.applied(page)
    await page.getByRole('textbox', { name: 'Image' }).fill('nginx:broken')
    await page.getByRole('button', { name: 'Set image' }).click()
    await page.getByLabel('Speed').fill('8')
    await page.getByText('Nothing happens but retries').waitFor()
    await page.getByRole('button', { name: /^Pod web-1,/ }).click()
  },
  menu: async page => {
    await SCENES.applied(page)
    await page.getByRole('button', { name: /^Pod web-0,/ }).click({ button: 'right' })
    await page.getByRole('menu').waitFor()
  },
  table: async page => {
    await SCENES.applied(page)
    await page.getByRole('button', { name: 'Table', exact: true }).click()
  },
  gallery: async page => {
    await page.getByRole('button', { name: 'Stories', exact: true }).click()
    await page.getByRole('dialog').getByRole('link').first().waitFor()
  },
  story: async page => {
    await page.evaluate(() => (location.hash = '#x=dead-node'))
    for (let press = 0; press < 6; press += 1) {
      await page.locator('.story__keys .button--primary').click()
      await page.waitForTimeout(100)
    }
  },
  preview: async page => {
    await SCENES.applied(page)
    await page.getByRole('textbox', { name: 'Manifest' }).click()
    await page.locator('.cm-content:focus').waitFor()
    const text = await page.evaluate(() => window.wasmBindings.session_manifest())
    await page.keyboard.press('Control+A')
    await page.keyboard.insertText(text.replace('replicas: 2', 'replicas: 3').replace('image: nginx', 'image: nginx:1.29'))
    await page.getByRole('button', { name: 'Preview', exact: true }).click()
    await page.getByRole('region', { name: 'Before applying' }).waitFor()
  },
  beside: async page => {
    await page.getByRole('button', { name: 'Apply', exact: true }).click()
    await page.getByRole('combobox', { name: 'Compare with' }).selectOption('podManagementPolicy: Parallel')
    await page.waitForTimeout(1200)
    await page.getByRole('button', { name: 'Pause' }).click()
  },
  thousand: async page => {
    await SCENES.applied(page)
    await page.getByRole('textbox', { name: 'Patch' }).fill('{"spec":{"replicas":1000}}')
    await page.getByRole('button', { name: 'Patch it' }).click()
    await page.getByLabel('Speed').fill('6')
    await page.waitForTimeout(9000)
  },
  hundred: async page => {
    await SCENES.applied(page)
    await page.getByRole('textbox', { name: 'Patch' }).fill('{"spec":{"replicas":100}}')
    await page.getByRole('button', { name: 'Patch it' }).click()
    await page.getByLabel('Speed').fill('6')
    await page.waitForTimeout(9000)
  },
})
const only = process.argv[3]?.split(',')
const { open, close } = await start()
for (const [scene, act] of Object.entries(SCENES)) {
  if (only && !only.includes(scene)) continue
  for (const [width, height] of [[1440, 900], [390, 844]]) {
    for (const theme of ['light', 'dark']) {
      const { page, faults } = await open({ query: `?theme=${theme}`, viewport: { width, height } })
      await act(page)
      await page.screenshot({ path: `${folder}/${scene}-${width}-${theme}.png`, fullPage: width < 500 })
      if (faults.length > 0) console.log(scene, width, theme, faults)
      await page.close()
    }
  }
}
await close()
