// Pictures that come as a text of SVG (src/export/svg.rs), which anybody may have written: made of nothing but shapes and
// words, that load nothing and run nothing.

const SVG = 'http://www.w3.org/2000/svg'
const NAMES = new Set(['svg', 'title', 'desc', 'g', 'rect', 'path', 'text', 'circle'])
const ATTRIBUTES = new Set([
  'viewBox', 'width', 'height', 'role', 'x', 'y', 'rx', 'r', 'd', 'transform', 'opacity', 'fill', 'stroke', 'stroke-width',
  'stroke-dasharray', 'stroke-linecap', 'font-family', 'font-size', 'font-weight', 'letter-spacing', 'text-anchor',
  'text-decoration',
])
/// Numbers, paths, words and colours, and no address.
const VALUE = /^(?!.*url)[\w\s.,%()#-]*$/i
const ENTITIES = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&amp;': '&' }
/// How many elements there are at most, and how many lie in one another.
const MOST = 8000
const DEEPEST = 12

const plain = text => text.replace(/&(lt|gt|quot|amp);/g, entity => ENTITIES[entity])

/// The picture of a text; nothing where anything else is in it.
export function drawing(text) {
  const tags = /<(\/?)([a-z]+)((?: +[a-zA-Z-]+="[^"<>]*")*) *(\/?)>([^<>]*)/y
  const open = []
  let first
  for (let count = 0; tags.lastIndex < text.length; count += 1) {
    const [tag, closes, name, attributes, isEmpty, words] = tags.exec(text) ?? []
    if (!tag || !NAMES.has(name) || count > 2 * MOST || open.length > DEEPEST) return undefined
    if (closes) {
      if (open.pop()?.localName !== name) return undefined
    } else {
      const element = document.createElementNS(SVG, name)
      for (const [, key, value] of attributes.matchAll(/ ([a-zA-Z-]+)="([^"]*)"/g)) {
        if (ATTRIBUTES.has(key) && VALUE.test(value)) element.setAttribute(key, value)
        else if (key !== 'xmlns') return undefined
      }
      if (open.length > 0) open.at(-1).append(element)
      else if (first) return undefined
      first ??= element
      if (!isEmpty) open.push(element)
    }
    open.at(-1)?.append(plain(words))
  }
  return open.length === 0 && first?.localName === 'svg' ? first : undefined
}
