// A real Chromium, and what every test of the page asks of it: no error on the console, no request that leaves the page.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, afterEach, before, beforeEach } from 'node:test'
import { chromium } from 'playwright-core'

import { serve } from '../../tools/serve.mjs'

const CANDIDATES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
/// How long anything on the page may take before a test gives up.
const TIMEOUT_MS = 10_000
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/// Collects what must not happen on a page: errors and warnings on its console, and requests that leave these addresses.
export function watch(page, addresses) {
  const faults = []
  page.on('console', message => {
    if (message.text() === 'Service Worker registration blocked by Playwright') return
    if (['error', 'warning'].includes(message.type())) faults.push(`console: ${message.text()}`)
  })
  page.on('pageerror', error => faults.push(`error: ${error.message}`))
  page.on('request', request => {
    const isOurs = addresses.some(address => request.url().startsWith(address))
    if (!isOurs && !/^(data|blob):/.test(request.url())) faults.push(`request: ${request.url()}`)
  })
  page.on('response', response => {
    if (response.status() >= 400) faults.push(`${response.status()}: ${response.url()}`)
  })
  return faults
}

/// Starts the browser and a server for `dist`.
export async function start({ under = '/', folder = 'dist' } = {}) {
  const executablePath = CANDIDATES.find(path => path && existsSync(path))
  if (!executablePath) throw new Error('There is no Chromium: install one, or name it in the variable CHROMIUM.')
  const server = await serve(folder, { under })
  const browser = await chromium.launch({ executablePath, args: ARGUMENTS })
  return {
    address: server.address,
    browser,
    /// Opens the page, after `prepare` has had it. `faults` collects what must not happen.
    async open({ query = '', prepare = async () => {}, ...options } = {}) {
      const context = await browser.newContext({
        viewport: { width: 1440, height: 900 },
        locale: 'en-US',
        reducedMotion: 'reduce',
        // Each test would load the page twice.
        serviceWorkers: 'block',
        ...options,
      })
      const page = await context.newPage()
      page.setDefaultTimeout(TIMEOUT_MS)
      const faults = watch(page, [server.address])
      await prepare(page)
      await page.goto(server.address + query)
      await page.getByRole('button', { name: 'Apply', exact: true }).or(page.getByRole('button', { name: '应用', exact: true })).waitFor()
      return { page, faults }
    },
    async close() {
      await browser.close()
      await server.close()
    },
  }
}

/// Gives every test of a file a page of its own, paused, and fails it where something happened that must not.
/// `opened` is handed the server, the page and its faults.
export function onOwnPages(opened) {
  let server
  let page
  let faults
  before(async () => {
    server = await start()
  })
  after(() => server.close())
  beforeEach(async () => {
    ;({ page, faults } = await server.open())
    await page.getByRole('button', { name: 'Pause' }).click()
    opened({ server, page, faults })
  })
  afterEach(async () => {
    assert.deepEqual(faults, [])
    await page.context().close()
  })
}
