// What axe-core finds in the page: nothing serious, in both themes and languages, as picture and as tables.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'

import { graveFindings as findings } from './axe.mjs'
import { start } from './browser.mjs'

let server
before(async () => {
  server = await start()
})
after(() => server.close())

const words = {
  en: { apply: 'Apply', table: 'Table' },
  'zh-CN': { apply: '应用', table: '表格' },
}

describe('axe-core finds nothing serious', () => {
  for (const theme of ['light', 'dark']) {
    for (const [language, { apply, table }] of Object.entries(words)) {
      it(`in ${theme} and ${language}`, { timeout: 120_000 }, async () => {
        const { page, faults } = await server.open({ query: `?theme=${theme}&lang=${language}` })
        const press = name => page.getByRole('button', { name, exact: true }).click()
        assert.deepEqual(await findings(page), [], 'at the beginning')
        await press(apply)
        await page.getByRole('button', { name: /^Pod web-0, Running/ }).click()
        assert.deepEqual(await findings(page), [], 'with a picture and details')
        await page.getByRole('button', { name: /^Pod web-0, Running/ }).press('m')
        await page.getByRole('menu').waitFor()
        assert.deepEqual(await findings(page), [], 'with a menu')
        await page.keyboard.press('Escape')
        await press(table)
        await page.getByRole('table').first().waitFor()
        assert.deepEqual(await findings(page), [], 'with tables')
        assert.deepEqual(faults, [])
        await page.context().close()
      })
    }
  }

  it('on a telephone', { timeout: 120_000 }, async () => {
    const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }
    const { page, faults } = await server.open(phone)
    await page.getByRole('button', { name: 'Apply', exact: true }).tap()
    await page.getByRole('button', { name: /^Pod web-0, Running/ }).tap()
    assert.deepEqual(await findings(page), [])
    assert.deepEqual(faults, [])
    await page.context().close()
  })
})
