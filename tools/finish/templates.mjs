// The pieces of HTML that a program has in its data: elements that are whole and of fixed text, which Leptos parses.

const VOID = new Set(['area', 'br', 'col', 'hr', 'img', 'input', 'link', 'meta', 'wbr'])
const TAG = /<(\/?)([a-z][a-z0-9]*)((?:\s+[\w:.@-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'))?)*)\s*(\/?)>/y
const ATTRIBUTES_THAT_RUN = /\son\w+\s*=|\s(?:href|src|srcdoc|action|formaction)\s*=/i
const ELEMENTS_THAT_RUN = new Set(['script', 'iframe', 'object', 'embed', 'base', 'form', 'meta', 'link', 'style'])

/// Every text in a module's data that is one whole element.
export function templatesIn(wasm) {
  const found = new Set()
  for (const bytes of dataOf(wasm)) {
    const text = Buffer.from(bytes).toString('latin1')
    for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at + 1)) {
      const end = endOfElement(text, at)
      if (end) found.add(Buffer.from(text.slice(at, end), 'latin1').toString('utf8'))
    }
  }
  return [...found].sort()
}

/// Where the element ends that begins at a place, if it is whole and can do nothing.
function endOfElement(text, begin) {
  const open = []
  let at = begin
  while (true) {
    TAG.lastIndex = at
    const tag = TAG.exec(text)
    if (!tag) return undefined
    const [all, closes, name, attributes, closed] = tag
    if (ATTRIBUTES_THAT_RUN.test(attributes) || ELEMENTS_THAT_RUN.has(name)) return undefined
    if (closes && open.pop() !== name) return undefined
    if (!closes && !closed && !VOID.has(name)) open.push(name)
    at += all.length
    if (open.length === 0) return at
    const next = text.indexOf('<', at)
    if (next < 0 || text.slice(at, next).includes('\0')) return undefined
    at = next
  }
}

/// The data segments of a module.
function* dataOf(wasm) {
  let at = 8
  const byte = () => wasm[at++]
  const number = () => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const next = byte()
      value += (next & 0x7f) * 2 ** shift
      if (next < 0x80) return value
    }
  }
  while (at < wasm.length) {
    const section = byte()
    const size = number()
    const end = at + size
    for (let left = section === 11 ? number() : 0; left > 0; left--) {
      const kind = number()
      if (kind === 2) number()
      // The place in memory: a constant, and the end of the expression.
      if (kind !== 1) {
        if (byte() !== 0x41) throw new Error('a data segment lies where no constant says')
        number()
        if (byte() !== 0x0b) throw new Error('a data segment lies where no constant says')
      }
      const length = number()
      yield wasm.subarray(at, at + length)
      at += length
    }
    at = end
  }
}
