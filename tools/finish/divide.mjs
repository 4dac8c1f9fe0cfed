// Divides the program by what a first view of the page runs.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/// The program as the linker wrote it.
const LINKED = 'target/wasm32-unknown-unknown/release/statefulscope.wasm'

/// Divides `whole` by what a first view with a query runs, and gives the files of both parts.
export function divide({ whole, work, dist, glue, query }) {
  const files = Object.fromEntries(['marked', 'program', 'rest'].map(name => [name, join(work, `${name}.wasm`)]))
  const ran = join(work, 'ran.txt')
  const split = (...args) => execFileSync('tools/split/target/release/split', args, { stdio: 'inherit' })
  split('mark', whole, files.marked)
  // In a process of its own, whose globals are those of a browser.
  execFileSync('node', ['tools/finish/first-view.mjs', dist, glue, files.marked, ran, query], { stdio: 'inherit' })
  split('divide', whole, LINKED, ran, files.program, files.rest)
  return { program: files.program, rest: files.rest }
}
