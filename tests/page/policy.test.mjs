// The page's own policy: what may run in it, and that nothing in an address makes it load anything.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'

import { start, watch } from './browser.mjs'

let server
before(async () => {
  server = await start()
})
after(() => server.close())

/// The directives of the policy that stands in a page.
function policyOf(html) {
  const [, content] = html.match(/<meta http-equiv="Content-Security-Policy" content="([^"]+)">/)
  return Object.fromEntries(content.split('; ').map(text => [text.slice(0, text.indexOf(' ')), text.slice(text.indexOf(' ') + 1)]))
}

describe('The policy', () => {
  it('lets in files of the page alone, and stands before all that it holds for', () => {
    const html = readFileSync('dist/index.html', 'utf8')
    const policy = policyOf(html)
    assert.equal(policy['default-src'], "'none'")
    assert.equal(policy['script-src'], "'self' 'wasm-unsafe-eval'")
    assert.equal(policy['connect-src'], "'self'")
    assert.equal(policy['require-trusted-types-for'], "'script'")
    assert.ok(!/unsafe-inline|'unsafe-eval'|https?:|\*/.test(Object.values(policy).join(' ')))
    assert.ok(!/<script(?![^>]* src=)/.test(html) && !/<style|\son[a-z]+=|\sstyle=/.test(html))
    assert.ok(html.indexOf('Content-Security-Policy') < html.search(/<(script|link|title|body)/))
  })

  it('of the single file names its script and its styles by their hashes', { skip: !existsSync('dist/statefulscope.html') && 'a quick build has none' }, () => {
    const html = readFileSync('dist/statefulscope.html', 'utf8')
    const policy = policyOf(html)
    const hash = text => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
    const runs = [...html.matchAll(/<script(?: type="module")?>([^]*?)<\/script>/g)].map(([, text]) => hash(text))
    assert.equal(runs.length, 1)
    assert.equal(policy['script-src'], `${runs[0]} 'wasm-unsafe-eval'`)
    assert.equal(policy['style-src'], hash(html.match(/<style>([^]*?)<\/style>/)[1]))
    assert.equal(policy['connect-src'], "'none'")
  })

  it('holds in the browser: no text becomes HTML, a script or code', async () => {
    const { page } = await server.open()
    const trials = () => {
      const attempt = work => {
        try {
          return work() ?? 'done'
        } catch (error) {
          return error.name
        }
      }
      return [
        attempt(() => (document.body.innerHTML = '<img src=x onerror="window.ran = 1">')),
        attempt(() => document.createElement('div').insertAdjacentHTML('beforeend', '<b>bold</b>')),
        attempt(() => (document.createElement('script').src = 'https://evil.example/x.js')),
        attempt(() => (document.createElement('script').text = 'window.ran = 1')),
        attempt(() => (document.createElement('iframe').srcdoc = '<script>parent.ran = 1</script>')),
        attempt(() => eval('window.ran = 1')),
        attempt(() => new Function('window.ran = 1')()),
        attempt(() => new DOMParser().parseFromString('<b>bold</b>', 'text/html')),
      ]
    }
    // Later, since what a driver of the browser runs itself may do what the page may not.
    const tried = await page.evaluate(`new Promise(done => setTimeout(() => done((${trials})())))`)
    for (const [number, got] of tried.entries()) assert.match(got, /^(TypeError|EvalError)$/, `attempt ${number}`)
    assert.equal(await page.evaluate(() => window.ran), undefined)
    await page.context().close()
  })

  it('is not needed for addresses: none makes the page load anything', async () => {
    const evil = 'http://evil.example/x'
    const names = ['embed', 'view', 'theme', 'lang', 'readonly', 'controls', 'autoplay', 'speed', 'at', 'loop', 'src', 'url', 'link', 'manifest', 'wait']
    const context = await server.browser.newContext({ serviceWorkers: 'block', locale: 'en-US' })
    const page = await context.newPage()
    const faults = watch(page, [server.address])
    await page.addInitScript(() => {
      window.violated = []
      document.addEventListener('securitypolicyviolation', event => window.violated.push(event.blockedURI))
    })
    for (const embed of ['', 'embed&']) {
      const query = names.filter(name => name !== 'embed' || !embed).map(name => `${name}=${encodeURIComponent(evil)}`).join('&')
      for (const hash of ['', `#x=${evil}`, `#x=${encodeURIComponent(evil)}`, `#s=${evil}`, `#s=1.4.AAAA&p=${evil}`, `#${evil}`]) {
        await page.goto('about:blank')
        await page.goto(`${server.address}?${embed}${query}${hash}`)
        const poster = page.getByRole('button', { name: 'Look closer' }).or(page.getByRole('button', { name: 'Play', exact: true }))
        await page.getByRole('region', { name: 'Cluster graph' }).or(page.getByRole('alertdialog')).or(poster).first().waitFor()
        await page.waitForTimeout(300)
        assert.deepEqual(await page.evaluate(() => window.violated), [])
      }
    }
    assert.deepEqual(faults, [])
    await context.close()
  })
})
