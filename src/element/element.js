// <statefulscope-scenario>: a figure in any page, as an element. It has no program of its own: it puts an iframe in when it
// comes near the view, hands it the manifest that stands in it, and lets it follow the colours of the page.
//
//   <script type="module" src="https://…/statefulscope-scenario.js"></script>
//   <statefulscope-scenario height="420" view="split"><pre>apiVersion: apps/v1 …</pre></statefulscope-scenario>
//
// Attributes: src (a link that was shared) or scenario (the name of a built-in one), or neither and a <pre> with a manifest;
// height in pixels, label, and each parameter of the address (docs/embedding.md).

const HOME = new URL('./', import.meta.url)
const PRESENTATION = ['view', 'lang', 'readonly', 'controls', 'autoplay', 'wait', 'speed', 'at', 'loop']
const VERSION = 1
const DARK = ['dark', 'slate', 'navy', 'coal', 'ayu']
const LIGHT = ['light', 'default', 'rust']
/// Where documentation tools say which colours they show.
const ATTRIBUTES = ['data-theme', 'data-bs-theme', 'data-color-mode', 'data-md-color-scheme', 'class']

/// The colours of the page around: what its tool says, else what the system prefers.
function themeAround() {
  for (const element of [document.body, document.documentElement]) {
    for (const name of ATTRIBUTES) {
      const words = (element?.getAttribute(name) ?? '').split(/\s+/)
      if (words.some(word => DARK.includes(word))) return 'dark'
      if (words.some(word => LIGHT.includes(word))) return 'light'
    }
  }
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
}

const followers = new Set()
let theme

/// Watches the page around, once for all figures in it.
function follow(figure) {
  followers.add(figure)
  if (theme) return
  theme = themeAround()
  const look = () => {
    const now = themeAround()
    if (now === theme) return
    theme = now
    followers.forEach(one => one.tell({ type: 'setConfig', theme }))
  }
  const observer = new MutationObserver(look)
  for (const element of [document.documentElement, document.body]) {
    observer.observe(element, { attributes: true, attributeFilter: ATTRIBUTES })
  }
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', look)
}

const nearby = new IntersectionObserver(
  entries => entries.filter(entry => entry.isIntersecting).forEach(entry => entry.target.load()),
  { rootMargin: '200px' },
)

class StatefulscopeScenario extends HTMLElement {
  #frame
  #ready = false
  /// The figure stands in a tree of its own, and what the page has in the element is shown until it is ready: so nothing that
  /// the page has put there changes, on which tools rely that go on with what they find.
  #inside = this.attachShadow({ mode: 'open' })
  #before = document.createElement('slot')

  connectedCallback() {
    this.#inside.append(this.#before)
    // Its height is there before its content and does not depend on it, so nothing on the page moves.
    Object.assign(this.style, { display: 'block', position: 'relative', height: `${this.#height}px`, overflow: 'auto' })
    addEventListener('message', this)
    nearby.observe(this)
  }

  disconnectedCallback() {
    nearby.unobserve(this)
    removeEventListener('message', this)
    followers.delete(this)
    this.#frame?.remove()
    this.#frame = undefined
    this.#ready = false
  }

  get #height() {
    const height = Number(this.getAttribute('height'))
    return height >= 120 && height <= 4000 ? height : 420
  }

  get #address() {
    const address = new URL(HOME)
    const link = this.getAttribute('src')
    const name = this.getAttribute('scenario')
    if (link) address.hash = new URL(link, HOME).hash
    else if (name) address.hash = `x=${encodeURIComponent(name)}`
    address.searchParams.set('embed', '1')
    for (const name of PRESENTATION) {
      if (this.hasAttribute(name)) address.searchParams.set(name, this.getAttribute(name) || '1')
    }
    // A manifest stands there as text until somebody wants to see what becomes of it.
    const plays = !['0', 'false', null].includes(this.getAttribute('autoplay'))
    if (!link && !name && !plays && !this.hasAttribute('wait')) address.searchParams.set('wait', '1')
    address.searchParams.set('theme', this.getAttribute('theme') ?? theme)
    return address.href
  }

  /// Puts the figure in, if it is not there.
  load() {
    if (this.#frame) return
    nearby.unobserve(this)
    follow(this)
    const frame = document.createElement('iframe')
    frame.title = this.getAttribute('label') ?? 'Statefulscope'
    frame.allow = 'clipboard-write; fullscreen'
    // It lies over the text, and is not seen before it is ready.
    frame.style.cssText = 'position:absolute;inset:0;width:100%;height:100%;border:0;color-scheme:auto;opacity:0'
    frame.src = this.#address
    this.#frame = frame
    this.#inside.append(frame)
  }

  handleEvent({ source, origin, data }) {
    const frame = this.#frame
    if (!frame || source !== frame.contentWindow || (origin !== HOME.origin && origin !== 'null')) return
    if (data?.statefulscope !== VERSION) return
    if (data.type === 'ready') {
      this.#ready = true
      this.#before.remove()
      frame.style.opacity = ''
      const manifest = this.querySelector(':scope > pre')?.textContent
      if (manifest && !this.hasAttribute('src') && !this.hasAttribute('scenario')) this.tell({ type: 'load', manifest })
      // The colours may have changed while it was loaded.
      if (!this.hasAttribute('theme')) this.tell({ type: 'setConfig', theme })
    }
    this.dispatchEvent(new CustomEvent(`statefulscope-${data.type}`, { detail: data, bubbles: true }))
  }

  /// Sends a message to the figure: `element.tell({ type: 'seek', time: 45 })`.
  tell(message) {
    if (!this.#ready && message.type !== 'setConfig') return
    if (message.type === 'setConfig' && message.theme && this.hasAttribute('theme')) return
    this.#frame?.contentWindow?.postMessage({ statefulscope: VERSION, ...message }, '*')
  }
}

if (!customElements.get('statefulscope-scenario')) {
  customElements.define('statefulscope-scenario', StatefulscopeScenario)
}
