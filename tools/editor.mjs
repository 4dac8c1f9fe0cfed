// Bundles the manifest editor into one file of its own, which the page loads when it is first wanted, with the licences of
// what is in it: `node tools/editor.mjs [folder]`.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const folder = process.argv[2] ?? 'target/page'
mkdirSync(folder, { recursive: true })
const { metafile } = await build({
  entryPoints: ['src/ui/codemirror/editor.js'],
  outfile: join(folder, 'editor.js'),
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  metafile: true,
  logLevel: 'warning',
})
const packages = new Set()
for (const input of Object.keys(metafile.inputs)) {
  const inside = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)
  if (inside) packages.add(inside[1])
}
const texts = [...packages].sort().map(name => {
  const home = join('node_modules', name)
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  const file = readdirSync(home).find(file => /^licen[cs]e/i.test(file))
  if (!file) throw new Error(`${name} says no licence`)
  return `${name} ${version}\n\n${readFileSync(join(home, file), 'utf8').trim()}\n`
})
writeFileSync(join(folder, 'editor.licences.txt'), texts.join('\n---\n\n'))
