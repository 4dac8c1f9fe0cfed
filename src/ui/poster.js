// What a figure shows before its program has come: a picture, which stands in the link or is one of a story, and a button
// that has the program come. WORDS are what it says, and POSTERS the names of the stories that have one: both are set when
// the page is built (examples/gallery.rs).
import { inflate } from './documents/travel.js'
import { drawing } from './drawing.js'

const VERSION = 1
/// The most that a picture in a link may be, in characters, and inflated, in bytes (src/scenario/link.rs).
const LONGEST = 16 * 1024
const INFLATED = 256 * 1024
/// Where something else than the picture is seen first.
const VIEWS = ['split', 'table', 'terminal']
/// How long a poster may take to come, in milliseconds, before the program comes without.
const PATIENCE_MS = 4000
const THEMES = ['auto', 'light', 'dark']
/// Outlines of src/ui/icon.rs.
const PLAY = 'M5 3l12 7-12 7z'
const OUTWARD = 'M11 3h6v6h-1.8V6.1L9.6 11.7 8.3 10.4 13.9 4.8H11zM3 5h5v1.8H4.8v8.4h8.4V12H15v5H3z'
/// How small a picture is drawn at least, as a share of its size: of what is larger a part is seen, and the rest scrolled to.
const SMALLEST = 0.7
/// And how large at most.
const LARGEST = 1.25
/// How high a figure may want to be, in pixels (embed.js).
const LOWEST = 200
const HIGHEST = 2000

const root = document.documentElement
const asked = new URLSearchParams(location.search)
/// Whether the address has a flag (src/embed/parameters.rs).
export const isSet = name => asked.has(name) && !['0', 'false'].includes(asked.get(name))

/// Whether the page is a figure in another one. The root element says so to what comes after this, and to the style sheet.
export const isFigure = isSet('embed')
if (isFigure) root.dataset.embed = ''

/// Whether time passes in it at once.
const playsAtOnce = () => isSet('autoplay') && !matchMedia('(prefers-reduced-motion: reduce)').matches

/// The tag of the language that a text asks for, where it is one of the page's (src/i18n/mod.rs).
const tagOf = text => Object.keys(WORDS).find(tag => text?.toLowerCase().startsWith(tag.slice(0, 2)))

const { lang = '' } = Object.fromEntries(asked)
let tag = lang in WORDS ? lang : (navigator.languages.map(tagOf).find(Boolean) ?? 'en')
const inLanguage = texts => texts[tag] ?? texts.en

/// The picture of what is asked for, and the words that go with it; nothing where there is none.
async function found() {
  const hash = location.hash.slice(1)
  if (VIEWS.includes(asked.get('view'))) return undefined
  const name = /^x=([a-z0-9-]+)$/.exec(hash)?.[1]
  if (POSTERS.includes(name)) {
    const response = await fetch(new URL(`posters/${name}.json`, document.baseURI), { signal: AbortSignal.timeout(PATIENCE_MS) })
    return response.ok ? response.json() : undefined
  }
  const [link, picture = ''] = hash.split('&p=')
  // At another moment than that of the link it is another picture.
  if (!link.startsWith('s=') || !/^[\w-]+$/.test(picture) || picture.length > LONGEST || asked.has('at')) return undefined
  const bytes = Uint8Array.from(atob(picture.replaceAll('-', '+').replaceAll('_', '/')), char => char.charCodeAt(0))
  const text = await new Promise(resolve => inflate(bytes, INFLATED, resolve))
  return text ? { picture: { en: text } } : undefined
}

function element(name, properties, ...inside) {
  const made = Object.assign(document.createElement(name), properties)
  made.append(...inside.filter(Boolean))
  return made
}

function icon(path) {
  const drawn = drawing(`<svg viewBox="0 0 20 20" width="16" height="16"><path d="${path}" fill="currentColor"/></svg>`)
  drawn.setAttribute('aria-hidden', 'true')
  return drawn
}

function sayLost(button, said, why) {
  const words = inLanguage(WORDS)
  button.replaceChildren(words.again)
  Object.assign(said, { textContent: words.lost, title: why.message })
}

/// What is seen of a program that did not come, where there is no poster.
export class Lost {
  /// Says so, and why, and waits until it is to be tried again.
  async lose(why) {
    const button = element('button', { className: 'button button--primary poster__play' })
    const said = element('p', { className: 'poster__said', role: 'status' })
    const main = element('main', { className: 'poster poster--lost' }, said, button)
    document.getElementById('app').replaceChildren(main)
    sayLost(button, said, why)
    await new Promise(resolve => (button.onclick = resolve))
    said.textContent = inLanguage(WORDS).loading
  }
}

/// A figure's first sight.
class Poster {
  #shown
  /// The text that stands in the place of a picture.
  #text = ''
  #fetchProgram
  #begin
  #isBegun = false
  #button
  /// What stands on the button.
  #named = []
  #said
  #measured
  #wanted

  constructor(shown, fetchProgram) {
    this.#shown = shown
    this.#fetchProgram = fetchProgram
  }

  /// What it plays, in a word; nothing but a picture is looked at.
  get #deed() {
    const { title, picture } = this.#shown
    if (title) return 'begin'
    return picture && asked.get('controls') === 'none' ? 'look' : 'play'
  }

  /// Draws it in the place of the page. Says whether it could.
  draw() {
    const { title, summary, picture } = this.#shown
    const words = inLanguage(WORDS)
    const seen = picture ? this.#picture() : element('pre', {}, this.#text)
    if (!seen) return false
    const hadFocus = this.#button?.matches(':focus')
    const press = () => this.#press()
    // Whoever sees a picture may press it anywhere; the button is for all.
    const sight = element('div', { className: 'poster__picture', onclick: picture && press }, seen)
    this.#named = [this.#deed === 'look' ? '' : icon(PLAY), words[this.#deed]]
    this.#button = element('button', { className: 'button button--primary poster__play', onclick: press }, ...this.#named)
    this.#said = element('p', { className: 'poster__said', role: 'status' })
    const about = title && element('header', { className: 'poster__words' }, element('h1', {}, inLanguage(title)), element('p', {}, inLanguage(summary)))
    const keys = element('div', { className: 'clock poster__keys' }, this.#button, this.#said)
    const page = new URL(location.pathname + location.hash.split('&p=')[0], location)
    const outward = { className: 'figure__link', href: page.href, target: '_blank', rel: 'noopener' }
    const name = element('b', { className: 'figure__name' }, 'Statefulscope')
    // A text that came by message has no address of its own.
    const foot = location.hash && element('footer', { className: 'figure' }, name, element('a', outward, words.page, icon(OUTWARD)))
    root.lang = tag
    document.getElementById('app').replaceChildren(element('main', { className: 'poster' }, about, sight, keys), foot || '')
    this.#measured?.disconnect()
    this.#measured = new ResizeObserver(() => this.#measure(sight))
    this.#measured.observe(sight)
    if (hadFocus) this.#button.focus()
    // For those who measure.
    performance.mark('poster')
    return true
  }

  #picture() {
    const { title, picture } = this.#shown
    const drawn = drawing(inLanguage(picture))
    if (!drawn) return undefined
    const { width, height } = drawn.viewBox.baseVal ?? {}
    if (!(width > 0 && height > 0)) return undefined
    const least = { minWidth: `${width * SMALLEST}px`, minHeight: `${height * SMALLEST}px` }
    Object.assign(drawn.style, { ...least, maxWidth: `${width * LARGEST}px` })
    const named = drawn.querySelector('title')
    const label = title ? inLanguage(title) : named?.textContent
    if (label) drawn.setAttribute('aria-label', label)
    // A browser would show it beside the pointer.
    named?.remove()
    return drawn
  }

  /// Waits until somebody wants more than to see it, be it a reader or the page around; where it plays at once, until it is in
  /// view.
  async wait(playsAtOnce) {
    const heard = (globalThis.statefulscopeHeard = [])
    const begun = new Promise(resolve => (this.#begin = resolve))
    const app = document.getElementById('app')
    for (const sign of ['pointerenter', 'touchstart', 'focusin']) {
      app.addEventListener(sign, this.#fetchProgram, { once: true, passive: true })
    }
    addEventListener('hashchange', this.#begin, { once: true })
    // What is heard before the program listens is handed to it (embed.js).
    addEventListener('message', ({ source, data }) => {
      if (globalThis.statefulscopeHeard !== heard || source !== parent || source === window) return
      if (typeof data !== 'object' || data === null || !('statefulscope' in data)) return
      heard.push(data)
      if (!this.#isBegun && !this.#isPatient(data)) this.#begin()
    })
    if (playsAtOnce) {
      const observer = new IntersectionObserver(entries => entries.some(entry => entry.isIntersecting) && this.#begin())
      observer.observe(app)
    }
    globalThis.statefulscopeReady = true
    this.#tell({ type: 'ready' })
    await begun
    this.#isBegun = true
    this.#said.textContent = inLanguage(WORDS).loading
  }

  /// Says that the program did not come, and why, and waits until it is to be tried again.
  async lose(why) {
    const again = new Promise(resolve => (this.#begin = resolve))
    sayLost(this.#button, this.#said, why)
    await again
    this.#said.textContent = inLanguage(WORDS).loading
  }

  #press() {
    this.#button.replaceChildren(...this.#named)
    // What was pressed plays once it is there (embed.js).
    if (this.#deed !== 'look') root.dataset.pressed = ''
    this.#begin()
  }

  /// Does what a message asks for that needs no program, and says whether that is all for now.
  #isPatient(data) {
    if (data.statefulscope !== VERSION) return false
    if (data.type === 'setConfig') {
      const { theme, lang } = data
      // What is wrong in it, the program says.
      if (![undefined, ...THEMES].includes(theme) || ![undefined, 'auto', ...Object.keys(WORDS)].includes(lang)) return false
      this.#dress(theme, lang)
      return true
    }
    if (!isSet('wait') || data.type !== 'load' || typeof data.manifest !== 'string') return false
    this.#text = data.manifest
    if (!this.#shown.picture) this.draw()
    return true
  }

  #dress(theme, lang) {
    if (theme) root.dataset.theme = theme
    if (lang in WORDS && lang !== tag) {
      tag = lang
      this.draw()
    }
  }

  /// Says how high the figure wants to be, where it has a picture and is seen, and lets what is larger than its place be
  /// scrolled to by keyboard.
  #measure(sight) {
    const isLarger = sight.scrollWidth > sight.clientWidth || sight.scrollHeight > sight.clientHeight
    sight.tabIndex = isLarger ? 0 : -1
    const { width, height } = sight.querySelector(':scope > svg')?.viewBox.baseVal ?? {}
    if (!width || !sight.clientWidth || this.#isBegun) return
    const scale = Math.min(1, Math.max(SMALLEST, sight.clientWidth / width))
    const wanted = Math.ceil(Math.min(HIGHEST, Math.max(LOWEST, innerHeight - sight.clientHeight + height * scale)))
    if (wanted === this.#wanted) return
    this.#wanted = wanted
    this.#tell({ type: 'resize', height: wanted })
  }

  #tell(message) {
    if (parent !== window) parent.postMessage({ statefulscope: VERSION, ...message }, '*')
  }
}

/// Shows what the address asks for before the program has come, where there is a picture of it, and waits until the program
/// is wanted. Gives the poster; nothing, at once, where there is none.
export async function poster(fetchProgram) {
  const theme = asked.get('theme')
  if (THEMES.includes(theme)) root.dataset.theme = theme
  const isAtOnce = playsAtOnce()
  // With neither a picture nor an address there is only what the page around will say.
  const isToBeTold = isSet('wait') && !isAtOnce && location.hash.length < 2
  const shown = (await found().catch(() => undefined)) ?? (isToBeTold ? {} : undefined)
  const poster = shown && new Poster(shown, fetchProgram)
  if (!poster?.draw()) return undefined
  await poster.wait(isAtOnce)
  return poster
}
