// What a figure and the page that it is in say to each other (src/embed/message.rs).

/// How high a figure may want to be, in pixels, and how long its height has to stay before it is told, in milliseconds.
const LOWEST = 200
const HIGHEST = 2000
const STAYS = 50
/// The longest message that is looked at, in characters.
const LONGEST = 4 * 1024 * 1024

/// Where answers go: a page may be of any origin, and nothing in them is secret.
const ANY = '*'

/// Hands every message of the page around to `receive`, as JSON, and the figure's height to `resized`. Messages that came
/// before the program did were heard by its poster.
export function listen(receive, resized) {
  if (parent === window) return
  const hear = data => {
    let text
    try {
      text = JSON.stringify(data)
    } catch {
      return
    }
    if (text.length <= LONGEST) receive(text)
  }
  addEventListener('message', ({ source, data }) => {
    if (source === parent && typeof data === 'object' && data !== null && 'statefulscope' in data) hear(data)
  })
  const { statefulscopeHeard: before = [] } = globalThis
  delete globalThis.statefulscopeHeard
  setTimeout(() => before.forEach(hear))
  let height = 0
  let timer
  const measure = () => {
    // What does not fit is scrolled to there.
    const picture = document.querySelector('.graph__scroll')
    const { clientHeight } = document.documentElement
    if (!picture || !clientHeight) return
    const wanted = clientHeight - picture.clientHeight + picture.scrollHeight
    const now = Math.min(HIGHEST, Math.max(LOWEST, Math.ceil(wanted)))
    if (now !== height) resized((height = now))
  }
  const observer = new ResizeObserver(() => {
    clearTimeout(timer)
    timer = setTimeout(measure, STAYS)
  })
  for (const element of document.querySelectorAll('.graph__scroll, .graph__svg, :root')) observer.observe(element)
}

/// Tells the page around something.
export function tell(text) {
  if (parent !== window) parent.postMessage(JSON.parse(text), ANY)
}

/// Whether the page around was told that it can ask.
export function was_ready() {
  return globalThis.statefulscopeReady === true
}

/// Whether somebody has pressed the poster, to see it play.
export function was_pressed() {
  return 'pressed' in document.documentElement.dataset
}

/// What was pressed is open.
export function forget_press() {
  delete document.documentElement.dataset.pressed
}

/// Whether somebody wants no movement.
export function wants_no_movement() {
  return matchMedia('(prefers-reduced-motion: reduce)').matches
}
