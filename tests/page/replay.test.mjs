// The log of a run in the page rebuilds the same state natively and in wasm.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, it } from 'node:test'

import { start } from './browser.mjs'
import { runToRest } from './reading.mjs'

let server
before(async () => {
  server = await start()
})
after(() => server.close())

it('gives the same final state natively and in wasm', { timeout: 120_000 }, async () => {
  const { page, faults } = await server.open()
  const press = name => page.getByRole('button', { name, exact: true }).click()
  await press('Apply')
  await page.getByRole('slider', { name: 'Speed' }).fill('6')
  await page.waitForTimeout(700)
  await page.getByRole('button', { name: 'One replica more' }).click()
  await page.waitForTimeout(300)
  await page.getByRole('textbox', { name: 'Patch' }).fill('{"spec":{"replicas":4}}')
  await press('Patch it')
  await page.waitForTimeout(400)
  await page.getByRole('textbox', { name: 'Image' }).fill('nginx:1.29')
  await press('Set image')
  await page.getByRole('button', { name: /^Pod web-0,/ }).click()
  await press('Delete pod')
  await press('Pause')
  await runToRest(page)

  const log = await page.evaluate(() => window.wasmBindings.session_log())
  const [now, hash] = (await page.evaluate(() => window.wasmBindings.session_hash())).split(' ')
  assert.deepEqual(
    JSON.parse(log).commands.map(({ command }) => Object.keys(command)[0]),
    ['apply', 'saveFile', 'run', 'run', 'run', 'run'],
  )
  const inWasm = await page.evaluate(
    ([log, now]) => window.wasmBindings.replay_hash(log, Number(now)),
    [log, now],
  )
  assert.equal(inWasm, hash)
  const natively = spawnSync('cargo', ['run', '--quiet', '--no-default-features', '--example', 'replay', '--', now], {
    input: log,
    encoding: 'utf8',
  })
  assert.equal(natively.status, 0, natively.stderr)
  assert.equal(natively.stdout.trim(), hash)

  // The hash is of the state: another log has another one.
  const other = JSON.parse(log)
  other.commands.pop()
  const changed = await page.evaluate(
    ([log, now]) => window.wasmBindings.replay_hash(log, Number(now)),
    [JSON.stringify(other), now],
  )
  assert.notEqual(changed, hash)
  assert.deepEqual(faults, [])
})
