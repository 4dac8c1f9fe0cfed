// English and Chinese: which one is shown, and that nothing is left in the other one.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'

import { start } from './browser.mjs'
import { picture } from './reading.mjs'

let server
before(async () => {
  server = await start()
})
after(() => server.close())

const lang = page => page.evaluate(() => document.documentElement.lang)
const apply = (page, word) => page.getByRole('button', { name: word, exact: true }).waitFor()

describe('The language', () => {
  it('is that of the link, else the one that was chosen, else that of the browser', async () => {
    const { page, faults } = await server.open({ locale: 'zh-CN' })
    const address = page.url().split(/[?#]/)[0]
    await apply(page, '应用')
    assert.equal(await lang(page), 'zh-CN')
    await page.goto(`${address}?lang=en`)
    await apply(page, 'Apply')
    assert.equal(await lang(page), 'en')
    // A link chooses for itself alone.
    await page.goto(address)
    await apply(page, '应用')
    await page.getByRole('button', { name: 'English', exact: true }).click()
    await apply(page, 'Apply')
    assert.equal(await lang(page), 'en')
    await page.goto(address)
    await apply(page, 'Apply')
    await page.goto(`${address}?lang=zh-CN`)
    await apply(page, '应用')
    assert.equal(await lang(page), 'zh-CN')
    assert.deepEqual(faults, [])
    await page.context().close()
  })

  it('is the first that the browser prefers and the page speaks', async () => {
    const { page } = await server.open({ locale: 'fr-FR' })
    await page.addInitScript(() => Object.defineProperty(navigator, 'languages', { get: () => ['fr-FR', 'zh-TW', 'en'] }))
    await page.reload()
    await apply(page, '应用')
    await page.context().close()
  })

  it('is that of everything but Kubernetes’ own words', async () => {
    const { page, faults } = await server.open({ query: '?lang=zh-CN' })
    const press = name => page.getByRole('button', { name, exact: true }).click()
    await press('暂停')
    await press('应用')
    for (let step = 0; step < 30; step += 1) await press('单步')
    await page.getByRole('button', { name: /^Pod web-0,/ }).click()
    // What is written for people in a language is read; what Kubernetes, its users and its tools write is not.
    const own = 'code, pre, textarea, svg, .cm-editor, .log__lines, .terminal, .details dl, .rail__head, .rail__small, .header__name, .header__version, .clock__event, option, select, .timeline__names, .printed, .unseen'
    const words = await page.evaluate(own => {
      const out = []
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (node.parentElement.closest(`${own}, script, style, noscript`)) continue
        out.push(node.textContent.trim())
      }
      for (const element of document.querySelectorAll('[aria-label], [title], [placeholder]')) {
        if (element.closest(own)) continue
        out.push(element.getAttribute('aria-label') ?? '', element.getAttribute('placeholder') ?? '')
      }
      return [...new Set(out)].filter(text => /[A-Za-z]{3,}/.test(text) && !/[\u4e00-\u9fff]/.test(text))
    }, own)
    const terms = /^(English|Ready|Pending|Terminating|Running|StatefulSet|Pod|Service|Status|UID|web(-\d)?|node\d|zone-\w|julin|default|kubectl.*|StatefulSet julin\/web|Claim.*|Volume.*|SIGTERM|DNS|PVC|PV|(Node|StorageClass|PersistentVolumeClaim|StatefulSet|Service) .*|web-0、pod、warning …|nginx|statefulset-web\.yaml)$/
    assert.deepEqual(words.filter(text => !terms.test(text)), [])
    // What a screen reader says of the picture: Kubernetes' names and words, and the rest in Chinese.
    const names = (await picture(page)).map(name => name.replaceAll(/"|\b(StatefulSet|Service|Pod|Pods|PVC|PV|DNS|Pending|Bound|Running|Ready|Retain|ContainerCreating|headless|[\w./-]*[\d./-][\w./-]*|nginx|web|julin)\b/g, ''))
    assert.ok(names.length > 6)
    assert.deepEqual(names.filter(name => /[A-Za-z]{3,}/.test(name)), [])
    await press('表格')
    const heads = await page.getByRole('columnheader').allInnerTexts()
    assert.deepEqual(heads.filter(head => /Claim|Volume|Zone|Taint|Default|Kind/.test(head) && !/^(PersistentVolume(Claim)?|StorageClass)$/.test(head)), [])
    assert.deepEqual(faults, [])
    await page.context().close()
  })
})
