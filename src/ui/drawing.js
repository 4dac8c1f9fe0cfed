// Pictures that come as a text of SVG (src/export/svg.rs), which anybody may have written: made of nothing but shapes and
// words, that load nothing and run nothing.

const SVG = 'http://www.w3.org/2000/svg'
const NAMES = new Set(['svg', 'title', 'desc', 'g', 'rect', 'path', 'text', 'circle'])
const NUMBER = /^[\d.-]*%?$/
const NUMBERS = /^[\d. -]*$/
/// Colours of the page, mixed or not, and words; no address.
const PAINT = /^(none|currentColor|var\(--[\w-]+\)|color-mix\(in srgb, var\(--[\w-]+\) \d+%, var\(--[\w-]+\)\))$/
const WORD = /^[\w-]*$/
/// What an attribute may be.
const ATTRIBUTES = {
  viewBox: NUMBERS, width: NUMBER, height: NUMBER, x: NUMBERS, y: NUMBER, rx: NUMBER, r: NUMBER, opacity: NUMBER,
  'stroke-width': /^\d(\.\d+)?$/, 'stroke-dasharray': NUMBERS, 'font-size': /^\d\d?(\.\d+)?$/, 'font-weight': NUMBER,
  d: /^[MLHVhvlz\d., -]*$/, transform: /^(translate|rotate)\([\d. -]*\)( rotate\([\d. -]*\))?$/,
  fill: PAINT, stroke: PAINT, 'font-family': PAINT, 'letter-spacing': /^\.\d+em$/, role: WORD, 'stroke-linecap': WORD,
  'text-anchor': WORD, 'text-decoration': WORD,
}
/// No picture has numbers of so many digits before the point.
const FAR = /(^|[^.\d])\d{6}/
const ENTITIES = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&amp;': '&' }
/// How many elements there are at most, and how many lie in one another.
const MOST = 6000
const DEEPEST = 12
/// How many dashes are drawn at most.
const DASHES = 300_000

const plain = text => text.replace(/&(lt|gt|quot|amp);/g, entity => ENTITIES[entity])

/// How many dashes the line of a shape has, at most.
function dashesOf(element) {
  const numbers = name => (element.getAttribute(name) ?? '').match(/[\d.]+/g)?.map(Number) ?? []
  const sum = values => values.reduce((all, value) => all + value, 0)
  const around = ['d', 'width', 'height', 'r'].map(numbers).map(sum)
  return element.hasAttribute('stroke-dasharray') ? (2 * Math.PI * sum(around)) / sum(numbers('stroke-dasharray')) : 0
}

/// The picture of a text; nothing where anything else is in it.
export function drawing(text) {
  const tags = /<(\/?)([a-z]+)((?: +[a-zA-Z-]+="[^"<>]*")*) *(\/?)>([^<>]*)/y
  const open = []
  let first
  let dashes = 0
  for (let count = 0; tags.lastIndex < text.length; count += 1) {
    const [tag, closes, name, attributes, isEmpty, words] = tags.exec(text) ?? []
    if (!tag || !NAMES.has(name) || count > 2 * MOST || open.length > DEEPEST) return undefined
    if (closes) {
      if (open.pop()?.localName !== name) return undefined
    } else {
      const element = document.createElementNS(SVG, name)
      for (const [, key, value] of attributes.matchAll(/ ([a-zA-Z-]+)="([^"]*)"/g)) {
        if (ATTRIBUTES[key]?.test(value) && !FAR.test(value)) element.setAttribute(key, value)
        else if (key !== 'xmlns') return undefined
      }
      dashes += dashesOf(element)
      if (dashes > DASHES) return undefined
      if (open.length > 0) open.at(-1).append(element)
      else if (first) return undefined
      first ??= element
      if (!isEmpty) open.push(element)
    }
    open.at(-1)?.append(plain(words))
  }
  return open.length === 0 && first?.localName === 'svg' ? first : undefined
}
