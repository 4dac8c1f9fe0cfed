// The page as one file, which opens by a double click: everything stands in it, and its policy names its script and its
// styles by what is in them.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { deflateRawSync } from 'node:zlib'

import { policyWith } from './policy.mjs'

const BRIDGE = /codemirror[\\/]bridge\.js$/
const ELSEWHERE = "import(new URL('editor.js', document.baseURI).href)"

/// Lets the editor be in the same script.
export const editorWithin = {
  name: 'editor-within',
  setup(bundle) {
    bundle.onLoad({ filter: BRIDGE }, ({ path }) => {
      const text = readFileSync(path, 'utf8')
      if (!text.includes(ELSEWHERE)) throw new Error(`${path} does not load the editor as it did`)
      const editor = JSON.stringify(resolve('src/ui/codemirror/editor.js'))
      return { contents: text.replace(ELSEWHERE, `import(${editor})`), resolveDir: resolve('.') }
    })
  },
}

const hash = text => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/// The page of `html`, which has no scripts and styles yet, with these and with files of these names, types and contents.
export function single({ html, script, styles, files }) {
  const inScript = script.replaceAll('</script', '<\\/script')
  const policy = policyWith({ 'script-src': `${hash(inScript)} 'wasm-unsafe-eval'`, 'style-src': hash(styles), 'connect-src': "'none'" })
  const blocks = files.map(({ name, type, content }) => {
    const text = deflateRawSync(content, { level: 9 }).toString('base64')
    return `<script type="text/plain" id="file-${name}" data-type="${type}">${text}</script>`
  })
  const head = [`<meta http-equiv="Content-Security-Policy" content="${policy}">`, `<style>${styles}</style>`]
  return html
    .replace('<meta charset="utf-8" />', all => `${all}\n    ${head.join('\n    ')}`)
    .replace('</body>', () => `${blocks.join('\n')}\n<script type="module">${inScript}</script>\n</body>`)
}
