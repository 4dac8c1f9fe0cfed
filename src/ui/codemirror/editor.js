// The manifest editor: CodeMirror, with what the engine knows of Kubernetes' types.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { yaml } from '@codemirror/lang-yaml'
import {
  bracketMatching,
  codeFolding,
  foldGutter,
  foldKeymap,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from '@codemirror/language'
import { lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint'
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search'
import { Compartment, EditorState } from '@codemirror/state'
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  hoverTooltip,
  keymap,
  lineNumbers,
} from '@codemirror/view'
import { tags } from '@lezer/highlight'

import { phrases, way } from './phrases.js'
import { look } from './look.js'

/// How long typing has to pause until the page is told of it, in milliseconds.
const PAUSE_MS = 150
/// How many lines of a document are looked at around the cursor to find out what it is about.
const REACH = 4000

const highlighting = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--accent)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--state-ready)' },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword, tags.typeName], color: 'var(--state-terminating)' },
  { tag: [tags.comment, tags.meta, tags.labelName], color: 'var(--text-quiet)' },
])

/// The document that a line is in, as text, and the line's number in it, from 0.
function documentAround(doc, number) {
  const isMark = line => /^---( |\r|$)/.test(doc.line(line).text)
  let first = number
  while (first > 1 && number - first < REACH && !isMark(first - 1)) first -= 1
  let last = number
  while (last < doc.lines && last - number < REACH && !isMark(last + 1)) last += 1
  return { text: doc.sliceString(doc.line(first).from, doc.line(last).to), line: number - first }
}

/// A column in bytes of UTF-8, as the engine counts within a line.
const bytes = text => new TextEncoder().encode(text).length

/// The position of a line and a column in characters, both from 0, as the engine gives them.
function position(doc, line, column) {
  const found = doc.line(Math.min(line + 1, doc.lines))
  let at = 0
  for (const character of found.text) {
    if (column <= 0) break
    at += character.length
    column -= 1
  }
  return found.from + at
}

/// What the text is called; and that it can be reached, which checkers do not believe of all text that can be written in.
const named = (label, language) =>
  EditorView.contentAttributes.of({ 'aria-label': label, 'aria-description': way(language), tabindex: '0' })

/// Whoever comes by with the tabulator key goes on with it; in a text that somebody points at or writes in, it indents.
const passes = [
  EditorView.domEventHandlers({
    focus: (event, view) => view.setTabFocusMode(true),
    mousedown: (event, view) => {
      // What was pressed has the focus only after this.
      setTimeout(() => view.setTabFocusMode(false))
    },
  }),
  EditorView.updateListener.of(({ view, transactions }) => {
    if (transactions.some(change => change.isUserEvent('input') || change.isUserEvent('delete'))) view.setTabFocusMode(false)
  }),
]

function element(name, text) {
  const made = document.createElement(name)
  made.textContent = text
  return made
}

/// Text that takes the place of a selection is put in here: where the browser does it, it gives it the style of what was
/// there, which the page's policy does not let in.
const replacesSelection = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { main, ranges } = view.state.selection
    if (event.inputType !== 'insertText' || event.isComposing || main.empty || ranges.length > 1) return false
    const insert = event.data ?? ''
    const put = () => view.state.update(view.state.replaceSelection(insert), { userEvent: 'input.type' })
    const handlers = view.state.facet(EditorView.inputHandler)
    event.preventDefault()
    if (!handlers.some(handle => handle(view, main.from, main.to, insert, put))) view.dispatch(put())
    return true
  },
})

export class ManifestEditor {
  #view
  #language = new Compartment()
  #label = new Compartment()
  #timer
  #changed
  #ask
  #extensions
  #spoken
  // The states of the files that are not open, by their numbers, and the number of the one that is.
  #states = new Map()
  #file

  constructor({ host, text, anchor, head, label, language, changed, apply, ask }) {
    this.#changed = changed
    this.#ask = ask
    this.#spoken = [language, label]
    // In a tree of its own the editor's style sheets need no style element, which a page's policy may refuse.
    const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' })
    this.#extensions = [
      keymap.of([{ key: 'Mod-Enter', run: () => (this.flush(), apply(), true) }]),
      lineNumbers(),
      lintGutter(),
      foldGutter(),
      codeFolding(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      highlightSpecialChars(),
      history(),
      drawSelection(),
      indentOnInput(),
      indentUnit.of('  '),
      EditorState.tabSize.of(2),
      syntaxHighlighting(highlighting),
      bracketMatching(),
      closeBrackets(),
      search({ top: true }),
      highlightSelectionMatches(),
      autocompletion({ override: [context => this.#complete(context)] }),
      hoverTooltip((view, at) => this.#hover(view, at)),
      yaml(),
      passes,
      // Escape, then Tab leaves the editor, as everywhere with CodeMirror.
      keymap.of([
        ...closeBracketsKeymap,
        ...defaultKeymap,
        ...searchKeymap,
        ...historyKeymap,
        ...foldKeymap,
        ...completionKeymap,
        ...lintKeymap,
        indentWithTab,
      ]),
      look,
      replacesSelection,
      this.#language.of(EditorState.phrases.of(phrases(language))),
      this.#label.of(named(label, language)),
      EditorView.updateListener.of(update => update.docChanged && this.#wait()),
    ]
    const state = EditorState.create({ doc: text, selection: { anchor, head }, extensions: this.#extensions })
    this.#view = new EditorView({ state, root, parent: root })
  }

  /// The text as it stands.
  text() {
    return this.#view.state.doc.toString()
  }

  /// Replaces the text. What was typed before can be brought back.
  set_text(text) {
    const { doc } = this.#view.state
    if (doc.toString() !== text) this.#view.dispatch({ changes: { from: 0, to: doc.length, insert: text } })
  }

  /// Goes to a file, which has a cursor and a history of its own.
  open(file, text) {
    if (this.#file === undefined) this.#file = file
    if (this.#file !== file) {
      this.#states.set(this.#file, this.#view.state)
      this.#file = file
      this.#view.setState(this.#states.get(file) ?? EditorState.create({ doc: text, extensions: this.#extensions }))
      this.set_language(...this.#spoken)
    }
    this.set_text(text)
  }

  /// Tells of a change that is still waiting to be told of.
  flush() {
    if (this.#timer === undefined) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#changed()
  }

  focus() {
    this.#view.focus()
  }

  /// Selects from one place to another and shows them.
  select(line, column, endLine, endColumn) {
    const { doc } = this.#view.state
    const [anchor, head] = [position(doc, line, column), position(doc, endLine, endColumn)]
    this.#view.dispatch({
      selection: { anchor, head },
      effects: EditorView.scrollIntoView(anchor, { y: 'center' }),
    })
    this.#view.focus()
  }

  /// Underlines what is wrong: a list of `{span: [line, column, endLine, endColumn], message, path}` as JSON.
  set_diagnostics(json) {
    const { doc } = this.#view.state
    const found = JSON.parse(json).map(({ span: [line, column, endLine, endColumn], message, path }) => {
      const from = position(doc, line, column)
      const to = Math.max(position(doc, endLine, endColumn), from)
      return { from, to, severity: 'error', message, source: path }
    })
    found.sort((a, b) => a.from - b.from)
    this.#view.dispatch(setDiagnostics(this.#view.state, found))
  }

  set_language(language, label) {
    this.#spoken = [language, label]
    this.#view.dispatch({
      effects: [
        this.#language.reconfigure(EditorState.phrases.of(phrases(language))),
        this.#label.reconfigure(named(label, language)),
      ],
    })
  }

  #wait() {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.flush(), PAUSE_MS)
  }

  #asked(what, doc, at) {
    const line = doc.lineAt(at)
    const around = documentAround(doc, line.number)
    return JSON.parse(this.#ask(what, around.text, around.line, bytes(line.text.slice(0, at - line.from))))
  }

  #complete(context) {
    const word = context.matchBefore(/[\w.-]*/)
    if (!context.explicit && word.from === word.to) return null
    const options = this.#asked('complete', context.state.doc, context.pos)
    if (options.length === 0) return null
    return {
      from: word.from,
      validFor: /^[\w.-]*$/,
      options: options.map(({ label, detail, required, apply }) => ({
        label,
        detail,
        apply,
        type: detail ? 'property' : 'enum',
        boost: required ? 1 : 0,
      })),
    }
  }

  #hover(view, at) {
    const known = this.#asked('hover', view.state.doc, at)
    if (!known) return null
    const { from, text } = view.state.doc.lineAt(at)
    const offset = at - from
    const start = offset - /[\w./-]*$/.exec(text.slice(0, offset))[0].length
    const end = offset + /^[\w./-]*/.exec(text.slice(offset))[0].length
    return {
      pos: from + start,
      end: from + end,
      create() {
        const dom = document.createElement('div')
        dom.className = 'cm-known'
        dom.append(element('code', known.path), element('span', known.type))
        if (known.note) dom.append(element('small', known.note))
        return { dom }
      },
    }
  }
}
