// Makes what Trunk has built into the site: `node tools/finish.mjs dist release|debug`.
//
// A release is optimized and divided into what a first view runs and the rest. In both, one script and one style sheet take
// the place of many, every file is named by what is in it, and the page says what may run in it.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import { build, transform } from 'esbuild'

import { optimize } from './finish/optimize.mjs'
import { policy } from './finish/policy.mjs'
import { divide } from './finish/divide.mjs'
import { editorWithin, single } from './finish/single.mjs'
import { templatesIn } from './finish/templates.mjs'
import { linkOf } from './link.mjs'

const [dist = 'dist', kind = 'release'] = process.argv.slice(2)
const work = 'target/finish'
/// How Trunk names a style sheet in the page.
const STYLE = /<link\b[^>]*?href="\.\/([^"]+\.css)"[^>]*>\s*/g
/// What is not seen before somebody has done something.
const STYLES_LATER = [
  'actions.css', 'branches.css', 'compare.css', 'details.css', 'documents.css', 'forecast.css',
  'notices.css', 'popover.css', 'settings.css', 'share.css', 'story.css', 'tables.css', 'terminal.css', 'why.css',
]
const GLUE = 'statefulscope.js'
const WASM = 'statefulscope_bg.wasm'

mkdirSync(work, { recursive: true })
const isRelease = kind === 'release'
const whole = isRelease ? join(work, 'whole.wasm') : join(dist, WASM)
if (isRelease) optimize(join(dist, WASM), whole)
const templates = templatesIn(readFileSync(whole))
/// The files of the program, for the page itself and for a figure in another page, which begins with less.
const PARTS = isRelease
  ? { page: await parts('page', [[''], pages()]), figure: await parts('figure', [['?embed'], figures()]) }
  : undivided(put('program', '.wasm', readFileSync(whole)))

const WORKER = 'worker.js'
const html = readFileSync(join(dist, 'index.html'), 'utf8')
const sheets = await styles()
if (isRelease) PARTS.styles = put('later', '.css', sheets.later)
/// The stories of which a figure has a poster, and what posters say.
const POSTERS = readdirSync(join(dist, 'posters')).map(name => name.replace('.json', '')).sort()
const WORDS = JSON.parse(readFileSync('target/page/poster-words.json', 'utf8'))
const script = put('page', '.js', await bundle('src/ui/boot.js', { PARTS, POSTERS, WORDS, WORKER: isRelease ? WORKER : undefined }))
const sheet = put('page', '.css', sheets.first)
const one = isRelease && (await oneFile())
for (const name of [GLUE, WASM, 'snippets']) rmSync(join(dist, name), { recursive: true })
writeFileSync(join(dist, 'index.html'), page())
writeFileSync(join(dist, 'statefulscope-scenario.js'), await code('src/element/element.js', {}))
if (isRelease) {
  writeFileSync(join(dist, WORKER), await worker())
  // Nobody needs it who has the others.
  writeFileSync(join(dist, 'statefulscope.html'), one)
}

/// Divides the program by what views run, and gives the names of its parts: the first, and the rests in their order.
async function parts(name, levels) {
  const [program, ...rests] = await divide({ whole, work, dist, glue: GLUE, levels })
  const last = rests.length - 1
  const rest = (file, at) => put(`${at < last ? 'content' : 'rest'}-${name}`, '.wasm', readFileSync(file))
  return [put(`program-${name}`, '.wasm', readFileSync(program)), ...rests.map(rest)]
}

/// Links to scenarios that show much of what there is to show: the stories once they are told, and some with settings of
/// their own.
function links() {
  const stories = JSON.parse(readFileSync('target/page/told.json', 'utf8')).map(story => linkOf(deflateRawSync(story)))
  const golden = ['v1-run', 'v1-branches'].map(name => readFileSync(`tests/scenarios/golden/${name}.link`, 'utf8').trim())
  return [...golden, ...stories]
}

/// Addresses of the page that show scenarios as they are, and a story.
function pages() {
  return [...links(), '#x=basics']
}

/// Addresses of figures that show scenarios as they are and from their beginning on, some where their poster was pressed; a
/// story that is told; and a manifest that the page around has sent.
function figures() {
  const looks = ['', '&view=table&controls=min&lang=zh-CN&theme=dark', '&readonly&loop']
  const passing = links().map((link, at) => `?embed&at=0&autoplay&speed=60${looks[at % looks.length]}${link}`)
  const still = links().map((link, at) => `?embed${at % 2 ? '' : '&pressed'}${link}`)
  return [...passing, ...still, '?embed&autoplay&speed=10#x=basics', '?embed&pressed&speed=10#x=basics', '?embed&pressed&told&speed=10']
}

/// The program in one file.
function undivided(program) {
  return { page: [program], figure: [program] }
}

/// Writes a file under a name that says what is in it, and gives the name.
function put(name, extension, content) {
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 16)
  const file = `${name}-${hash}${extension}`
  writeFileSync(join(dist, file), content)
  return file
}

/// The script that begins with a file, with all that it needs and what it has to know.
async function bundle(entry, known, plugins = []) {
  const define = Object.entries({ ...known, TEMPLATES: templates }).map(([name, value]) => [name, JSON.stringify(value) ?? 'undefined'])
  const { outputFiles } = await build({
    entryPoints: [entry],
    alias: { program: `./${join(dist, GLUE)}` },
    define: Object.fromEntries(define),
    plugins,
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    minify: isRelease,
    logLevel: 'warning',
    // The address of a module is asked for only where none is given.
    // wasm-bindgen names a file of ours once for each function that it takes from it.
    logOverride: { 'empty-import-meta': 'silent', 'duplicate-object-key': 'silent' },
  })
  return outputFiles[0].text
}

/// The page as one file.
async function oneFile() {
  const icon = readFileSync(join(dist, 'icon.svg')).toString('base64')
  return single({
    html: html.replaceAll(STYLE, '').replace('./icon.svg', `data:image/svg+xml;base64,${icon}`),
    script: await bundle('src/ui/single.js', { PARTS: undivided('program.wasm'), POSTERS: [], WORDS, WORKER: undefined }, [editorWithin]),
    styles: sheets.first + sheets.later,
    files: [
      { name: 'program.wasm', type: 'application/wasm', content: readFileSync(whole) },
      { name: 'gallery.json', type: 'application/json', content: readFileSync(join(dist, 'gallery.json')) },
    ],
  })
}

/// A file of plain JavaScript that stands for itself, with what it has to know.
async function code(file, define) {
  return (await transform(readFileSync(file, 'utf8'), { define, minify: isRelease, format: 'esm', target: 'es2022' })).code
}

/// The service worker, which keeps every file of this version but what only people read.
async function worker() {
  // A figure in another page has no worker.
  const others = /^(.*\.licences\.txt|(program|content|rest)-figure-.*|posters|index\.html|worker\.js)$/
  const kept = name => !others.test(name)
  const files = ['./', ...readdirSync(dist).filter(kept).sort()]
  const hash = createHash('sha256')
  for (const name of files) hash.update(name).update(readFileSync(join(dist, name === './' ? 'index.html' : name)))
  const version = hash.digest('hex').slice(0, 16)
  return code('src/ui/worker.js', { VERSION: JSON.stringify(version), FILES: JSON.stringify(files) })
}

/// The style sheets in the order in which the page names them: those of a first view, and those of what comes with the rest.
async function styles() {
  const names = [...html.matchAll(STYLE)].map(match => match[1])
  if (names.length === 0) throw new Error('index.html names no style sheet')
  const minified = async is => {
    const text = names.filter(is).map(name => readFileSync(join(dist, name), 'utf8')).join('\n')
    return (await transform(text, { loader: 'css', minify: isRelease })).code
  }
  const isLater = name => isRelease && STYLES_LATER.includes(name)
  const sheets = { first: await minified(name => !isLater(name)), later: await minified(isLater) }
  names.forEach(name => rmSync(join(dist, name)))
  return sheets
}

/// The page with its policy, and the files that it begins with.
function page() {
  const head = [
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    `<link rel="stylesheet" href="./${sheet}">`,
    `<script type="module" src="./${script}"></script>`,
  ]
  const bare = html.replaceAll(STYLE, '')
  // The policy comes first of all: it does not hold for what stands before it.
  const charset = /<meta charset="?utf-8"?\s*\/?>/i
  if (!charset.test(bare)) throw new Error('index.html says no charset')
  return bare.replace(charset, all => `${all}${head.shift()}`).replace('</head>', () => `  ${head.join('\n    ')}\n  </head>`)
}
