// Builds the site twice, from two clean checkouts in two folders whose names differ, and compares every file of both:
// `node tools/reproducible.mjs`. What is not committed is not built.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'

const work = resolve('target/reproducible')
const FOLDERS = ['one', 'another-one/further-down']
/// What is installed at fixed versions and takes no part in what is built but by what it does.
const TOOLS = ['.tools', 'node_modules']

const run = (folder, name, ...args) => execFileSync(name, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })

/// What is built: somebody may commit meanwhile.
const commit = execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim()

/// Builds the site from a clean checkout, and gives what each of its files hashes to.
function build(folder) {
  mkdirSync(join(folder, '..'), { recursive: true })
  run('.', 'git', 'clone', '--quiet', '--no-hardlinks', resolve('.'), folder)
  run(folder, 'git', 'checkout', '--quiet', '--detach', commit)
  TOOLS.forEach(name => symlinkSync(resolve(name), join(folder, name)))
  run(folder, 'tools/build')
  const dist = join(folder, 'dist')
  const files = readdirSync(dist, { recursive: true }).filter(name => statSync(join(dist, name)).isFile())
  const hash = name => createHash('sha256').update(readFileSync(join(dist, name))).digest('hex')
  return new Map(files.sort().map(name => [name, hash(name)]))
}

rmSync(work, { recursive: true, force: true })
const [one, other] = FOLDERS.map(name => build(join(work, name)))
for (const name of new Set([...one.keys(), ...other.keys()])) {
  const isSame = one.get(name) === other.get(name)
  console.log(isSame ? `${one.get(name)}  ${name}` : `differs: ${name}\n  ${one.get(name)}\n  ${other.get(name)}`)
  if (!isSame) process.exitCode = 1
}
