// Links, files and pictures: what is shared, and what becomes of it on the other side.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { deflateRawSync } from 'node:zlib'

import { start } from './browser.mjs'
import { linkOf } from '../../tools/link.mjs'
import { manifestText, picture, runToRest, writeManifest } from './reading.mjs'

let server
before(async () => {
  server = await start()
})
after(() => server.close())

const press = (page, name) => page.getByRole('button', { name, exact: true }).click()
const log = page => page.evaluate(() => window.wasmBindings.session_log()).then(JSON.parse)
const state = page => page.evaluate(() => window.wasmBindings.session_hash())
const visiting = page => page.getByText('You are looking at a shared scenario.')
const trouble = page => page.getByRole('alertdialog', { name: /^This (link|file) cannot be opened$/ })
const dialog = page => page.getByRole('dialog', { name: 'Share' })

async function open(options) {
  const { page, faults } = await server.open(options)
  return { page, faults, end: async () => (assert.deepEqual(faults, []), page.context().close()) }
}

/// Opens the share dialog, and gives the link that is in it.
async function share(page) {
  await press(page, 'Share')
  const link = await dialog(page).getByRole('textbox', { name: 'Link' }).inputValue()
  await press(page, 'Close')
  return link
}

/// Goes to a link, and gives how long the page took to say that it is broken, in milliseconds.
function answerTo(hash) {
  const began = performance.now()
  return new Promise(resolve => {
    const observer = new MutationObserver(() => {
      if (!document.querySelector('.broken')) return
      observer.disconnect()
      resolve(performance.now() - began)
    })
    observer.observe(document.body, { childList: true, subtree: true })
    location.hash = hash
  })
}

/// A run with a branch: scaled up, and then back in time scaled otherwise.
async function branch(page) {
  await press(page, 'Pause')
  await press(page, 'Apply')
  await runToRest(page)
  await press(page, 'One replica more')
  await runToRest(page)
  await press(page, 'Undo')
  await press(page, 'One replica less')
  await press(page, 'Step')
  await press(page, 'Step')
}

describe('A link', () => {
  it('of the first example has no more than 700 characters, and little more when it has run', async () => {
    const { page, end } = await open()
    const first = await share(page)
    assert.ok(first.length <= 700, `${first.length}`)
    await press(page, 'Pause')
    await press(page, 'Apply')
    await runToRest(page)
    const link = await share(page)
    assert.ok(link.length <= 800, `${link.length}`)
    assert.match(link, /#s=1\.\d+\.[\w-]+$/)
    await end()
  })

  it('leads to the same moment of the same branch, and nothing of the reader’s own is touched', async () => {
    const { page, end } = await open()
    await branch(page)
    const link = await share(page)
    assert.equal(page.url(), link)
    const there = await state(page)

    const other = await open()
    await writeManifest(other.page, 'kind: Mine\n')
    await other.page.goto(link)
    await visiting(other.page).waitFor()
    assert.equal(await state(other.page), there)
    assert.deepEqual((await log(other.page)).forks, (await log(page)).forks)
    assert.equal(await manifestText(other.page), await manifestText(page))
    // What is done there is not the reader's own either.
    await press(other.page, 'One replica more')
    await press(other.page, 'Back to my own')
    await visiting(other.page).waitFor({ state: 'detached' })
    assert.equal(await manifestText(other.page), 'kind: Mine\n')
    assert.equal((await log(other.page)).commands.length, 0)
    assert.equal(new URL(other.page.url()).hash, '')
    await other.end()
    await end()
  })

  it('opens where the page is open already, and is kept as a copy beside the own document', async () => {
    const { page, end } = await open()
    await press(page, 'Apply')
    const link = await share(page)
    const other = await open()
    await writeManifest(other.page, 'kind: Mine\n')
    await other.page.evaluate(hash => (location.hash = hash), new URL(link).hash)
    await visiting(other.page).waitFor()
    await press(other.page, 'Keep a copy')
    await visiting(other.page).waitFor({ state: 'detached' })
    await other.page.reload()
    await other.page.getByRole('button', { name: /^StatefulSet julin\/web,/ }).waitFor()
    // The one before is an earlier draft now.
    await press(other.page, 'Documents')
    await other.page.getByRole('listitem').getByRole('button', { name: /statefulset-web.yaml/ }).click()
    await other.page.waitForFunction(() => window.wasmBindings?.session_manifest() === 'kind: Mine\n')
    await other.end()
    await end()
  })

  it('in the address bar is one’s own: the page opens the own document again, and says when it has changed', async () => {
    const { page, end } = await open()
    await press(page, 'Apply')
    await share(page)
    await page.reload()
    await page.getByRole('button', { name: /^StatefulSet julin\/web,/ }).waitFor()
    assert.equal(await visiting(page).count(), 0)
    await share(page)
    assert.equal(await page.getByText('Changed since this link').count(), 0)
    await press(page, 'One replica more')
    await page.getByText('Changed since this link').waitFor()
    await share(page)
    await page.getByText('Changed since this link').waitFor({ state: 'detached' })
    await end()
  })

  it('that nobody can open says why, and leaves the page as it was', async () => {
    const scenario = deflateRawSync(JSON.stringify({ statefulscope: 1, files: { 'a.yaml': 'kind: Pod\n' } }))
    const good = linkOf(scenario)
    const deflated = text => linkOf(deflateRawSync(text))
    const bomb = deflateRawSync(Buffer.alloc(64 * 1024 * 1024), { level: 9 })
    const cases = [
      [good.slice(0, -9), new RegExp(`cut off after ${good.split('.')[1] - 9} of ${good.split('.')[1]} characters`)],
      [`${good.slice(0, 20)}-${good.slice(21)}`, /Characters of the link were changed/],
      ['#s=2.5.AAAAA', /newer version/],
      ['#s=1.999999.AAAA', /more than 64 KiB/],
      ['#s=hello', /Characters of the link were changed/],
      [linkOf(bomb.subarray(0, 64 * 1024)), /larger than 1 MiB/],
      [linkOf([1, 2, 3]), /Characters of the link were changed/],
      [deflated('{"kind": "Pod"}'), /has no field “statefulscope”/],
      [deflated('{"statefulscope": 7}'), /newer version/],
      [deflated('{"statefulscope": 1, "speed": "fast"}'), /Line 1, speed: must be a number above 0/],
      [deflated('{"statefulscope": 1, "run": {"commands": [{"at": 0, "command": {"frobnicate": {}}}]}}'), /run\.commands\[0\]/],
      [deflated('\0\0'), /neither JSON nor YAML/],
    ]
    const { page, end } = await open()
    await writeManifest(page, 'kind: Mine\n')
    for (const [hash, why] of cases) {
      // The quickest of three: what else the machine does is not the page's.
      const took = []
      while (took.length < 3) {
        took.push(await page.evaluate(answerTo, hash))
        assert.match(await trouble(page).innerText(), why)
        if (took.length < 3) await press(page, 'Back to my own')
      }
      assert.ok(Math.min(...took) < 50, `${hash.slice(0, 40)}: ${took} ms`)
      const download = page.waitForEvent('download')
      await press(page, 'Download what the link holds')
      assert.ok(readFileSync(await (await download).path()).length >= 2)
      await press(page, 'Back to my own')
      assert.equal(await manifestText(page), 'kind: Mine\n')
      assert.equal(new URL(page.url()).hash, '')
    }
    // One that the page begins with.
    await page.waitForTimeout(600)
    await page.goto('about:blank')
    await page.goto(server.address + cases[0][0])
    assert.match(await trouble(page).innerText(), cases[0][1])
    await press(page, 'Back to my own')
    await page.waitForFunction(() => window.wasmBindings?.session_manifest() === 'kind: Mine\n')
    await end()
  })

  it('of every earlier version opens', async () => {
    const folder = 'tests/scenarios/golden'
    for (const name of readdirSync(folder).filter(name => name.endsWith('.link'))) {
      const { page, end } = await open({ query: readFileSync(`${folder}/${name}`, 'utf8').trim() })
      await visiting(page).waitFor()
      assert.equal(await trouble(page).count(), 0, name)
      await end()
    }
  })
})

describe('A story', () => {
  const text = readFileSync('scenarios/stories/partition.yaml', 'utf8')
  const panel = page => page.getByRole('region', { name: /^Story: / })
  const told = page => panel(page).getByText('Three pods. The partition is 2.')

  it('that comes by link or file is told, kept, shared, and left for what is the reader’s own', async () => {
    const { page, end } = await open()
    await writeManifest(page, 'kind: Mine\n')
    await page.evaluate(hash => (location.hash = hash), linkOf(deflateRawSync(text)))
    await visiting(page).waitFor()
    await panel(page).getByText('During a canary update somebody deletes pods.').waitFor()
    await panel(page).getByRole('button', { name: 'Begin' }).click()
    await told(page).waitFor()
    await page.getByRole('button', { name: /^StatefulSet default\/web,/ }).waitFor()
    // Without a story, it is still the document that was shared; what is the reader's own has not changed.
    await panel(page).getByRole('button', { name: 'Leave the story' }).click()
    await panel(page).waitFor({ state: 'detached' })
    await visiting(page).waitFor()
    await press(page, 'Back to my own')
    await page.waitForFunction(() => window.wasmBindings?.session_manifest() === 'kind: Mine\n')

    await page.evaluate(
      text => {
        const dataTransfer = new DataTransfer()
        dataTransfer.items.add(new File([text], 'story.yaml'))
        dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }))
      },
      text,
    )
    await panel(page).waitFor()
    // Shared before its first step it is the story that is shared.
    const link = await share(page)
    await press(page, 'Keep a copy')
    await visiting(page).waitFor({ state: 'detached' })
    await page.reload()
    await panel(page).waitFor()
    assert.equal(await visiting(page).count(), 0)
    const other = await open({ query: new URL(link).hash })
    await panel(other.page).getByRole('button', { name: 'Begin' }).click()
    await told(other.page).waitFor()
    await other.end()
    await end()
  })

  it('after a fault is there again', async () => {
    const { page } = await open({ query: linkOf(deflateRawSync(text)) })
    await panel(page).waitFor()
    await page.evaluate(() => window.wasmBindings.fail('picture', 1, 'panic'))
    await panel(page).getByRole('button', { name: 'Begin' }).click()
    await press(page, 'Restore the moment before')
    await panel(page).getByRole('button', { name: 'Begin' }).click()
    await told(page).waitFor()
    await visiting(page).waitFor()
    await page.context().close()
  })
})

describe('A link to much', () => {
  it('of a text of very many lines is opened soon, and all of it is there', async () => {
    const text = '# a line\n'.repeat(90_000)
    const scenario = { statefulscope: 1, files: { 'long.yaml': text }, open: 'long.yaml' }
    const { page, end } = await open()
    const took = await page.evaluate(async hash => {
      const began = performance.now()
      location.hash = hash
      while (!document.body.textContent.includes('You are looking at a shared scenario.')) {
        await new Promise(resolve => setTimeout(resolve, 20))
      }
      await new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)))
      return performance.now() - began
    }, linkOf(deflateRawSync(JSON.stringify(scenario))))
    assert.ok(took < 1500, `${took} ms`)
    assert.equal(await manifestText(page), text)
    await page.getByRole('textbox', { name: 'Manifest' }).click()
    await page.locator('.cm-content:focus').waitFor()
    await page.keyboard.press('Control+End')
    await page.keyboard.insertText('kind: Pod')
    await page.waitForFunction(() => window.wasmBindings.session_manifest().endsWith('# a line\nkind: Pod'))
    await end()
  })
})

describe('The share dialog', () => {
  it('gives code for other pages, with the link in it', async () => {
    const { page, end } = await open({ permissions: ['clipboard-read', 'clipboard-write'] })
    await press(page, 'Apply')
    await press(page, 'Share')
    const link = await dialog(page).getByRole('textbox', { name: 'Link' }).inputValue()
    const hash = new URL(link).hash
    const clipboard = () => page.evaluate(() => navigator.clipboard.readText())
    await press(page, 'Copy: Link')
    await page.getByRole('button', { name: 'Copied: Link' }).waitFor()
    assert.equal(await clipboard(), link)
    for (const [name, pattern] of [
      ['iframe', /^<iframe src="[^"]+\?embed#s=1\.[\w.-]+&amp;p=[\w-]+" title="A StatefulSet at 0:/],
      ['Element', /<statefulscope-scenario src="[^"]+"[^>]*>\n<pre>\n# Headless/],
      ['Markdown', /^\[!\[A StatefulSet at 0\\:.*\]\(web\.svg\)\]\(<http.*>\)\n$/],
    ]) {
      await dialog(page).getByText(name, { exact: true }).click()
      await press(page, `Copy: ${name}`)
      await page.getByRole('button', { name: `Copied: ${name}` }).waitFor()
      const text = await clipboard()
      assert.match(text, pattern)
      assert.ok(text.includes(hash))
    }
    await page.keyboard.press('Escape')
    await dialog(page).waitFor({ state: 'hidden' })
    await end()
  })

  it('gives a story that was not begun as that story', async () => {
    const { page, end } = await open({ query: '#x=stuck-rollout' })
    await page.getByRole('region', { name: /^Story: / }).waitFor()
    assert.equal(await share(page), `${server.address}#x=stuck-rollout`)
    assert.equal(new URL(page.url()).hash, '#x=stuck-rollout')
    await end()
  })

  it('gives pictures, texts and a file, and the file opens again', async () => {
    const { page, end } = await open()
    await press(page, 'Pause')
    await press(page, 'Apply')
    await runToRest(page)
    const there = await state(page)
    await press(page, 'Share')
    const files = {}
    for (const name of ['SVG', 'PNG', 'YAML', 'Mermaid', 'File']) {
      const download = page.waitForEvent('download')
      await press(page, `Download: ${name}`)
      const got = await download
      files[name] = { name: got.suggestedFilename(), path: await got.path(), bytes: readFileSync(await got.path()) }
    }
    assert.deepEqual(
      Object.values(files).map(({ name }) => name),
      ['web.svg', 'web.png', 'web.yaml', 'web.mmd', 'web.statefulscope.json'],
    )
    const svg = files.SVG.bytes.toString()
    const [, width, height] = svg.match(/width="([\d.]+)" height="([\d.]+)"/).map(Number)
    const png = files.PNG.bytes
    assert.equal(png.subarray(1, 4).toString(), 'PNG')
    assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [Math.ceil(width * 2), Math.ceil(height * 2)])
    // The browser takes it for a picture, and it has no more in it than was drawn.
    // (The page itself lets no text become a document.)
    const blank = await page.context().newPage()
    assert.ok(await blank.evaluate(svg => {
      const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml')
      return !parsed.querySelector('parsererror') && parsed.documentElement.localName === 'svg'
    }, svg))
    assert.match(files.YAML.bytes.toString(), /\nkind: StatefulSet\n/)
    assert.match(files.Mermaid.bytes.toString(), /^flowchart TB\n/)

    await press(page, 'Close')
    await press(page, 'Documents')
    const chooser = page.waitForEvent('filechooser')
    await press(page, 'Open a file…')
    await (await chooser).setFiles({ name: 'web.statefulscope.json', mimeType: 'application/json', buffer: files.File.bytes })
    await visiting(page).waitFor()
    assert.equal(await state(page), there)
    await end()
  })

  it('takes the tints of nodes along, and the cluster beside with what differs', async () => {
    const { page, end } = await open()
    await press(page, 'Pause')
    await press(page, 'Apply')
    await runToRest(page)
    const svg = async () => {
      await press(page, 'Share')
      const download = page.waitForEvent('download')
      await press(page, 'Download: SVG')
      const text = readFileSync(await (await download).path(), 'utf8')
      await press(page, 'Close')
      return text
    }
    const plain = await svg()
    await press(page, 'Colour by node')
    const tinted = await svg()
    const fills = text => new Set(text.match(/fill="#[0-9a-f]{6}"/g))
    // Each pod runs on a node of its own.
    assert.equal(fills(tinted).size, fills(plain).size + 2)
    assert.ok(!tinted.includes('≠'))
    await page.getByRole('combobox', { name: 'Compare with' }).selectOption('updateStrategy: OnDelete')
    await page.getByRole('textbox', { name: 'Image' }).fill('nginx:1.29')
    await press(page, 'Set image')
    await runToRest(page)
    const both = await svg()
    assert.match(both, />As it is<[^]*>updateStrategy: OnDelete</)
    assert.ok(both.includes('≠'))
    await end()
  })

  it('offers a file where a link would be too long', async () => {
    const { page, end } = await open()
    // Nothing that deflates.
    let seed = 1
    const noise = Array.from({ length: 120_000 }, () => ((seed = (seed * 48271) % 2147483647) % 36).toString(36)).join('')
    await writeManifest(page, `# ${noise}\n`)
    await press(page, 'Share')
    await page.getByText('This is too large for a link.').waitFor()
    assert.equal(new URL(page.url()).hash, '')
    const download = page.waitForEvent('download')
    await press(page, 'Download: File')
    assert.ok(readFileSync(await (await download).path(), 'utf8').includes(noise))
    await end()
  })

  it('says how far a link may travel', async () => {
    const { page, end } = await open()
    await press(page, 'Share')
    await page.getByText('Short enough for every chat and mail program').waitFor()
    await press(page, 'Close')
    let seed = 1
    const noise = Array.from({ length: 3000 }, () => ((seed = (seed * 48271) % 2147483647) % 36).toString(36)).join('')
    await writeManifest(page, `# ${noise}\n`)
    await press(page, 'Share')
    await page.getByText(/^Some chat and mail programs cut links/).or(page.getByText('Some chat and mail programs')).first().waitFor()
    await end()
  })

  it('speaks Chinese', async () => {
    const { page, end } = await open({ query: '?lang=zh-CN' })
    await press(page, '分享')
    await page.getByRole('dialog', { name: '分享' }).getByText('足够短').waitFor()
    await end()
  })
})

describe('Files', () => {
  /// Drops a file on the page, as somebody does who drags it there.
  const drop = (page, name, text) =>
    page.evaluate(
      ([name, text]) => {
        const dataTransfer = new DataTransfer()
        dataTransfer.items.add(new File([text], name))
        for (const type of ['dragenter', 'dragover', 'drop']) {
          document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }))
        }
      },
      [name, text],
    )

  it('that are dropped are visited where they are scenarios, and get a tab where they are manifests', async () => {
    const { page, end } = await open()
    await drop(page, 'shop.yaml', 'kind: Namespace\n')
    await page.getByRole('tab', { name: 'shop.yaml' }).waitFor()
    assert.equal(await manifestText(page), 'kind: Namespace\n')
    await drop(page, 'shop.yaml', 'kind: [\n')
    await page.getByRole('tab', { name: '2-shop.yaml' }).waitFor()
    await drop(page, 'story.yaml', readFileSync('scenarios/stories/partition.yaml', 'utf8'))
    await visiting(page).waitFor()
    await press(page, 'Back to my own')
    await page.getByRole('tab', { name: '2-shop.yaml' }).waitFor()
    await drop(page, 'web.statefulscope.json', '{"statefulscope": 1, "files": []}')
    assert.match(await trouble(page).innerText(), /This file cannot be opened[^]*files: must be an object/)
    await press(page, 'Back to my own')
    await end()
  })

  it('that are too large are named', async () => {
    const { page, end } = await open()
    await writeManifest(page, 'kind: Mine\n')
    await page.evaluate(() => {
      const dataTransfer = new DataTransfer()
      dataTransfer.items.add(new File([new Uint8Array(16 * 1024 * 1024 + 1)], 'huge.yaml'))
      dataTransfer.items.add(new File(['kind: Small\n'], 'small.yaml'))
      dispatchEvent(new DragEvent('drop', { dataTransfer, cancelable: true }))
    })
    await trouble(page).getByText('“huge.yaml” is larger than 16 MiB, so it was not read.').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Download what the link holds' }).count(), 0)
    await press(page, 'Back to my own')
    // What came with it is open.
    await page.getByRole('tab', { name: 'small.yaml' }).waitFor()
    await end()
  })

  it('of three megabytes are opened, and offered as files again', async () => {
    const { page, end } = await open()
    let seed = 1
    const noise = Array.from({ length: 3_000_000 }, () => ((seed = (seed * 48271) % 2147483647) % 36).toString(36)).join('')
    await drop(page, 'large.yaml', `# ${noise}\nkind: Pod\n`)
    await page.getByRole('tab', { name: 'large.yaml' }).waitFor()
    await press(page, 'Share')
    await page.getByText('This is too large for a link.').waitFor()
    const download = page.waitForEvent('download')
    await press(page, 'Download: File')
    const text = readFileSync(await (await download).path(), 'utf8')
    assert.equal(JSON.parse(text).files['large.yaml'], `# ${noise}\nkind: Pod\n`)
    await press(page, 'Close')
    await drop(page, 'again.statefulscope.json', text)
    await visiting(page).waitFor()
    await page.getByRole('tab', { name: 'large.yaml' }).waitFor()
    await end()
  })

  it('say that they can be dropped while they are held over the page', async () => {
    const { page, end } = await open()
    const drag = type =>
      page.evaluate(type => {
        const dataTransfer = new DataTransfer()
        dataTransfer.items.add(new File([''], 'a.yaml'))
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }))
      }, type)
    await drag('dragenter')
    await page.getByText('Drop a manifest or a scenario to open it').waitFor()
    await drag('dragleave')
    await page.getByText('Drop a manifest or a scenario to open it').waitFor({ state: 'detached' })
    assert.deepEqual(await picture(page), [])
    await end()
  })
})
