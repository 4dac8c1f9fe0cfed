// Builds each example of `examples/embed` whose tool is there, opens it in Chromium, and waits for its figure to run:
// `node tools/examples.mjs`. A tool that is missing is named, and only that.
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { start, watch } from '../tests/page/browser.mjs'
import { serve } from './serve.mjs'

const work = resolve('target/examples')
const run = (folder, name, ...args) => execFileSync(name, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
/// Each tool: whether it is there, and how it puts the site of a folder into another one.
const TOOLS = {
  html: { build: (folder, out) => cpSync(folder, out, { recursive: true }) },
  mdbook: { tool: 'mdbook', build: (folder, out) => run(folder, 'mdbook', 'build', '--dest-dir', out) },
  mkdocs: { tool: 'mkdocs', build: (folder, out) => run(folder, 'mkdocs', 'build', '--quiet', '--site-dir', out) },
  hugo: { tool: 'hugo', build: (folder, out) => run(folder, 'hugo', '--quiet', '--destination', out) },
  docusaurus: {
    tool: 'npm',
    build: (folder, out) => {
      // Its packages are installed beside the copy, so that nothing is left in the repository.
      const copy = join(work, 'docusaurus-source')
      cpSync(folder, copy, { recursive: true })
      cpSync('dist', join(copy, 'static/statefulscope'), { recursive: true })
      run(copy, 'npm', 'install', '--no-audit', '--no-fund')
      run(copy, 'npm', 'run', 'build')
      cpSync(join(copy, 'build'), out, { recursive: true })
    },
  },
}

const isThere = tool => !tool || spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0
rmSync(work, { recursive: true, force: true })
mkdirSync(work, { recursive: true })
const { browser, close } = await start()
let failed = false
for (const [name, { tool, build }] of Object.entries(TOOLS)) {
  if (!isThere(tool)) {
    console.log(`${name.padEnd(11)} not built: there is no ${tool}`)
    continue
  }
  const out = join(work, name)
  build(resolve('examples/embed', name), out)
  cpSync('dist', join(out, 'statefulscope'), { recursive: true })
  const server = await serve(out)
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, serviceWorkers: 'block' })
  const page = await context.newPage()
  const faults = watch(page, [server.address])
  await page.goto(server.address)
  const figure = page.frameLocator('statefulscope-scenario iframe').first()
  await page.locator('statefulscope-scenario').first().scrollIntoViewIfNeeded()
  const last = figure.getByRole('button', { name: /^Pod web-2, running/i }).first()
  await last.waitFor({ timeout: 60_000 }).catch(error => faults.push(error.message.split('\n')[0]))
  await page.screenshot({ path: join(work, `${name}.png`) })
  failed ||= faults.length > 0
  console.log(`${name.padEnd(11)} ${faults.length === 0 ? 'runs' : `fails: ${faults.join('; ')}`}`)
  await context.close()
  await server.close()
}
await close()
process.exitCode = failed ? 1 : 0
