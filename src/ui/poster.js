// What a figure shows before its program has come: a picture, which stands in the link or is one of a story, and a button
// that has the program come. WORDS are what it says, and POSTERS the names of the stories that have one: both are set when
// the page is built (examples/gallery.rs).
import { inflate } from './documents/travel.js'
import { drawing } from './drawing.js'

const VERSION = 1
/// The most that a picture in a link may be, in characters, and inflated, in bytes (src/scenario/link.rs).
const LONGEST = 16 * 1024
const INFLATED = 256 * 1024
const THEMES = ['auto', 'light', 'dark']
/// Outlines of src/ui/icon.rs.
const PLAY = 'M5 3l12 7-12 7z'
const OUTWARD = 'M11 3h6v6h-1.8V6.1L9.6 11.7 8.3 10.4 13.9 4.8H11zM3 5h5v1.8H4.8v8.4h8.4V12H15v5H3z'
/// How small a picture is drawn at least, as a share of its size: of what is larger a part is seen, and the rest scrolled to.
const SMALLEST = 0.7
/// And how large at most.
const LARGEST = 1.25

const root = document.documentElement
const asked = new URLSearchParams(location.search)
const isSet = name => asked.has(name) && !['0', 'false'].includes(asked.get(name))

/// Whether the page is a figure in another one.
export const isFigure = isSet('embed')

/// Whether time passes in it at once.
const playsAtOnce = () => isSet('autoplay') && !matchMedia('(prefers-reduced-motion: reduce)').matches

/// The tag of the language that a text asks for, where it is one of the page's.
const tagOf = text => Object.keys(WORDS).find(tag => text?.toLowerCase().startsWith(tag.slice(0, 2)))

let tag = [asked.get('lang'), ...navigator.languages].map(tagOf).find(Boolean) ?? 'en'
const inLanguage = texts => texts[tag] ?? texts.en

/// The picture of what is asked for, and the words that go with it; nothing where there is none.
async function found() {
  const hash = location.hash.slice(1)
  if ((asked.get('view') ?? 'graph') !== 'graph') return undefined
  const name = /^x=([a-z0-9-]+)$/.exec(hash)?.[1]
  if (POSTERS.includes(name)) {
    const response = await fetch(new URL(`posters/${name}.json`, document.baseURI))
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

/// A figure's first sight.
class Poster {
  #shown
  /// The text that stands in the place of a picture.
  #text = ''
  #fetchProgram
  #begin
  #button
  #said

  constructor(shown, fetchProgram) {
    this.#shown = shown
    this.#fetchProgram = fetchProgram
  }

  /// What it plays, in a word; nothing but a picture is looked at.
  get #deed() {
    if (asked.get('controls') === 'none') return 'look'
    return this.#shown.title ? 'begin' : 'play'
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
    this.#button = element('button', { className: 'button button--primary poster__play', onclick: press }, this.#deed !== 'look' && icon(PLAY), words[this.#deed])
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
    // It can be scrolled by keyboard, too.
    if (sight.scrollWidth > sight.clientWidth || sight.scrollHeight > sight.clientHeight) sight.tabIndex = 0
    if (hadFocus) this.#button.focus()
    // For those who measure.
    performance.mark('poster')
    return true
  }

  #picture() {
    const { title, picture } = this.#shown
    const drawn = drawing(inLanguage(picture))
    if (!drawn) return undefined
    const { width } = drawn.viewBox.baseVal
    Object.assign(drawn.style, { minWidth: `${width * SMALLEST}px`, maxWidth: `${width * LARGEST}px` })
    const named = drawn.querySelector('title')
    drawn.setAttribute('aria-label', title ? inLanguage(title) : named?.textContent)
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
      if (!this.#isPatient(data)) this.#begin()
    })
    if (playsAtOnce) {
      const observer = new IntersectionObserver(entries => entries.some(entry => entry.isIntersecting) && this.#begin())
      observer.observe(app)
    }
    if (parent !== window) this.#tell()
    await begun
    this.#said.textContent = inLanguage(WORDS).loading
  }

  /// Says that the program did not come, and waits until it is to be tried again.
  async lose() {
    const words = inLanguage(WORDS)
    this.#said.textContent = words.lost
    this.#button.replaceChildren(words.again)
    await new Promise(resolve => (this.#begin = resolve))
    this.#said.textContent = words.loading
  }

  #press() {
    // What was pressed plays once it is there (embed.js).
    if (this.#deed !== 'look') root.dataset.pressed = ''
    this.#begin()
  }

  /// Does what a message asks for that needs no program, and says whether that is all for now.
  #isPatient(data) {
    if (data.statefulscope !== VERSION) return false
    if (data.type === 'setConfig') {
      this.#dress(data)
      return true
    }
    if (!isSet('wait') || data.type !== 'load' || typeof data.manifest !== 'string') return false
    this.#text = data.manifest
    if (!this.#shown.picture) this.draw()
    return true
  }

  #dress({ theme, lang }) {
    if (THEMES.includes(theme)) root.dataset.theme = theme
    const other = typeof lang === 'string' && tagOf(lang)
    if (!other || other === tag) return
    tag = other
    this.draw()
  }

  /// Tells the page around that it can be asked, and how high it wants to be.
  #tell() {
    const tell = message => parent.postMessage({ statefulscope: VERSION, ...message }, '*')
    globalThis.statefulscopeReady = true
    tell({ type: 'ready' })
    const sight = document.querySelector('.poster__picture')
    const { width, height } = sight.querySelector('.poster__picture > svg')?.viewBox.baseVal ?? {}
    if (!width) return
    const wanted = innerHeight - sight.clientHeight + Math.min(height, (height * sight.clientWidth) / width)
    tell({ type: 'resize', height: Math.ceil(Math.min(2000, Math.max(200, wanted))) })
  }
}

/// Shows what the address asks for before the program has come, where there is a picture of it, and waits until the program
/// is wanted. Gives the poster; nothing, at once, where there is none.
export async function poster(fetchProgram) {
  root.dataset.embed = ''
  const theme = asked.get('theme')
  if (THEMES.includes(theme)) root.dataset.theme = theme
  const isAtOnce = playsAtOnce()
  const shown = (await found().catch(() => undefined)) ?? (isSet('wait') && !isAtOnce ? {} : undefined)
  const poster = shown && new Poster(shown, fetchProgram)
  if (!poster?.draw()) return undefined
  await poster.wait(isAtOnce)
  return poster
}
