// Divides the program by what first views run.
import { execFile, execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

/// The program as the linker wrote it.
const LINKED = 'target/wasm32-unknown-unknown/release/statefulscope.wasm'
/// How many views run at the same time.
const AT_ONCE = 2

/// Divides `whole` by what views run, and gives the files of the parts: the first, and the rests in their order. `levels` are
/// the addresses of views, a list for each part but the last one; each part is what the views of its list run and no
/// part before it has.
export async function divide({ whole, work, dist, glue, levels }) {
  const named = name => join(work, `${name}.wasm`)
  const split = (...args) => execFileSync('tools/split/target/release/split', args, { stdio: 'inherit' })
  let program = whole
  const rests = []
  for (let level = levels.length; level > 0; level -= 1) {
    const marked = named('marked')
    split('mark', program, marked)
    const ran = join(work, 'ran.txt')
    writeFileSync(ran, await runViews({ work, dist, glue, marked, views: levels.slice(0, level).flat() }))
    const [first, rest] = [named(`first-${level}`), named(`rest-${level}`)]
    split('divide', program, LINKED, ran, String(level), first, rest)
    rests.unshift(rest)
    program = first
  }
  return [program, ...rests]
}

/// The numbers of the functions that views run, one in a line.
async function runViews({ work, dist, glue, marked, views }) {
  const numbers = new Set()
  const waiting = [...views.entries()]
  const run = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [at, address] = next
      const ran = join(work, `ran-${at}.txt`)
      // In a process of its own, whose globals are those of a browser.
      await promisify(execFile)('node', ['tools/finish/first-view.mjs', dist, glue, marked, ran, address])
      for (const number of readFileSync(ran, 'utf8').trim().split('\n')) numbers.add(Number(number))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, run))
  return `${[...numbers].sort((a, b) => a - b).join('\n')}\n`
}
