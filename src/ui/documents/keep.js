// What is kept of the page in this browser: a draft for each document, a tab's own document, and what was about to happen
// when the program stopped. It stands outside of the program, so that it is there when that has stopped.

const PREFIX = 'statefulscope.'
const DRAFT = PREFIX + 'draft.'
const PENDING = PREFIX + 'pending.'
/// What a tab remembers: its document, the link that it gave away, and what to begin with after a fault.
const DOCUMENT = PREFIX + 'document'
const SHARED = PREFIX + 'shared'
const CARRIED = PREFIX + 'carried'
/// How many drafts are kept.
const MOST = 12

/// The tab's own document: its name, its text as it was saved last, and the command that is being done.
const own = { id: '', text: '', pending: '', isStored: false }
/// The document that is shown, where that is a visit; it is kept for a fault only.
const visit = { text: '', pending: '' }
let visiting = false
let said = ''
let complain = () => {}

/// A storage of the browser. In a frame of another page nothing is kept, and that is not worth a word.
function storage(kind) {
  try {
    return isEmbed() ? undefined : window[kind]
  } catch {
    return undefined
  }
}

const isEmbed = () => 'embed' in document.documentElement.dataset

/// Does something with a storage. What goes wrong is told once: `forbidden` or `full`.
function withStorage(kind, work, otherwise) {
  try {
    const found = storage(kind)
    if (found) return work(found)
    if (!isEmbed()) tell('forbidden')
  } catch (error) {
    tell(error?.name === 'SecurityError' ? 'forbidden' : 'full')
  }
  return otherwise
}

function tell(trouble) {
  if (said === trouble || said === 'forbidden') return
  said = trouble
  complain(trouble)
}

const read = (kind, key) => withStorage(kind, found => found.getItem(key) ?? '', '')
const write = (kind, key, text) =>
  withStorage(kind, found => (text ? found.setItem(key, text) : found.removeItem(key), true), false)

/// The drafts, the newest first: name, time, and the text.
function drafts() {
  return withStorage(
    'localStorage',
    found => {
      const out = []
      for (const key of Object.keys(found)) {
        if (!key.startsWith(DRAFT)) continue
        const value = found.getItem(key) ?? ''
        const blank = value.indexOf(' ')
        out.push({ id: key.slice(DRAFT.length), time: Number(value.slice(0, blank)) || 0, text: value.slice(blank + 1) })
      }
      return out.sort((a, b) => b.time - a.time)
    },
    [],
  )
}

const draft = id => {
  const value = read('localStorage', DRAFT + id)
  return value.slice(value.indexOf(' ') + 1)
}
const fresh = () => Date.now().toString(36) + Math.random().toString(36).slice(2, 8)

/// Lets go of the document that this tab has held until now.
let release = () => {}

/// Takes a document for this tab alone, in the place of the one before. `undefined` where the browser cannot tell.
function hold(id) {
  return new Promise(resolve => {
    if (!navigator.locks) return resolve(undefined)
    const settle = lock => {
      resolve(Boolean(lock))
      if (!lock) return undefined
      release()
      return new Promise(done => (release = done))
    }
    navigator.locks.request(PREFIX + id, { ifAvailable: true }, settle).catch(() => resolve(undefined))
  })
}

/// The documents that are open in any tab.
async function held() {
  try {
    const { held } = await navigator.locks.query()
    return new Set(held.map(lock => lock.name.slice(PREFIX.length)))
  } catch {
    return new Set()
  }
}

function become(id, text) {
  Object.assign(own, { id, text, pending: '', isStored: text !== '' })
  write('sessionStorage', DOCUMENT, id)
}

/// Finds this tab's own document: the one that it had, else the newest one that no other tab has, else a new one.
async function claim() {
  if (own.id) return
  const before = read('sessionStorage', DOCUMENT)
  const isReload = ['reload', 'back_forward'].includes(performance.getEntriesByType('navigation')[0]?.type)
  const newest = drafts()[0]
  const wanted = before || newest?.id
  const isFree = wanted ? ((await hold(wanted)) ?? (before !== '' && isReload)) : false
  if (isFree) return become(wanted, draft(wanted))
  // A tab that was duplicated goes on with a copy; a further one begins anew. Where nobody can tell whether the newest is
  // open elsewhere, a copy of it is safe.
  const text = before || !navigator.locks ? draft(wanted) : ''
  await begin(text)
}

async function begin(text) {
  const id = fresh()
  await hold(id)
  become(id, '')
  if (text) keep(text)
}

function keep(text) {
  own.text = text
  const isStored = write('localStorage', DRAFT + own.id, `${Date.now()} ${text}`)
  if (isStored && !own.isStored) prune()
  own.isStored = isStored
}

/// Removes the oldest drafts, where there are many, but none that is open.
async function prune() {
  const open = await held()
  for (const { id } of drafts().slice(MOST)) {
    if (!open.has(id)) forget_draft(id)
  }
}

/// What the page begins with. `opened` gets a kind, a text, and a command: `carried` (what was there before a fault, and
/// the command that failed), `link` (the part after `#`), `draft`.
export async function start(opened, trouble) {
  complain = trouble
  if (said) trouble(said)
  addEventListener('pagehide', () => isDead || flush())
  const carried = take_carried()
  if (carried?.anew) {
    await begin('')
    return opened('draft', '', '')
  }
  if (carried) {
    if (carried.visiting) visiting = true
    else {
      await claim()
      // The text was carried beside the storage, which may be full.
      own.text = carried.text
    }
    return opened(carried.visiting ? 'carried-visit' : 'carried', carried.text, carried.pending)
  }
  const hash = location.hash
  if (/^#[sx]=/.test(hash) && hash !== read('sessionStorage', SHARED)) return opened('link', hash, '')
  await claim()
  const pending = read('localStorage', PENDING + own.id)
  write('localStorage', PENDING + own.id, '')
  // The page was closed while a command was being done: it may never have ended.
  opened(pending ? 'carried' : 'draft', own.text, pending)
}

let flush = () => {}

/// Has the page save what it has when it is left.
export function on_leave(save) {
  flush = save
}

/// Saves the document that is shown. `command` is what is about to be done to it; empty where nothing is.
export function save(text, command) {
  const shown = visiting ? visit : own
  const isNew = shown.text !== text
  shown.text = text
  shown.pending = command
  if (visiting || !own.id) return
  if (command) write('localStorage', PENDING + own.id, command)
  if (isNew) keep(text)
}

/// Says that the command is done.
export function done() {
  const shown = visiting ? visit : own
  if (shown.pending && !visiting) write('localStorage', PENDING + own.id, '')
  shown.pending = ''
}

/// Shows a document of somebody else's. The own one stays as it is.
export function leave_own() {
  visiting = true
  visit.text = ''
  visit.pending = ''
}

/// Goes back to the own document, whose text `opened` gets.
export async function return_to_own(opened) {
  await claim()
  visiting = false
  opened(own.text)
}

/// Makes what is shown a document of its own, in the place of the tab's.
export async function keep_copy(text, done) {
  visiting = false
  await begin(text)
  done()
}

/// Begins a new document in the place of the tab's, which becomes an earlier draft.
export async function begin_anew(done) {
  visiting = false
  await begin('')
  done()
}

/// The earlier drafts but for the one that is open here, as JSON.
export async function earlier(done) {
  const open = await held()
  const list = drafts().filter(({ id }) => id !== own.id)
  done(JSON.stringify(list.map(({ id, time, text }) => ({ id, time, held: open.has(id), ...outline(text) }))))
}

/// What a draft is about.
function outline(text) {
  try {
    const { files = {}, run = {} } = JSON.parse(text)
    const commands = [run, ...(run.forks ?? [])].flatMap(({ commands = [] }) => commands)
    const seen = commands.filter(({ command }) => !command.saveFile && !command.removeFile)
    return { files: Object.keys(files), commands: seen.length }
  } catch {
    return { files: [], commands: 0 }
  }
}

/// Opens an earlier draft in this tab, in the place of its document, which becomes an earlier one.
export async function open_draft(id, opened) {
  if ((await hold(id)) === false) return
  visiting = false
  become(id, draft(id))
  opened(own.text)
}

export function forget_draft(id) {
  write('localStorage', DRAFT + id, '')
  write('localStorage', PENDING + id, '')
}

/// When something was, in the reader's own form.
export function moment(time, language) {
  return new Date(time).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'short' })
}

/// Puts a part after `#` into the address bar. `is_own` says that it is a link to what is shown, so that the page opens
/// its own document when it is loaded again.
export function set_hash(hash, is_own) {
  write('sessionStorage', SHARED, is_own ? hash : '')
  try {
    history.replaceState(history.state, '', hash || location.pathname + location.search)
  } catch {
    // A page of a frame without an origin of its own may not.
  }
}

/// Carries a text over to the page as it is loaded next, where storage is full or forbidden as well.
function carry(what) {
  const carried = JSON.stringify(what)
  try {
    sessionStorage.setItem(CARRIED, carried)
  } catch {
    history.replaceState({ [CARRIED]: carried }, '')
  }
}

function take_carried() {
  let carried
  try {
    carried = sessionStorage.getItem(CARRIED)
    sessionStorage.removeItem(CARRIED)
  } catch {
    // It may have been carried by the other way.
  }
  if (!carried && history.state?.[CARRIED]) {
    carried = history.state[CARRIED]
    history.replaceState(null, '')
  }
  return carried ? JSON.parse(carried) : undefined
}

// A fault: the program has panicked, or run out of memory or stack. Nothing of it can be used any more.

/// What the card says; and whether the document has been opened, so that opening it again is no danger.
let words = {}
let isOpened = false
let reason = ''
let isDead = false

/// Looks out for faults. `json` is what the card says, in the present language.
export function watch(json) {
  if (!words.title) {
    addEventListener('error', event => on_error(event, event.error))
    addEventListener('unhandledrejection', event => on_error(event, event.reason))
  }
  words = JSON.parse(json)
}

/// Says whether the document is open, so that it can be opened again.
export function is_open(isIt) {
  isOpened = isIt
}

/// The program has panicked.
export function fault(message) {
  reason ||= message
  stop()
}

function on_error(event, error) {
  const isOwn = error instanceof WebAssembly.RuntimeError || /wasm/.test(error?.stack ?? '')
  if (isDead) event.preventDefault()
  else if (isOwn) fault(String(error))
}

function stop() {
  if (isDead) return
  isDead = true
  // The program's own timers would go on calling it. Numbers of timers are given in order.
  for (let timer = setTimeout(() => {}); timer > 0; timer--) clearTimeout(timer)
  // What has just gone wrong is still being told from one function of the program to the next.
  setTimeout(show_card)
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties)
  made.append(...children)
  return made
}

function show_card() {
  const { text, pending } = visiting ? visit : own
  const again = location => {
    carry(location)
    window.location.reload()
  }
  const button = (label, onclick, primary) =>
    element('button', { type: 'button', className: primary ? 'button button--primary' : 'button', onclick }, label)
  const restore = isOpened
    ? button(words.restore, () => again({ text, pending, visiting }), true)
    : button(words.anew, () => (set_hash('', false), again({ anew: true })), true)
  const buttons = element('div', { className: 'fault__buttons' }, restore)
  if (text) buttons.append(button(words.download, () => offer('statefulscope.json', 'application/json', text)))
  // Not the button: a key that made the program fail may still be held down.
  const heading = element('h2', { tabIndex: -1 }, words.title)
  const card = element(
    'dialog',
    { className: 'fault', oncancel: event => event.preventDefault() },
    heading,
    element('p', {}, isOpened ? words.text : words.unopened),
    buttons,
    element('details', {}, element('summary', {}, words.details), element('pre', {}, reason)),
  )
  card.setAttribute('aria-label', words.title)
  document.body.append(card)
  card.showModal()
  heading.focus()
}

/// Offers a text as a file to save.
export function offer(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }))
  element('a', { href: address, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}
