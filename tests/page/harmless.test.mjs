// What somebody else wrote cannot do anything: two hundred scripts in every text that a manifest, a line of kubectl, a link, a
// message or a file can carry. None runs, none makes a request, none comes so far that the page's policy has to stop it.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { deflateRawSync } from 'node:zlib'

import { start, watch } from './browser.mjs'
import { linkOf } from '../../tools/link.mjs'
import { writeManifest } from './reading.mjs'

const RUN = 'window.pwned=1'
const ADDRESS = 'http://evil.example/x'
/// Texts that run somewhere, if somebody lets them.
const SCRIPTS = [
  `<script>${RUN}</script>`,
  `<img src=x onerror=${RUN}>`,
  `<svg onload=${RUN}>`,
  `<svg><script>${RUN}</script></svg>`,
  `<iframe srcdoc="<script>parent.pwned=1</script>">`,
  `<iframe src="javascript:parent.pwned=1">`,
  `<a href="javascript:${RUN}">x</a>`,
  `javascript:${RUN}`,
  `data:text/html,<script>${RUN}</script>`,
  `<style>@import '${ADDRESS}';</style>`,
  `<link rel=stylesheet href=${ADDRESS}>`,
  `<base href=${ADDRESS}>`,
  `<meta http-equiv=refresh content="0;url=${ADDRESS}">`,
  `<object data=${ADDRESS}></object>`,
  `<math><mtext></form><form><mglyph><style></math><img src=x onerror=${RUN}>`,
  `<details open ontoggle=${RUN}>`,
  `<input autofocus onfocus=${RUN}>`,
  `<template><img src=x onerror=${RUN}></template>`,
  `url(${ADDRESS})`,
  `expression(${RUN})`,
  `{{constructor.constructor('${RUN}')()}}`,
  `\${${RUN}}`,
  `click A call ${RUN}`,
  `%%{init: {"securityLevel": "loose"}}%%`,
  `![x](${ADDRESS})`,
]
/// And what is put around them to get out of wherever they are.
const WAYS_OUT = [
  script => script,
  script => `">${script}`,
  script => `'>${script}`,
  script => `</textarea></title></pre></text>${script}`,
  script => `]]>${script}`,
  script => `--><!-- -->${script}`,
  script => `\`${script}\``,
  script => `&lt;${script}&gt;\u202e`,
]
const PAYLOADS = SCRIPTS.flatMap(script => WAYS_OUT.map(way => way(script)))

let server
let page
let faults
before(async () => {
  server = await start()
})
after(() => server.close())
beforeEach(async () => {
  ;({ page, faults } = await server.open())
  await page.evaluate(() => {
    document.addEventListener('securitypolicyviolation', event => (window.violated ??= []).push(event.violatedDirective))
  })
})
afterEach(async () => {
  assert.deepEqual(await page.evaluate(() => [window.pwned, window.violated]), [undefined, undefined])
  assert.deepEqual(faults, [])
  await page.context().close()
})

const quoted = JSON.stringify
const press = name => page.getByRole('button', { name, exact: true }).first().click()

/// A set whose every free text is one of these.
const manifestOf = texts => `apiVersion: v1
kind: ConfigMap
metadata: {name: texts, annotations: {a: ${quoted(texts.join(' '))}}}
data: {${texts.map((text, n) => `k${n}: ${quoted(text)}`).join(', ')}}
---
apiVersion: v1
kind: Service
metadata: {name: nginx, annotations: {a: ${quoted(texts[0])}}}
spec: {clusterIP: None, selector: {app: nginx}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, annotations: {${texts.map((text, n) => `a${n}: ${quoted(text)}`).join(', ')}}}
spec:
  serviceName: nginx
  replicas: 1
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}, annotations: {a: ${quoted(texts[1])}}}
    spec:
      containers:
      - name: nginx
        image: ${quoted(texts[2].trim())}
        command: [${texts.map(quoted).join(', ')}]
        env: [${texts.map((text, n) => `{name: E${n}, value: ${quoted(text)}}`).join(', ')}]
`

/// Objects that are refused, with a message that repeats each text.
const refusedOf = texts =>
  texts
    .map(
      text => `apiVersion: v1
kind: ConfigMap
metadata: {name: ${quoted(text)}, namespace: default, labels: {${quoted(text)}: ${quoted(text)}}}
${quoted(text)}: {}
---
apiVersion: ${quoted(text)}
kind: ${quoted(text)}
metadata: {name: x}
`,
    )
    .join('---\n')

const batches = size => Array.from({ length: PAYLOADS.length / size }, (_, n) => PAYLOADS.slice(n * size, (n + 1) * size))

async function lookEverywhere() {
  for (const name of [/^StatefulSet web/, /^Pod web-0/, /^Service nginx/]) {
    const card = page.getByRole('button', { name }).first()
    if (await card.count()) await card.click()
  }
  await page.keyboard.press('Escape')
  await press('Table')
  await page.getByRole('table').first().waitFor()
  await press('Graph')
}

describe('Two hundred scripts', () => {
  it('are that many', () => assert.equal(new Set(PAYLOADS).size, 200))

  it('in a manifest are texts, in the picture, the table, the reasons and the refusals', async () => {
    for (const texts of batches(20)) {
      await writeManifest(page, manifestOf(texts))
      await press('Apply')
      await lookEverywhere()
      await writeManifest(page, refusedOf(texts))
      await press('Apply')
      await page.getByRole('alert', { name: 'Problems' }).getByRole('button').first().waitFor()
    }
  })

  it('typed into a terminal are texts, in what they print and what is completed', async () => {
    await writeManifest(page, manifestOf(PAYLOADS.slice(0, 20)))
    await press('Apply')
    await press('Terminal 1')
    const line = page.getByRole('textbox', { name: 'Line for terminal 1' })
    const single = text => `'${text.replaceAll("'", `'\\''`)}'`
    for (const text of PAYLOADS) {
      await line.fill(`echo ${single(text)}; kubectl annotate sts web a=${single(text)} --overwrite; kubectl get ${single(text)}`)
      await line.press('Enter')
    }
    for (const command of ['get sts web -o yaml', 'describe sts web', 'get cm texts -o yaml', 'get events']) {
      await line.fill(`kubectl ${command}`)
      await line.press('Enter')
    }
  })

  it('in a link are texts, and so are links that are none', async () => {
    for (const [number, texts] of batches(10).entries()) {
      const [first] = texts
      const scenario = {
        statefulscope: 1,
        title: first,
        summary: { en: texts[1], 'zh-CN': texts[2] },
        tags: texts,
        [first]: texts,
        files: Object.fromEntries(texts.map((text, n) => [`${text.replaceAll('/', '')}-${n}.yaml`, manifestOf(PAYLOADS.slice(0, 20))])),
        steps: texts.map(say => ({ say, question: { ask: say, answers: texts, right: 0 } })),
      }
      const hash = linkOf(deflateRawSync(JSON.stringify(scenario)))
      await page.evaluate(hash => (location.hash = hash), hash)
      await page.getByText('You are looking at a shared scenario.').waitFor()
      await press('Apply')
      for (const text of texts) {
        await page.evaluate(hash => (location.hash = hash), `#s=1.10.${encodeURIComponent(text)}`)
        await page.evaluate(hash => (location.hash = hash), `#x=${encodeURIComponent(text)}`)
      }
      await page.goto(`${server.address}?${number}`)
      await page.getByRole('button', { name: 'Apply', exact: true }).waitFor()
    }
  })

  it('in a file are texts, in its name and in what is in it', async () => {
    const drop = (name, text) =>
      page.evaluate(
        ([name, text]) => {
          const dataTransfer = new DataTransfer()
          dataTransfer.items.add(new File([text], name))
          for (const kind of ['dragenter', 'drop']) dispatchEvent(new DragEvent(kind, { dataTransfer, cancelable: true }))
        },
        [name, text],
      )
    for (const text of PAYLOADS.filter((_, n) => n % 4 === 0)) {
      await drop(`${text.replaceAll('/', '')}.yaml`, text)
      await drop(`${text.replaceAll('/', '')}.statefulscope.json`, `{"statefulscope": 1, "title": ${quoted(text)}, "speed": 0}`)
      await drop('x.statefulscope.json', text)
    }
  })

  it('in a message to a figure are texts', async () => {
    const host = await page.context().newPage()
    // Any page that has no policy of its own.
    await host.goto(`${server.address}gallery.json`)
    await host.evaluate(address => {
      const frame = document.createElement('iframe')
      frame.src = `${address}?embed&view=terminal`
      window.told = []
      addEventListener('message', event => window.told.push(event.data))
      document.body.append(frame)
    }, server.address)
    const isTold = is => host.waitForFunction(is)
    await isTold(() => window.told.some(({ type }) => type === 'ready'))
    await host.evaluate(
      ([texts, manifests]) => {
        const tell = message => frames[0].postMessage({ statefulscope: 1, ...message }, '*')
        for (const manifest of manifests) tell({ type: 'load', manifest })
        for (const text of texts) {
          tell({ type: text, id: text })
          tell({ type: 'setConfig', theme: text, lang: text, id: text })
          tell({ type: 'load', link: text, id: text })
          tell({ type: 'load', link: `#x=${text}` })
          tell({ type: 'seek', time: text, [text]: text })
          tell({ type: 'run', line: `echo ${text}` })
          tell({ type: 'run', line: `kubectl get '${text.replaceAll("'", '')}'` })
        }
        tell({ type: 'none', id: 'last' })
      },
      [PAYLOADS, batches(40).map(manifestOf)],
    )
    await isTold(() => window.told.some(({ id }) => id === 'last'))
    const [figure] = host.frames().filter(frame => frame !== host.mainFrame())
    assert.deepEqual(await figure.evaluate(() => [window.pwned, window.violated]), [undefined, undefined])
    assert.equal(await host.evaluate(() => window.pwned), undefined)
    // What the figure says of them is text again.
    assert.ok((await host.evaluate(() => window.told)).filter(({ type }) => type === 'error').length > 200)
    await host.close()
  })

  it('in pictures and files that are taken along are texts, also where they are opened', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    const opened = await page.context().newPage()
    const asked = watch(opened, ['data:', 'about:'])
    // What lies behind is drawn once a second.
    await page.bringToFront()
    for (const texts of batches(20)) {
      await writeManifest(page, manifestOf(texts))
      await press('Apply')
      await press('Share')
      const dialog = page.getByRole('dialog', { name: 'Share' })
      for (const name of ['SVG', 'YAML', 'Mermaid', 'File']) {
        await dialog.getByRole('button', { name: `Copy: ${name}` }).click()
        await dialog.getByRole('button', { name: `Copied: ${name}` }).waitFor()
        const text = await page.evaluate(() => navigator.clipboard.readText())
        if (name !== 'SVG') continue
        await opened.goto(`data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`)
        assert.equal(await opened.evaluate(() => window.pwned ?? document.querySelectorAll('script, image, foreignObject, a, style').length), 0)
      }
      const download = page.waitForEvent('download')
      await dialog.getByRole('button', { name: 'Download: PNG' }).click()
      await download
      await page.keyboard.press('Escape')
    }
    assert.deepEqual(asked, [])
  })

  it('in what is exported are texts', async () => {
    await writeManifest(page, manifestOf(PAYLOADS.slice(0, 20)))
    await press('Apply')
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await press('Share')
    const dialog = page.getByRole('dialog', { name: 'Share' })
    const codes = []
    for (const name of ['iframe', 'Element', 'Markdown']) {
      await dialog.getByText(name, { exact: true }).click()
      await dialog.getByRole('button', { name: `Copy: ${name}` }).click()
      await dialog.getByRole('button', { name: `Copied: ${name}` }).waitFor()
      codes.push(await page.evaluate(() => navigator.clipboard.readText()))
    }
    assert.equal(new Set(codes).size, 3)
    // In Markdown the link stands between signs that HTML has as well, and nothing else does.
    const markdown = codes.pop()
    assert.match(markdown, /^\[!\[[^<>]*\]\([\w.-]+\)\]\(<http[^<>]*>\)\n$/)
    // As a page that takes the code in would read it.
    const blank = await page.context().newPage()
    const found = await blank.evaluate(codes => {
      const odd = []
      for (const code of codes) {
        const parsed = new DOMParser().parseFromString(code, 'text/html')
        for (const element of parsed.querySelectorAll('*')) {
          const isOurs = /^(html|head|body|iframe|statefulscope-scenario|pre|p)$/.test(element.localName)
          const isScript = element.localName === 'script' && element.src.endsWith('statefulscope-scenario.js')
          if (!isOurs && !isScript) odd.push(element.outerHTML)
          for (const { name } of element.attributes) if (name.startsWith('on')) odd.push(element.outerHTML)
        }
      }
      return odd
    }, codes)
    assert.deepEqual(found, [])
  })
})
